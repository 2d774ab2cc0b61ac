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
