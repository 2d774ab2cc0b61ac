import pytest
from solution import Colour, Item, Level, Pair, cheapest, swap


def test_enums():
    assert Colour("r") is Colour.RED
    assert [c.value for c in Colour] == ["r", "b"]
    assert Level.HIGH == 2
    assert Level.LOW < Level.HIGH
    with pytest.raises(ValueError):
        Colour("x")


def test_named_tuples():
    assert swap(Pair(1, 2)) == Pair(2, 1) == (2, 1)
    left, right = swap((3, 4))
    assert (left, right) == (4, 3)


def test_dataclasses():
    assert Item("a") == Item("a", 0.0, [])
    assert cheapest([Item("a", 2.0), Item("b", 1.0)]).name == "b"
    assert sorted([Item("b"), Item("a")])[0] == Item("a")
    assert repr(Item("a")) == "Item(name='a', price=0.0, tags=[])"
