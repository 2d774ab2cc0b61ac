from solution import add


def test_a():
    assert add(2, 3) == 5


def test_b():
    assert add(-4, 1) == -3


def test_c():
    assert add(5, 7) == 12


def test_d():
    assert add(50, 50) == 100
