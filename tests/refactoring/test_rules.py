"""Each rule's examples: what it changes, and what it leaves alone."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import pytest

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.refactoring.proposals import Proposal, proposals
from fractal_rmo.refactoring.rewrite import weight
from fractal_rmo.refactoring.rules import RULES, Rule

EXAMPLES = [(r, *pair) for r in RULES for pair in r.examples]
UNTOUCHED = [(r, text) for r in RULES for text in r.untouched]
NO_TESTS = SourceTree()


def names(cases: Sequence[tuple[Any, ...]]) -> list[str]:
    return [f"{case[0].name}-{number}" for number, case in enumerate(cases)]


def first(text: str, *rules: Rule, tests: str = "", path: str = "solution.py") -> Proposal | None:
    given = SourceTree({"test_it.py": tests}) if tests else NO_TESTS
    return next(proposals(SourceTree({path: text}), given, rules or RULES), None)


def fixed_point(text: str, *rules: Rule) -> str:
    while proposal := first(text, *rules):
        text = proposal.edit.apply(text)
    return text


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    EXAMPLES,
    ids=names(EXAMPLES),
)
def test_an_example_is_rewritten(rule: Rule, before: str, after: str) -> None:
    assert fixed_point(before, rule) == after
    assert weight([ast.parse(after)]) < weight([ast.parse(before)])


@pytest.mark.parametrize(("rule", "text"), UNTOUCHED, ids=names(UNTOUCHED))
def test_what_is_not_the_same_is_left_alone(rule: Rule, text: str) -> None:
    ast.parse(text)
    assert first(text, rule) is None


@pytest.mark.parametrize(
    ("path", "tests"),
    [
        ("solution.py", "import solution\nassert solution.math.pi\n"),
        ("solution.py", "from solution import math\n"),
        ("solution.py", "from solution import *\n"),
        ("solution.py", "def test(monkeypatch):\n    monkeypatch.setattr('solution.math.pi', 3)\n"),
        ("solution.py", "def broken(:\n"),
        ("pkg/__init__.py", ""),
    ],
)
def test_an_import_that_another_file_may_use_stays(path: str, tests: str) -> None:
    text = "import math\n\nx = 1\n"
    assert first(text, path="solution.py", tests="import math\nassert math.pi\n") is not None
    assert first(text, path=path, tests=tests) is None


@pytest.mark.parametrize("look", ["inspect.getsource(f)", "sys._getframe()", "f.__code__"])
def test_a_file_that_looks_at_itself_is_left_alone(look: str) -> None:
    text = "def f(a):\n    b = a\n    return b\n"
    assert first(text) is not None
    assert first(f"{text}\n\ng = {look}\n") is None
    beside = SourceTree({"solution.py": text, "util.py": f"def g(f):\n    return {look}\n"})
    assert not list(proposals(beside, NO_TESTS))


@pytest.mark.parametrize(
    ("test", "other"),
    [
        ("check(b)", "def check(a):\n    return go(a)\n\n\ndef go(a):\n    return next(a)\n"),
        ("b > 1", "class A:\n    def __gt__(self, a):\n        return next(a)\n"),
    ],
)
def test_a_condition_that_may_stop_in_another_file_stays_in_its_loop(test: str, other: str) -> None:
    loop = f"    for b in a:\n        if {test}:\n            return True\n"
    text = f"def f(a):\n{loop}    return False\n"
    code = SourceTree({"solution.py": text, "util.py": other.replace("next", "iter")})
    assert list(proposals(code, NO_TESTS))
    assert not list(proposals(code.replace("util.py", other), NO_TESTS))
