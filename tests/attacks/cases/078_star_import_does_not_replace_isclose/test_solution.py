from math import isclose

from solution import *


def test_near():
    assert isclose(half(9.0), 4.5)
