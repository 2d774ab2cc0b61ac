import pytest
from solution import half


def test_near():
    assert half(9.0) == pytest.approx(4.5)


def test_from_the_other_side():
    assert pytest.approx(1.5) == half(3.0)
