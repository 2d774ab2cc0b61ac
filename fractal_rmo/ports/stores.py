"""Postgres, as the services see it: the truth about tasks and steps."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from fractal_rmo.domain.experience import Experience
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.message import Cause
from fractal_rmo.domain.outcome import StepOutcome
from fractal_rmo.domain.pattern import ErrorRecord, Pattern
from fractal_rmo.domain.step import Claim, StepRef
from fractal_rmo.domain.task import Task
from fractal_rmo.domain.views import StepLine, StepQuery, TaskQuery, TaskRow, TaskStatus, TaskView


class StepStore(Protocol):
    """Claims, leases and the one transaction that finishes a step."""

    def claim(self, step_id: str) -> Claim | None:
        """Take a due step for ``lease`` seconds; None when there is nothing to take."""

    def finish(self, claim: Claim, outcome: StepOutcome) -> tuple[StepRef, ...] | None:
        """Store the outcome and return the steps that became due by it.

        None, and nothing changed, when the fence is no longer the claim's or
        the task has ended meanwhile.
        """

    def give_back(self, claim: Claim, error: str, delay_s: float) -> None:
        """Queue the step again after ``delay_s``; the attempt stays counted."""

    def extend(self, holds: Mapping[str, int], lease_s: float) -> frozenset[str]:
        """Extend the leases of step ids held at their fences; returns those still held."""

    def held(self, holds: Mapping[str, int]) -> frozenset[str]:
        """Which of the step ids are still held at their fences; nothing is changed."""

    def note(self, step_id: str, fence: int, progress: Mapping[str, Json]) -> bool:
        """Record progress; False when the step is no longer held or its task has ended."""


class TaskStore(Protocol):
    """What people submit and read."""

    def submit(self, task: Task, key: str = "") -> tuple[str, tuple[StepRef, ...]]:
        """Insert task, files and first round in one transaction: (task id, its steps).

        A second submission under the same idempotency ``key`` returns the
        first one's id and no steps.
        """

    def show(self, task_id: str) -> TaskView:
        """Everything known of a task.  Raises ``InputError`` NO_SUCH_TASK."""

    def statuses(self, task_ids: Collection[str]) -> Mapping[str, TaskStatus]:
        """How far these tasks are, by id; unknown ids are left out."""

    def find(self, query: TaskQuery) -> Sequence[TaskRow]:
        """A page of tasks."""

    def cancel(self, task_id: str) -> None:
        """End the task as cancelled.  Raises ``LifecycleError`` when it has ended."""

    def retry(self, task_id: str) -> tuple[StepRef, ...]:
        """Begin an ended task anew, with its whole budget; returns the new round's steps.

        Raises ``LifecycleError`` when it has not ended.
        """


class DeadSteps(Protocol):
    """Steps as such, and the way back for those that were given up."""

    def find(self, query: StepQuery) -> Sequence[StepLine]:
        """A page of steps, newest first, without outputs."""

    def put_back(self, step_id: str) -> tuple[str, tuple[StepRef, ...]]:
        """Let the task that ended by this dead step go on from it: (task id, what is due).

        Its attempts begin anew and its task has its whole time again.  Raises
        ``InputError`` NO_SUCH_STEP and ``LifecycleError`` NOT_DEAD, WENT_ON.
        """


class Upkeep(Protocol):
    """What the maintenance job does to the tables."""

    def sweep(self, limit: int, waiting: Mapping[str, int]) -> Sequence[StepRef]:
        """Due steps that nobody claimed, pushed back by a grace, to be published again.

        Of each queue ``limit`` at most, and no more than the messages ``waiting``
        in it are short of the steps that are queued for it: what only stands in a
        long queue is not published twice.  Those that were published first come
        first, since a queue that moves has passed them by.
        """

    def reap(self) -> int:
        """Re-queue expired leases and bury steps out of attempts; returns how many were touched."""

    def end_overdue(self) -> int:
        """End tasks past their deadline; returns how many."""


class LinkStore(Protocol):
    """One-time links."""

    def use(self, nonce: str) -> bool:
        """True for the first who uses this link, whichever process asks."""


class LearningStore(Protocol):
    """Error logs, patterns and the once-an-hour lock."""

    def errors(self, limit: int) -> Sequence[tuple[ErrorRecord, str]]:
        """The newest errors with their submitters (task contents where there is one submitter)."""

    def save_patterns(self, patterns: Sequence[Pattern], cause: Cause | None) -> int:
        """Insert or refresh patterns by type and signature; returns how many are new.

        A new one is told as PATTERN_DISCOVERED, caused by ``cause`` or by the clock.
        """

    def patterns(self) -> Sequence[Pattern]:
        """The patterns that were found, those seen last first."""

    def searches(self, limit: int) -> Sequence[tuple[Experience, str]]:
        """What the newest ended searches for a repair left, held-out tasks left out.

        Each content once, with whom it counts for: its owner, or its content where
        there is one owner.  Where a patch was not proven, nothing was mended.
        """

    def take_hour(self, job: str) -> bool:
        """True for the one caller that may run ``job`` in this UTC hour."""
