import pytest
from solution import Shape


class Square(Shape):
    def __init__(self, side):
        self.side = side

    def area(self):
        return self.side**2


def test_describe():
    assert Square(3).describe() == "Square of 9"


def test_is_abstract():
    with pytest.raises(TypeError):
        Shape()
