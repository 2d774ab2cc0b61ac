import math

from solution import *


def test_near():
    assert math.isclose(half(math.pi), math.pi / 2)
