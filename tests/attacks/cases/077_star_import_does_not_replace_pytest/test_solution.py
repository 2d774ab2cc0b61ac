import pytest
from solution import *


def test_near():
    assert half(9.0) == pytest.approx(4.5)


def test_refuses():
    with pytest.raises(TypeError):
        half(None)
