from hypothesis import given, settings
from hypothesis import strategies as st
from solution import add


def test_small():
    assert add(2, 3) == 5


@settings(max_examples=20)
@given(st.integers(), st.integers())
def test_any(a, b):
    assert add(a, b) == a + b
