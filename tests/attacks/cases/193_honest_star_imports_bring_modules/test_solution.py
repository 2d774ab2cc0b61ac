from solution import *


def test_circle():
    assert circle(1) == math.pi
    assert math.isclose(circle(2), 4 * math.pi)


def test_tally():
    assert tally("aab") == {"a": 2, "b": 1}
