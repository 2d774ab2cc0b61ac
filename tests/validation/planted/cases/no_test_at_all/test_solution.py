from solution import twice


def check_twice():
    assert twice(2) == 4
