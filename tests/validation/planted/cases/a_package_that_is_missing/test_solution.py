from solution import twice


def test_twice():
    assert twice(2) == 4
