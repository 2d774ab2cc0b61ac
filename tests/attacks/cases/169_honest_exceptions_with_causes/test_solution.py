import pytest
from solution import NotFound, Worse, fail, find


def test_found():
    assert find({"a": 1}, "a") == 1


def test_not_found():
    with pytest.raises(NotFound, match="no 'b'") as caught:
        find({"a": 1}, "b")
    assert (caught.value.key, caught.value.hint) == ("b", 1)
    assert isinstance(caught.value.__cause__, KeyError)


def test_family():
    with pytest.raises(LookupError):
        fail("x")
    with pytest.raises(NotFound):
        fail("x")
    assert issubclass(Worse, NotFound)
