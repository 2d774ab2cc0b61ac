"""The cluster from Python: ``Orchestrator().process_task(Task(...))``."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from fractal_rmo.bootstrap.tools import client
from fractal_rmo.domain.errors import ErrorCode, InfrastructureError
from fractal_rmo.domain.lifecycle import Ending
from fractal_rmo.domain.task import Task, TaskKind
from fractal_rmo.domain.verdict import Level
from fractal_rmo.domain.views import TaskView
from fractal_rmo.services.follow import status_of
from fractal_rmo.services.submit import submit

_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class TaskResult:
    """How a task ended.

    ``success`` means proven (or delivered, for an analysis).  ``code`` is the
    proven text where there is one file, and the files one after another under
    comments with their names where there are several; None without a proof.
    """

    success: bool
    code: str | None
    report: TaskView


class Orchestrator:
    """Submits to the cluster of this checkout and waits."""

    def process_task(self, task: Task, *, timeout_s: float | None = None) -> TaskResult:
        """Submit, wait for the ending, return the result.

        ``timeout_s`` bounds the waiting (default: the task's own seconds and a
        minute more); the task goes on when it is exceeded.  Raises
        ``InputError`` for what is refused and ``InfrastructureError``
        (NO_WORKERS) when the waiting is over.  A task that is nothing but a
        description is one of new code, proven to level 5 at least.
        """
        tools = client()
        task = _as_meant(task)
        task_id = submit(task, tools)
        ends = time.monotonic() + (task.budget.seconds + 60 if timeout_s is None else timeout_s)
        while time.monotonic() < ends:
            if status_of(task_id, tools).row.ending:
                return _result(tools.tasks.show(task_id))
            time.sleep(_POLL_S)
        raise InfrastructureError(ErrorCode.NO_WORKERS, f"Task {task_id} has not ended in time.")


def _as_meant(task: Task) -> Task:
    if task.kind is not TaskKind.FIX or len(task.code) or not task.description.strip():
        return task
    return replace(task, kind=TaskKind.GENERATE, level=max(task.level, Level.PROPERTY))


def _result(view: TaskView) -> TaskResult:
    success = view.row.ending in (Ending.PROVEN, Ending.DELIVERED)
    files = dict(view.result.files) if view.result else {}
    if len(files) == 1:
        return TaskResult(success, next(iter(files.values())), view)
    joined = "\n".join(f"# {path}\n{text}" for path, text in files.items())
    return TaskResult(success, joined or None, view)
