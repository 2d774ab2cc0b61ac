"""Perform one step: claim, decide, store, ring."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from fractal_rmo.domain.errors import InfrastructureError, InputError
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.outcome import TIME_IS_OVER, StepOutcome
from fractal_rmo.domain.run import RunCancelledError
from fractal_rmo.domain.step import SUCCESSOR, Claim, Stage, StepRef
from fractal_rmo.services.analyze import analyze_step, merge_step
from fractal_rmo.services.execute import execute_step
from fractal_rmo.services.hold import Heart, Hold
from fractal_rmo.services.learn import learn_step
from fractal_rmo.services.prove import validate_step
from fractal_rmo.services.slices import best_so_far
from fractal_rmo.services.tools import Tools

_LOG = logging.getLogger(__name__)
_RETRY_S = 2.0
_LONGEST_RETRY_S = 60.0
_STORE_AGAIN_S = 0.5

Performer = Callable[[Claim, Hold, Tools], StepOutcome]
PERFORMERS: Mapping[Stage, Performer] = MappingProxyType(
    {
        Stage.ANALYZE: analyze_step,
        Stage.MERGE: merge_step,
        Stage.EXECUTE: execute_step,
        Stage.VALIDATE: validate_step,
        Stage.LEARN: learn_step,
    }
)


def perform(
    step_id: str,
    tools: Tools,
    heart: Heart,
    *,
    on_canvas: bool,
    performers: Mapping[Stage, Performer] = PERFORMERS,
) -> dict[str, Json]:
    """Perform a step if it is due, and say in a few words what came of it.

    ``on_canvas`` means that the canvas carries the successor; otherwise, and
    for steps that no canvas knew of, this process rings after its commit.
    """
    started = time.monotonic()
    claim = tools.steps.claim(step_id)
    if claim is None:
        return {"step": step_id, "did": "nothing: it is not due"}
    with heart.holding(claim) as hold:
        try:
            outcome = _outcome(claim, hold, tools, performers)
            due = _store(claim, outcome, hold, tools)
        except RunCancelledError:
            return _put_down(claim, hold, tools)
        except Exception as error:  # noqa: BLE001 - the step's attempts bound how often
            return _give_back(claim, error, tools)
    if due is None:
        return _not_held(claim)
    _ring(due, claim, tools, on_canvas=on_canvas)
    spent = round(time.monotonic() - started, 3)
    return {"step": step_id, "did": str(claim.ref.stage), "seconds": spent}


def _outcome(
    claim: Claim, hold: Hold, tools: Tools, performers: Mapping[Stage, Performer]
) -> StepOutcome:
    """What the stage comes to; a task that asks for what cannot be ends with that sentence.

    One whose time is over ends here where the sweeper has not come by yet.  What failed
    before is learned from all the same.
    """
    if claim.seconds_left <= 0 and claim.ref.stage is not Stage.LEARN:
        summary = " ".join(filter(None, (TIME_IS_OVER, best_so_far(claim))))
        return StepOutcome(moves=(TaskState.FAILED,), ending=Ending.DEADLINE, summary=summary)
    try:
        return performers[claim.ref.stage](claim, hold, tools)
    except InputError as error:
        return StepOutcome(moves=(TaskState.FAILED,), ending=Ending.NOT_PROVEN, summary=str(error))


def _store(
    claim: Claim, outcome: StepOutcome, hold: Hold, tools: Tools
) -> tuple[StepRef, ...] | None:
    """Finish the step; a database that restarts just now does not cost the work that was done.

    Tried for the length of a lease: then another worker may have it, and the fence decides.
    """
    ends = time.monotonic() + tools.settings.pipeline.lease_s
    while True:
        try:
            return tools.steps.finish(claim, outcome)
        except InfrastructureError:
            if hold.lost.is_set() or time.monotonic() > ends:
                raise
            time.sleep(_STORE_AGAIN_S)


def _put_down(claim: Claim, hold: Hold, tools: Tools) -> dict[str, Json]:
    """What ran was ended in the middle: its task has ended, or this worker is to end."""
    if hold.lost.is_set():
        return _not_held(claim)
    tools.steps.give_back(claim, "the worker was asked to end", 0.0)
    return {"step": claim.ref.step_id, "did": "gave it back: this worker ends"}


def _not_held(claim: Claim) -> dict[str, Json]:
    return {"step": claim.ref.step_id, "did": "nothing: it was no longer held"}


def _give_back(claim: Claim, error: Exception, tools: Tools) -> dict[str, Json]:
    """Queue the step again: a server was missing, time ran out, or a bug of ours showed."""
    known = isinstance(error, InfrastructureError)
    missing_s = error.retry_after_s if isinstance(error, InfrastructureError) else 0.0
    _LOG.warning("%s of task %s: %s", claim.ref.stage, claim.ref.task_id, error, exc_info=not known)
    sentence = str(error) if known else f"{type(error).__name__}: {error}"
    delay_s = max(_RETRY_S * claim.attempts, min(missing_s, _LONGEST_RETRY_S))
    tools.steps.give_back(claim, sentence, delay_s)
    return {"step": claim.ref.step_id, "did": "gave it back", "error": sentence}


def _ring(due: tuple[StepRef, ...], claim: Claim, tools: Tools, *, on_canvas: bool) -> None:
    if any(step.stage is Stage.MERGE for step in due) and claim.ref.stage is Stage.LEARN:
        tools.bell.ring_round(due)
        return
    for step in due:
        carried = on_canvas and step.stage is SUCCESSOR.get(claim.ref.stage) and not step.action
        if not carried or claim.ref.action.startswith("slice"):
            tools.bell.ring(step)
