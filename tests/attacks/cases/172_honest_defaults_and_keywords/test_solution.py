import pytest
from solution import greet, remember, strict


def test_defaults():
    assert greet() == "hi you"
    assert greet("a", "b", sep="+", z=1) == "hi a+b z=1"


def test_strict():
    assert strict(9, b=2, c=3) == 3
    with pytest.raises(TypeError):
        strict(9, 2, 3)
    with pytest.raises(TypeError):
        strict(a=9, b=2, c=3)


def test_remembers():
    first = remember(1)
    assert remember(2) == [*first, 2]
