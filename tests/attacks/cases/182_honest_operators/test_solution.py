import pytest
from solution import Vector


def test_arithmetic():
    assert Vector(1, 2) + Vector(3, 4) == Vector(4, 6)
    assert 2 * Vector(1, 2) == Vector(1, 2) * 2 == Vector(2, 4)
    assert Vector(1, 2) @ Vector(3, 4) == 11
    assert -Vector(1) == Vector(-1)
    assert abs(Vector(3, 4)) == pytest.approx(5.0)


def test_as_a_sequence():
    v = Vector(7, 8)
    assert (v[0], len(v), list(v)) == (7, 2, [7, 8])
    assert 7 in v
    assert 9 not in v
    assert not Vector(0, 0)
