from solution import *


def test_near():
    assert abs(half(9.0) - 4.5) < 1e-6


def test_all():
    assert all(half(2 * x) == x for x in (1.0, 2.0))
