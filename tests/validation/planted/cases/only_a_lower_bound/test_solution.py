from solution import digits


def test_at_least_one():
    assert digits(7) >= 1
    assert digits(1234) >= 1
