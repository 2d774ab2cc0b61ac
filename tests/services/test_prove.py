"""What validation decides, as a table of cases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fractal_rmo.domain.budget import Budget
from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import Claim, Stage, StepRef
from fractal_rmo.domain.task import Provider, TaskKind
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.services.prove import decide

CLAIM = Claim(
    ref=StepRef("s", "t", Stage.VALIDATE),
    fence=1,
    attempts=1,
    round=1,
    tries=1,
    kind=TaskKind.FIX,
    level=Level.STATIC,
    provider=Provider.AUTO,
    budget=Budget(),
    python="",
    seconds_left=100.0,
    code=SourceTree({"a.py": "x = 1\n"}),
    tests=SourceTree(),
    candidate=SourceTree({"a.py": "x = 2\n"}),
    outputs={"execute": {"status": "repaired"}},
)
PASSED = Verdict(Level.SYNTAX, Outcome.PASSED, "parses")
PROVEN = (PASSED, Verdict(Level.STATIC, Outcome.PASSED, "clean"))
FAILED = (PASSED, Verdict(Level.STATIC, Outcome.FAILED, "a critical issue"))
ERROR = (PASSED, Verdict(Level.STATIC, Outcome.ERROR, "could not judge"))


def test_a_proof_completes_the_task() -> None:
    outcome = decide(CLAIM, PROVEN)
    assert (outcome.ending, outcome.moves) == (Ending.PROVEN, (TaskState.COMPLETE,))
    assert outcome.proven_level == 2


def test_a_refactoring_may_return_with_fewer_edits() -> None:
    outputs = {"execute": {"status": "refactored"}}
    outcome = decide(replace(CLAIM, kind=TaskKind.REFACTOR, outputs=outputs), FAILED)
    assert (outcome.moves, outcome.learn) == ((TaskState.LEARNING,), True)


def test_a_failed_candidate_is_learned_from_and_excluded() -> None:
    outcome = decide(CLAIM, FAILED)
    assert (outcome.ending, outcome.moves, outcome.learn) == (None, (TaskState.LEARNING,), True)
    assert CLAIM.candidate is not None
    assert outcome.output["rejected"] == CLAIM.candidate.sha256
    assert [error.type for error in outcome.errors] == ["StaticFailed"]


@pytest.mark.parametrize(
    "claim",
    [
        replace(CLAIM, tries=4),
        replace(CLAIM, seconds_left=0.0),
        replace(CLAIM, kind=TaskKind.VALIDATE),
        replace(CLAIM, outputs={"execute": {"status": "exhausted", "note": "None passes."}}),
        replace(CLAIM, kind=TaskKind.REFACTOR, outputs={"execute": {"status": "unchanged"}}),
    ],
    ids=[
        "retries are used up",
        "time is used up",
        "nothing to repair",
        "no other candidate",
        "no edit to leave out",
    ],
)
def test_exhaustion_is_decided_before_learning(claim: Claim) -> None:
    outcome = decide(claim, FAILED)
    assert (outcome.ending, outcome.moves) == (Ending.NOT_PROVEN, (TaskState.FAILED,))
    assert outcome.summary.startswith("a critical issue")
    assert outcome.errors


@pytest.mark.parametrize("status", ["exhausted", "undecided"])
def test_the_end_says_why_nothing_was_repaired(status: str) -> None:
    claim = replace(CLAIM, outputs={"execute": {"status": status, "note": "None passes."}})
    assert decide(claim, FAILED).summary == "a critical issue None passes."


def test_max_retries_three_means_three_returns() -> None:
    assert [decide(replace(CLAIM, tries=n), FAILED).learn for n in (1, 2, 3, 4)] == [
        True,
        True,
        True,
        False,
    ]


def test_what_could_not_be_judged_is_not_charged_to_learning() -> None:
    outcome = decide(CLAIM, ERROR)
    assert (outcome.ending, outcome.errors) == (Ending.NOT_PROVEN, ())
