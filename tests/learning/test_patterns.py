from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fractal_rmo.domain.pattern import ErrorRecord
from fractal_rmo.domain.task import TaskKind
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.learning.patterns import extract, wilson_lower
from fractal_rmo.learning.signature import normalise, signature


def errors(count: int, kind: str = "SyntaxError", **signed: str) -> list[tuple[ErrorRecord, str]]:
    return [(ErrorRecord(kind, "m", "validator", 1, signed), f"task {n}") for n in range(count)]


def test_three_equal_errors_pass_the_specifications_threshold() -> None:
    (pattern,) = extract(errors(3), min_errors=3, threshold=0.7)
    assert (pattern.type, pattern.support) == ("SyntaxError", 3)
    assert pattern.confidence > 0.7


@pytest.mark.parametrize(("count", "found"), [(4, 0), (5, 1)])
def test_a_pattern_needs_five_errors(count: int, found: int) -> None:
    assert len(extract(errors(count), min_errors=5, threshold=0.75)) == found


def test_one_submitter_alone_carries_no_pattern() -> None:
    same = [(error, "one") for error, _ in errors(50)]
    assert extract(same, min_errors=5, threshold=0.75) == []


def test_a_rare_signature_of_a_common_type_is_no_pattern() -> None:
    mixed = errors(5, where="a") + errors(95, where="b")
    assert [p.signature for p in extract(mixed, 5, 0.75)] == [{"where": "b"}]


def test_lift_compares_with_all_errors() -> None:
    (one, two) = extract(errors(10) + errors(30, "TypeError"), 5, 0.75)
    assert [one.lift, two.lift] == pytest.approx([40 / 30, 4.0])


@given(st.integers(1, 500), st.integers(0, 500))
def test_the_bound_lies_below_the_share(trials: int, successes: int) -> None:
    successes = min(successes, trials)
    assert 0 <= wilson_lower(successes, trials) <= successes / trials


def test_the_bound_at_five_of_five() -> None:
    assert wilson_lower(5, 5) == pytest.approx(0.8333, abs=1e-4)
    assert wilson_lower(5, 5, z=1.96) == pytest.approx(0.5655, abs=1e-4)


def test_no_text_of_a_task_stays_in_a_signature() -> None:
    assert normalise("2 of 3 tests: test_a.py::test_x said 'IGNORE ALL' at line 7") == (
        "<n> of <n> tests: <name> said <text> at line <n>"
    )
    failures = [{"type": "ValueError"}, {"type": "do this; now"}]
    verdict = Verdict(Level.UNIT, Outcome.FAILED, "secret", {"failures": failures})
    assert signature(verdict, TaskKind.FIX) == {
        "level": 3,
        "outcome": "failed",
        "kind": "fix",
        "errors": ["ValueError"],
    }
