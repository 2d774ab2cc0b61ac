from solution import twice


def test_twice():
    assert twice(2) == 4
    assert twice(5) == 10
