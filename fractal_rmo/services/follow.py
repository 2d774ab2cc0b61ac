"""How far a task is, for those who watch it."""

from __future__ import annotations

from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.views import TaskStatus
from fractal_rmo.services.tools import Tools


def status_of(task_id: str, tools: Tools) -> TaskStatus:
    """How far a task is.  Raises ``InputError`` NO_SUCH_TASK."""
    found = tools.tasks.statuses([task_id])
    if not found:
        raise InputError(ErrorCode.NO_SUCH_TASK, f"There is no task {task_id}.")
    (status,) = found.values()
    return status
