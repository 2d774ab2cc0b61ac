"""Dead steps: given up after their last attempt, and the way back for one of them.

A lost analyzer is not missed while three of five report, so its task goes on
without it.  Any other dead step ends its task as ``infrastructure``, and so do
too many dead analyzers.  Only what ended a task can be put back: the task then
goes on in the same round, and what was done already is not done again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from fractal_rmo.domain.errors import ErrorCode, InputError, LifecycleError
from fractal_rmo.domain.lifecycle import Ending, TaskState, way_back
from fractal_rmo.domain.step import STATE_OF, Stage, StepState

_ORDER = tuple(Stage)


@dataclass(frozen=True, slots=True)
class StepFacts:
    """What the decision needs of each step of a task."""

    id: str
    stage: Stage
    round: int
    state: StepState
    attempts: int


@dataclass(frozen=True, slots=True)
class PutBack:
    """``queued`` steps begin again, ``waiting`` ones wait for them; the task walks ``moves``."""

    stage: Stage
    queued: tuple[str, ...]
    waiting: tuple[str, ...]
    moves: tuple[TaskState, ...]


def put_back(
    step_id: str, ending: Ending | None, round_: int, steps: Sequence[StepFacts]
) -> PutBack:
    """How a dead step of a task goes back into its round; dead analyzers go back together.

    ``round_`` is the task's present one.  Raises ``InputError`` (NO_SUCH_STEP)
    and ``LifecycleError``: NOT_DEAD, WENT_ON with the reason.
    """
    found = {step.id: step for step in steps}.get(step_id)
    if found is None:
        raise InputError(ErrorCode.NO_SUCH_STEP, f"There is no step {step_id}.")
    if found.state is not StepState.DEAD:
        raise LifecycleError(ErrorCode.NOT_DEAD, f"The step is {found.state}.")
    if found.round != round_:
        _went_on(f"Its task was begun anew; it is in round {round_}, the step in {found.round}.")
    if ending is None:
        _went_on("Its task goes on without it.")
    if ending is not Ending.INFRASTRUCTURE:
        _went_on(f"Its task went on without it and ended as {ending}.")
    later = [
        step
        for step in steps
        if step.round == round_ and _ORDER.index(step.stage) > _ORDER.index(found.stage)
    ]
    if taken_up := [step for step in later if _was_taken_up(step, found.stage)]:
        _went_on(f"Its task went on without it and ended at the step {taken_up[0].stage}.")
    siblings = [s for s in steps if (s.round, s.stage) == (round_, found.stage)]
    return PutBack(
        stage=found.stage,
        queued=tuple(step.id for step in siblings if step.state is StepState.DEAD),
        waiting=tuple(step.id for step in later),
        moves=way_back(STATE_OF[found.stage]),
    )


def _was_taken_up(step: StepFacts, dead: Stage) -> bool:
    """A merge that found too few reports is no progress beyond its analyzers."""
    if step.state is StepState.DEAD:
        return True
    no_quorum = dead is Stage.ANALYZE and step.stage is Stage.MERGE
    return step.attempts > 0 and not no_quorum


def _went_on(why: str) -> NoReturn:
    raise LifecycleError(ErrorCode.WENT_ON, why)
