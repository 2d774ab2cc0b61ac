"""What right programs seldom hold is found, and only what a patch brings in counts."""

from __future__ import annotations

import pytest

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.repair.oddities import new_oddities, oddities

ODD = {
    "parameter b is not read": "def f(a, b):\n    return a\n",
    "a loop that turns once": "def f(a):\n    for x in a:\n        return x\n",
    "a loop without progress": "def f(a, b):\n    while a < b:\n        print(a)\n",
    "a condition asked twice": "def f(a):\n    return a > 1 or a > 1\n",
    "a value taken from itself": "def f(a):\n    return a - a\n",
    "a value that is thrown away": "def f(a):\n    a + 1\n    return a\n",
    "a condition that is always the same": "def f(a):\n    if True:\n        return a\n",
}
PLAIN = {
    "a method": "class A:\n    def f(self, _unused):\n        return 1\n",
    "an attribute is set": "def f(a, b):\n    a.x = b\n    return a\n",
    "an inner function reads": "def f(a):\n    def g():\n        return a\n    return g\n",
    "a loop that goes on": (
        "def f(a):\n    for x in a:\n        if x:\n            continue\n        return x\n"
    ),
    "a loop with a call": "def f(a):\n    while a.next():\n        pass\n",
    "a list that shrinks": "def f(a):\n    while a:\n        a.pop()\n",
    "a place that is set": "def f(a):\n    while a[0]:\n        a[0] = 0\n",
    "a list that is handed on": "def f(a, g):\n    while len(a) < 3:\n        g(a)\n",
    "an endless loop": "def f(g):\n    while True:\n        if g():\n            return 1\n",
    "a docstring": 'def f(a):\n    """Words."""\n    return a\n',
}


@pytest.mark.parametrize("kind", ODD)
def test_an_oddity_is_found(kind: str) -> None:
    assert list(oddities(ODD[kind])) == [kind]


@pytest.mark.parametrize("what", PLAIN)
def test_what_is_usual_is_none(what: str) -> None:
    assert not oddities(PLAIN[what])


def test_only_what_a_patch_brings_in_counts() -> None:
    odd = "def g(a, b):\n    return a\n"
    before = SourceTree({"a.py": f"{odd}def f(a):\n    return -a\n"})
    fine = SourceTree({"a.py": f"{odd}def f(a):\n    return a\n"})
    worse = SourceTree({"a.py": f"{odd}def f(a):\n    return a - a\n"})
    assert new_oddities(before, fine) == 0
    assert new_oddities(before, worse) == 1


def test_what_does_not_parse_has_none() -> None:
    assert not oddities("def f(:")
