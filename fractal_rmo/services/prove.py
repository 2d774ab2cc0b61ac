"""The validator's step: climb the ladder, then decide whether the round was the last."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from fractal_rmo.domain.errors import ErrorCode, SandboxUnavailableError
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.message import Message, MessageType
from fractal_rmo.domain.outcome import StepOutcome
from fractal_rmo.domain.pattern import ErrorRecord
from fractal_rmo.domain.run import RunRequest
from fractal_rmo.domain.step import Claim, Stage
from fractal_rmo.domain.task import CHANGING_KINDS, TaskKind
from fractal_rmo.domain.verdict import (
    Level,
    Outcome,
    Verdict,
    found_no_sandbox,
    is_proven,
    proven_level,
)
from fractal_rmo.learning.signature import signature
from fractal_rmo.refactoring.simplify import RefactoringStatus
from fractal_rmo.repair.problem import RepairStatus
from fractal_rmo.services.consult import explanation_of
from fractal_rmo.services.data import data_proof
from fractal_rmo.services.drive import drive
from fractal_rmo.services.hold import Hold
from fractal_rmo.services.performed import Turn, proposals
from fractal_rmo.services.subjects import subject_of
from fractal_rmo.services.tools import Tools
from fractal_rmo.validation.ladder import climb

_WRITTEN = "A language model wrote the tests."


def validate_step(claim: Claim, hold: Hold, tools: Tools) -> StepOutcome:
    """Judge the candidate.  An unavailable sandbox is given back, never a failed candidate."""
    if claim.kind is TaskKind.ANALYZE:
        return StepOutcome(
            moves=(TaskState.COMPLETE,),
            ending=Ending.DELIVERED,
            summary="The analysis is complete.",
        )
    verdicts = _climb(claim, hold, tools)
    return decide(claim, verdicts)


def _climb(claim: Claim, hold: Hold, tools: Tools) -> tuple[Verdict, ...]:
    code = claim.candidate or claim.code

    def watch(request: RunRequest, number: int) -> None:
        hold.note({"stage": "validate", "trying": request.label, "run": number})

    with tools.sandbox.session(claim.python, hold.must_stop) as run:
        if claim.kind is TaskKind.DATA:
            verdicts = drive(data_proof(claim.code, claim.tests, code), run, watch)
        else:
            verdicts = drive(climb(subject_of(claim, code), claim.level), run, watch)
    if found_no_sandbox(verdicts):
        raise SandboxUnavailableError(ErrorCode.SANDBOX_UNAVAILABLE, verdicts[-1].summary)
    return _told_apart(claim, verdicts)


def _told_apart(claim: Claim, verdicts: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """Verdicts that rest on tests which nobody submitted say so."""
    if not claim.tests.is_blank() or claim.written_tests.is_blank():
        return verdicts
    return tuple(
        dataclasses.replace(
            verdict,
            summary=f"{verdict.summary} {_WRITTEN}",
            evidence={**verdict.evidence, "tests_written_by": "a language model"},
        )
        if verdict.level >= Level.UNIT
        else verdict
        for verdict in verdicts
    )


def decide(claim: Claim, verdicts: tuple[Verdict, ...]) -> StepOutcome:
    """Complete when proven; learn and return while there is another candidate and a retry left."""
    proven = is_proven(verdicts, claim.level)
    level = proven_level(verdicts)
    messages = (_result(claim, verdicts, proven=proven),)
    if proven:
        return StepOutcome(
            output={"proven_level": level},
            moves=(TaskState.COMPLETE,),
            ending=Ending.PROVEN,
            proven_level=level,
            summary=_explained(claim),
            verdicts=verdicts,
            messages=messages,
        )
    last = verdicts[-1]
    errors = () if last.outcome is Outcome.ERROR else (_error(claim, last),)
    again = _may_return(claim, last)
    return StepOutcome(
        output=_feedback(claim, last, level, errors),
        moves=(TaskState.LEARNING,) if again else (TaskState.FAILED,),
        ending=None if again else Ending.NOT_PROVEN,
        proven_level=level,
        summary="" if again else _in_vain(claim, last),
        verdicts=verdicts,
        messages=messages,
        errors=errors,
        learn=again,
    )


def _explained(claim: Claim) -> str:
    """What execution said of the result, and a model of this very one; "" keeps the former."""
    sentence = explanation_of(claim, claim.candidate) if claim.candidate else ""
    if not sentence:
        return ""
    return f"{claim.slices(Stage.EXECUTE)[-1]['note']} A model says of it: {sentence}"


def _in_vain(claim: Claim, last: Verdict) -> str:
    """What the last level saw, and what a repair says that left the code as it is."""
    execution = claim.slices(Stage.EXECUTE)
    said = execution[-1] if execution else {}
    nothing = said.get("status") in (RepairStatus.EXHAUSTED, RepairStatus.UNDECIDED)
    return f"{last.summary} {said['note']}" if nothing else last.summary


def _may_return(claim: Claim, last: Verdict) -> bool:
    """Another round can only help where another candidate can come of it."""
    execution = claim.slices(Stage.EXECUTE)
    status = execution[-1].get("status") if execution else ""
    by_model = status in (Turn.GENERATED, Turn.EXPLAINED)
    others = by_model or status in (RepairStatus.REPAIRED, RefactoringStatus.REFACTORED)
    tries_left = claim.tries <= claim.budget.retries and claim.seconds_left > 1
    judged = last.outcome in (Outcome.FAILED, Outcome.FLAKY)
    return claim.kind in CHANGING_KINDS and judged and others and tries_left


def _feedback(
    claim: Claim, last: Verdict, level: int, errors: Sequence[ErrorRecord]
) -> dict[str, Json]:
    """What the next round is told: the result not to try again, why, and the error as logged."""
    rejected = claim.candidate.sha256 if claim.candidate else ""
    words = f"level {last.level} {last.level.name.lower()} {last.outcome}: {last.summary}"
    error = dataclasses.asdict(errors[0]) if errors else None
    by_model = bool(proposals(claim))
    return {
        "proven_level": level,
        "rejected": rejected,
        "feedback": words,
        "error": error,
        "by_model": by_model,
    }


def _result(claim: Claim, verdicts: tuple[Verdict, ...], *, proven: bool) -> Message:
    outcomes: dict[str, Json] = {str(int(v.level)): v.outcome.value for v in verdicts}
    payload: dict[str, Json] = {"round": claim.round, "proven": proven, "levels": outcomes}
    return Message(MessageType.VALIDATION_RESULT, payload)


def _error(claim: Claim, last: Verdict) -> ErrorRecord:
    kind = f"{last.level.name.title()}{last.outcome.name.title()}"
    return ErrorRecord(
        type=kind,
        message=last.summary,
        role="validator",
        level=int(last.level),
        signature=signature(last, claim.kind),
    )
