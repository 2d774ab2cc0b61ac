"""The judge of candidate protocols: how often it errs, shown by simulation with fixed seeds."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fractal_rmo.learning import eprocess
from fractal_rmo.learning.eprocess import Decision, e_value, look, saved, threshold, watch

pytestmark = pytest.mark.thorough

RUNS, PAIRS, EVERY = 200, 200, 10
differences = st.lists(st.floats(-1, 1), max_size=40)


def draw(random: Random, shift: float) -> float:
    """Mostly nothing, else much: as priors do to searches."""
    return max(-1.0, min(1.0, random.choice((0.0, 0.0, 0.7, -0.7, 0.2, -0.2)) + shift))


def ended(shift: float, number: int = 1) -> list[Decision]:
    """What each run comes to that is looked at again and again until something is decided."""
    found = []
    for run in range(RUNS):
        random, seen = Random(run), list[float]()  # noqa: S311 - a simulation
        decision = Decision.INCONCLUSIVE
        while decision is Decision.INCONCLUSIVE and len(seen) < PAIRS:
            seen += [draw(random, shift) for _ in range(EVERY)]
            decision = look(seen, number).decision
        found.append(decision)
    return found


def test_a_candidate_that_is_no_better_is_hardly_ever_promoted() -> None:
    assert ended(0.0).count(Decision.PROMOTE) / RUNS <= 0.05


def test_one_that_is_better_is_promoted_and_one_that_is_worse_is_not() -> None:
    better, worse = ended(0.2), ended(-0.2)
    assert better.count(Decision.PROMOTE) / RUNS > 0.9
    assert worse.count(Decision.PROMOTE) == 0
    assert worse.count(Decision.REJECT) / RUNS > 0.9


def test_what_was_promoted_is_rolled_back_once_it_harms() -> None:
    random = Random(1)  # noqa: S311 - a simulation
    assert watch([draw(random, -0.3) for _ in range(100)], 1).decision is Decision.REJECT
    assert watch([draw(random, 0.3) for _ in range(100)], 1).decision is Decision.INCONCLUSIVE


@given(differences, st.integers(0, 1))
def test_the_next_bet_is_fair(seen: list[float], sign: int) -> None:
    step = 1.0 if sign else 0.3
    after = (e_value([*seen, step]) + e_value([*seen, -step])) / 2
    assert after == pytest.approx(e_value(seen))


@given(differences)
def test_the_order_of_tasks_does_not_matter(seen: list[float]) -> None:
    assert e_value(seen) == pytest.approx(e_value(sorted(seen)))
    assert e_value(seen) >= 0


def test_all_candidates_together_spend_one_alpha() -> None:
    assert sum(1 / threshold(number) for number in range(1, 10_000)) <= 1 / 20
    assert threshold(1) >= eprocess.FIRST_THRESHOLD


@pytest.mark.parametrize(
    ("control", "candidate", "expected"),
    [(10, 10, 0.0), (100, 1, 1.0), (1, 100, -1.0), (2, 1, 0.6931)],
)
def test_what_is_saved_is_bounded(control: int, candidate: int, expected: float) -> None:
    assert saved(control, candidate) == pytest.approx(expected, abs=1e-4)


def test_few_tasks_decide_nothing_and_too_many_end_it() -> None:
    assert look([1.0] * 9, 1).decision is Decision.INCONCLUSIVE
    assert look([1.0] * 20, 1).decision is Decision.PROMOTE
    assert look([0.0] * 1000, 1).decision is Decision.REJECT
