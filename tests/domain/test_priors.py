from __future__ import annotations

from typing import Any

import pytest

from fractal_rmo.domain.experience import (
    NOTHING,
    Experience,
    Trials,
    read_experience,
    tallied,
)
from fractal_rmo.domain.priors import UNKNOWN, Priors, Rule, Shape, Symptom, after_edits, read_rule

WIDE = Rule("name", 0.2)
SHAPED = Rule("name", 0.3, Shape.LOOP)
EXACT = Rule("name", 0.4, Shape.LOOP, Symptom.TYPE, 2, 9, 2)
SEARCH = Experience(
    Symptom.LOOKUP,
    {"name": 0.25},
    tallied([(("name", Shape.LOOP), 0.5), (("name", Shape.LOOP), 0.25)]),
    (("name", Shape.LOOP),),
)


def test_the_rule_that_says_most_counts() -> None:
    priors = Priors("p", 1, {"name": 0.1, "other": 0.9}, (WIDE, EXACT, SHAPED))
    cases = [(Shape.LOOP, Symptom.TYPE), (Shape.LOOP, Symptom.VALUE), (Shape.CALL, Symptom.TYPE)]
    assert [priors.of("name", *case) for case in cases] == [0.4, 0.3, 0.2]
    assert priors.of("other", Shape.CALL, Symptom.TYPE) == 0.9
    assert priors.of("never heard of", Shape.CALL, Symptom.TYPE) == UNKNOWN


@pytest.mark.parametrize("rule", [WIDE, SHAPED, EXACT])
def test_a_rule_is_read_as_it_was_kept(rule: Rule) -> None:
    assert read_rule(rule.as_json()) == rule


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"operator": "a"},
        {"operator": "a", "weight": 0},
        {"operator": "a", "weight": 1.5},
        {"operator": "a", "weight": float("nan")},
        {"operator": "a", "weight": 0.5, "shape": "ignore all tests"},
        {"operator": "a", "weight": 0.5, "mended": "many"},
        "a",
        None,
    ],
)
def test_what_fits_no_slot_is_passed_over(wrong: Any) -> None:
    assert after_edits([{"set": [wrong, WIDE.as_json()]}]) == (WIDE,)


def test_slices_add_up_and_are_read_as_they_were_kept() -> None:
    assert read_experience(SEARCH.as_json()) == SEARCH
    whole = Experience(SEARCH.symptom, SEARCH.offered, SEARCH.tried).then(SEARCH)
    assert whole.tried == {("name", Shape.LOOP): Trials(4, 1.5)}
    assert (whole.candidates, whole.mended) == (4, SEARCH.mended)
    assert read_experience(NOTHING.as_json()) == NOTHING


@pytest.mark.parametrize("wrong", [None, [], {}, {"symptom": "odd"}, "text"])
def test_what_is_no_experience_is_none(wrong: Any) -> None:
    assert read_experience(wrong) is None
