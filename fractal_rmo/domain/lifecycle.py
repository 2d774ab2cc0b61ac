"""The whole life of a task on one page.

Rules
-----
1.  A task is in exactly one ``TaskState``.  ``TRANSITIONS`` is the
    specification's table, and nothing else moves a task.
2.  Every move is a compare-and-set: it names the state it starts from, and a
    move that is not in the table raises and changes nothing.
3.  The table knows no cancel, no deadline and no budget.  A separate
    ``Ending`` is set once, together with the terminal state, and names how
    the task ended.
4.  From IDLE and LEARNING no edge leads to FAILED.  A task that must end
    there walks ``way_to_failed`` inside one transaction.
5.  COMPLETE and FAILED go back to IDLE only by a person's explicit retry.
    Who puts a dead step back walks ``way_back``, from there to where the step
    stood, inside one transaction.

The diagram in ``docs/lifecycle.md`` is drawn from this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from fractal_rmo.domain.errors import ErrorCode, LifecycleError


class TaskState(StrEnum):
    """Where a task stands."""

    IDLE = "idle"
    ANALYZING = "analyzing"
    EXECUTING = "executing"
    VALIDATING = "validating"
    LEARNING = "learning"
    COMPLETE = "complete"
    FAILED = "failed"


TRANSITIONS: Mapping[TaskState, tuple[TaskState, ...]] = MappingProxyType(
    {
        TaskState.IDLE: (TaskState.ANALYZING,),
        TaskState.ANALYZING: (TaskState.EXECUTING, TaskState.FAILED),
        TaskState.EXECUTING: (TaskState.VALIDATING, TaskState.FAILED),
        TaskState.VALIDATING: (TaskState.LEARNING, TaskState.COMPLETE, TaskState.FAILED),
        TaskState.LEARNING: (TaskState.COMPLETE, TaskState.ANALYZING),
        TaskState.COMPLETE: (TaskState.IDLE,),
        TaskState.FAILED: (TaskState.IDLE,),
    }
)

TERMINAL = frozenset({TaskState.COMPLETE, TaskState.FAILED})


class Ending(StrEnum):
    """How a task ended; set once."""

    PROVEN = "proven"
    DELIVERED = "delivered"
    """A report was asked for and written; there was nothing to prove."""
    NOT_PROVEN = "not_proven"
    CANCELLED = "cancelled"
    OVER_BUDGET = "over_budget"
    DEADLINE = "deadline"
    INFRASTRUCTURE = "infrastructure"
    REFUSED = "refused"

    @property
    def state(self) -> TaskState:
        """The terminal state that goes with this ending."""
        succeeded = self in (Ending.PROVEN, Ending.DELIVERED)
        return TaskState.COMPLETE if succeeded else TaskState.FAILED


def check(current: TaskState, target: TaskState, event: str) -> TaskState:
    """Return ``target`` when the table allows the move; raise ``LifecycleError`` otherwise.

    ``event`` is what asked for the move, as the refusal names it.
    """
    if target not in TRANSITIONS[current]:
        allowed = ", ".join(TRANSITIONS[current])
        raise LifecycleError(
            ErrorCode.ILLEGAL_TRANSITION,
            f"'{event}' is refused: a task that is {current} cannot become {target}, "
            f"only {allowed}.",
        )
    return target


def way_to_failed(current: TaskState, event: str) -> tuple[TaskState, ...]:
    """The moves, in order, that take a live task to FAILED; raises when it has ended."""
    if current in TERMINAL:
        words = f"'{event}' is refused: the task has already ended, it is {current}."
        raise LifecycleError(ErrorCode.TASK_ENDED, words)
    if TaskState.FAILED in TRANSITIONS[current]:
        return (TaskState.FAILED,)
    return (TaskState.ANALYZING, TaskState.FAILED)


def way_back(target: TaskState) -> tuple[TaskState, ...]:
    """The moves, in order, from FAILED by a retry to a live state; raises for one that is not."""
    states = tuple(TaskState)
    if target in TERMINAL:
        raise LifecycleError(ErrorCode.ILLEGAL_TRANSITION, f"Nothing goes on in {target}.")
    return states[: states.index(target) + 1]


def mermaid() -> str:
    """The table as a Mermaid state diagram (docs/lifecycle.md holds it, a test compares)."""
    edges = [
        f"    {state} --> {target}" for state, targets in TRANSITIONS.items() for target in targets
    ]
    return "\n".join(["stateDiagram-v2", "    [*] --> idle", *edges])
