"""Functions answer alike before and after: value, error, and order of what is asked."""

from __future__ import annotations

import warnings
from collections import Counter
from itertools import islice
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.refactoring.proposals import proposals
from fractal_rmo.refactoring.rules import RULES
from tests.refactoring.random_functions import function

TESTS = SourceTree()
MOST_NOTES = 300


class Odd:
    """Compares to anything with no bool, and is true at every second question."""

    def __init__(self, log: list[str]) -> None:
        self.log = log

    def __eq__(self, _other: object) -> Any:
        return self._answer("eq")

    def __lt__(self, _other: object) -> Any:
        return self._answer("lt")

    def __gt__(self, _other: object) -> Any:
        return self._answer("gt")

    def __bool__(self) -> bool:
        self.log.append("bool")
        return len(self.log) % 2 == 0

    def __hash__(self) -> int:
        return 1

    def __repr__(self) -> str:
        return "Odd"

    def _answer(self, asked: str) -> list[int]:
        self.log.append(asked)
        return [1] * (len(self.log) % 2)


def simplified(text: str, met: Counter[str] | None = None) -> str:
    tree = SourceTree({"solution.py": text})
    while proposal := next(proposals(tree, TESTS), None):
        if met is not None:
            met[proposal.rule] += 1
        tree = proposal.apply(tree)
    return tree.files["solution.py"]


def seen(text: str, which: int) -> tuple[object, ...]:
    """What a caller can see of ``f``: its answer or error, and the log of all questions."""
    log: list[str] = []

    def note(value: object) -> object:
        log.append(repr(value))
        if len(log) > MOST_NOTES:
            raise OverflowError
        return value

    space: dict[str, Any] = {"note": note, "probe": 1}
    odd = Odd(log)
    values = [0, 1, 2, None, odd, [], [1]]
    lists = [[], [1, 2], [odd, 0], [(1, 2)], 3]
    arguments = values[which % 7], values[which // 7 % 7], lists[which % 5]
    try:
        with warnings.catch_warnings(action="ignore"):  # of 'is' beside a literal
            exec(text, space)  # noqa: S102 - our own text
        answer = space["f"](*arguments)
        if hasattr(answer, "__next__"):
            answer = ["generator", *islice(answer, 20)]
        return type(answer), repr(answer), log
    except NameError:  # of a local variable or, in a comprehension, of a free one
        return NameError, (), log
    except Exception as error:  # noqa: BLE001 - any error is an answer
        return type(error), error.args if isinstance(error, ValueError) else (), log


@pytest.mark.thorough
@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(0, 2**48), st.lists(st.integers(0, 48), min_size=1, max_size=8))
def test_a_function_answers_as_before(seed: int, calls: list[int]) -> None:
    before = function(Random(seed))  # noqa: S311
    after = simplified(before)
    for which in calls:
        assert seen(before, which) == seen(after, which), f"{before}\n# became\n{after}"


@pytest.mark.slow
def test_every_rule_is_met_by_such_functions() -> None:
    met: Counter[str] = Counter()
    for seed in range(200):
        simplified(function(Random(seed)), met)  # noqa: S311
    missing = {rule.name for rule in RULES} - set(met)
    assert not missing, met
