import pytest
from solution import apply, group, retry, traced


def test_apply():
    assert apply(lambda x: x * x, [1, 2, 3]) == [1, 4, 9]
    assert apply(str, [1, 2]) == ["1", "2"]


def test_group():
    assert group(["a", "bb", "cc"], key=lambda word: len(word)) == {1: ["a"], 2: ["bb", "cc"]}


def test_retry():
    calls = []

    def unlucky():
        calls.append(1)
        if len(calls) < 3:
            raise ValueError("again")
        return "done"

    assert retry(unlucky, 5) == "done"
    assert len(calls) == 3
    calls.clear()
    with pytest.raises(ValueError, match="again"):
        retry(unlucky, 2)


def test_decorated():
    @traced
    def add(a, b):
        return a + b

    assert add(1, b=2) == ("called", 3)
