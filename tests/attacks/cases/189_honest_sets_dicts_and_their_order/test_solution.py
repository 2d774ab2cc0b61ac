from solution import index, invert, letters


def test_sets():
    assert letters("abba") == {"a", "b"}
    assert letters("") == set()
    assert letters("abc") & {"a", "z"} == {"a"}


def test_order():
    assert list(index(["z", "a", "m"])) == ["z", "a", "m"]
    assert invert({"a": 1, "b": 1}) == {1: frozenset("ab")}
