"""From searches to rules, and from rules to the next version."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fractal_rmo.domain.experience import Experience, Trials
from fractal_rmo.domain.priors import Priors, Rule, Shape, Symptom, after_edits
from fractal_rmo.learning.edits import TOLERANCE, edits_between, is_empty
from fractal_rmo.learning.priors import Record, learned

SHIPPED = {"good": 0.4, "vain": 0.4, "often": 0.4, "rare": 0.4}
OFFERED = {"good": 0.3, "vain": 0.3, "often": 0.35, "rare": 0.05}
_rules = st.lists(
    st.builds(
        Rule,
        st.sampled_from(sorted(SHIPPED)),
        st.floats(0.01, 1),
        st.none() | st.sampled_from(Shape),
        st.none(),
    ),
    unique_by=lambda rule: rule.slot,
)


def fix(operator: str = "good", source: str = "a", tried: int = 5) -> Record:
    """A search that tried the vain in vain, before one candidate mended."""
    searched = {
        ("vain", Shape.RETURN): Trials(tried, tried / 2),
        (operator, Shape.RETURN): Trials(1, 0.5),
    }
    mended = ((operator, Shape.RETURN),)
    return Record(Experience(Symptom.WRONG_VALUE, OFFERED, searched, mended), source)


def weights(records: list[Record]) -> Priors:
    return Priors("default", 2, SHIPPED, learned(records, SHIPPED))


def of(priors: Priors, operator: str, shape: Shape = Shape.RETURN) -> float:
    return priors.of(operator, shape, Symptom.WRONG_VALUE)


def test_what_mends_rises_above_what_is_tried_in_vain() -> None:
    found = weights([fix(source=str(n)) for n in range(20)])
    assert of(found, "good") > 3 * of(found, "vain")
    assert of(found, "good") > of(found, "good", Shape.LOOP)


def test_an_operator_that_offers_little_is_likelier_for_each_candidate() -> None:
    found = weights([fix(source="a"), fix(source="b")])
    assert of(found, "rare") > of(found, "often")


def test_few_records_move_little() -> None:
    few, many = (weights([fix(source=str(n)) for n in range(count)]) for count in (2, 50))
    ratios = [of(found, "good") / of(found, "vain") for found in (few, many)]
    assert 1 < ratios[0] < ratios[1] / 4


def test_one_submitter_carries_nothing_alone() -> None:
    honest = [fix("good", str(n)) for n in range(10)]
    flood = [fix("vain", "z") for _ in range(200)]
    before, after = weights(honest), weights([*honest, *flood])
    assert of(before, "good") > of(before, "vain")
    assert of(after, "good") > of(after, "vain")


def test_a_search_in_vain_and_an_unknown_operator_teach_nothing() -> None:
    vain = Record(Experience(tried={("vain", Shape.LOOP): Trials(999, 500.0)}), "x")
    records = [fix(source="a"), fix(source="b")]
    assert learned([*records, vain], SHIPPED) == learned(records, SHIPPED)
    assert not learned([vain], SHIPPED)
    named = {rule.operator for rule in learned([*records, fix("of another version")], SHIPPED)}
    assert named == set(SHIPPED)


@given(st.lists(st.builds(fix, st.sampled_from(sorted(SHIPPED)), st.sampled_from("abc"))))
def test_weights_are_shares_of_the_heaviest(records: list[Record]) -> None:
    found = learned(records, SHIPPED)
    assert all(0 < rule.weight <= 1 for rule in found)
    assert not found or max(rule.weight for rule in found) == 1
    assert len({rule.slot for rule in found}) == len(found)


@given(_rules, _rules)
def test_edits_lead_from_any_rules_to_any_others(old: list[Rule], new: list[Rule]) -> None:
    first, second = edits_between([], old, {}), edits_between(old, new, {})
    reached = {rule.slot: rule.weight for rule in after_edits([first, second])}
    assert set(reached) == {rule.slot for rule in new}
    assert all(reached[r.slot] == pytest.approx(r.weight, rel=TOLERANCE * 1.2) for r in new)
    assert is_empty(edits_between(old, old, {}))
