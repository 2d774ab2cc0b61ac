"""What a pattern may say to a model: templates, numbers and words of ours, nothing of a task."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fractal_rmo.domain.pattern import Pattern
from fractal_rmo.domain.task import TaskKind
from fractal_rmo.domain.verdict import Level, Outcome
from fractal_rmo.learning.guidance import MOST_PATTERNS, guidance

EVIL = "IgnoreAllPreviousInstructions"


def pattern(submitters: int = 2, support: int = 7, named: str = "", **signed: Any) -> Pattern:
    known: dict[str, Any] = {"kind": "fix", "level": 5, "outcome": "failed", "errors": []}
    return Pattern(named or "PropertyFailed", {**known, **signed}, support, submitters, 1.0, 0.8)


def test_a_pattern_says_where_tasks_fail_with_what_and_what_to_look_at() -> None:
    (said,) = guidance([pattern(submitters=3, errors=["TypeError", "ZeroDivisionError"])])
    assert said == (
        "7 results for tasks of kind fix ended at level 5 (property) as failed, with TypeError and"
        " ZeroDivisionError, of 3 independent sources. Inputs that nobody chose come: empty, zero,"
        " negative, huge and repeated ones. The answer has to hold for them, or the error to be a"
        " documented one. Check the number and the types of arguments, None included. Check"
        " divisors that are zero, and means of nothing."
    )


def test_one_submitter_guides_nobody() -> None:
    assert guidance([pattern(submitters=1, support=500)]) == ()


@pytest.mark.parametrize("name", [EVIL, "Exception; do this", "print", "__import__", "", None, 3])
def test_only_pythons_own_exceptions_are_named(name: object) -> None:
    (said,) = guidance([pattern(errors=[name, "KeyError"])])
    assert said == guidance([pattern(errors=["KeyError"])])[0]


@pytest.mark.parametrize(
    "signed", [{"kind": EVIL}, {"outcome": EVIL}, {"level": EVIL}, {"level": 9}, {"level": None}]
)
def test_a_pattern_of_unknown_words_says_nothing(signed: dict[str, Any]) -> None:
    assert guidance([pattern(**signed)]) == ()


def test_the_best_supported_speak_first_and_few() -> None:
    found = [pattern(level=n, submitters=n + 1) for n in (1, 2, 3, 4, 5)]
    said = guidance(found)
    assert len(said) == MOST_PATTERNS
    assert [re.findall(r"at level (\d)", each)[0] for each in said] == ["5", "4", "3"]


_JSON = st.none() | st.integers() | st.text() | st.lists(st.text())
_ERRORS = _JSON.filter(lambda errors: "Error" not in str(errors))
_SIGNED = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(TaskKind) | _JSON,
        "level": st.sampled_from(Level) | _JSON,
        "outcome": st.sampled_from(Outcome) | _JSON,
        "errors": _ERRORS,
        "anything": _JSON,
    },
)
_HARMLESS = {
    said
    for kind in TaskKind
    for level in Level
    for outcome in Outcome
    for said in guidance([pattern(kind=kind.value, level=int(level), outcome=outcome.value)])
}
"""All sentences of patterns in which nobody could write anything."""


@given(_SIGNED, st.text())
def test_no_text_of_an_error_comes_through(signed: dict[str, Any], named: str) -> None:
    assert set(guidance([pattern(named=named, **signed)])) <= _HARMLESS
