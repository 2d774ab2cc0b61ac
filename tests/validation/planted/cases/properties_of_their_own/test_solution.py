from hypothesis import given
from hypothesis import strategies as st

from solution import runs


@given(st.text(alphabet="ab"))
def test_nothing_is_lost(text):
    assert "".join(letter * count for letter, count in runs(text)) == text


@given(st.text(alphabet="ab"))
def test_neighbours_differ(text):
    found = [letter for letter, _ in runs(text)]
    assert all(one != other for one, other in zip(found, found[1:]))


def test_an_example():
    assert runs("aab") == [("a", 2), ("b", 1)]
