"""Reading tasks: how far one is, and a page of many, for every entrance alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.views import TaskQuery, TaskRow, TaskStatus
from fractal_rmo.services.tools import Tools


def status_of(task_id: str, tools: Tools) -> TaskStatus:
    """How far a task is.  Raises ``InputError`` NO_SUCH_TASK."""
    found = tools.tasks.statuses([task_id])
    if not found:
        raise InputError(ErrorCode.NO_SUCH_TASK, f"There is no task {task_id}.")
    (status,) = found.values()
    return status


def page_of(query: TaskQuery, tools: Tools) -> tuple[Sequence[TaskRow], bool]:
    """The tasks of a page, and whether there are more behind it."""
    rows = tools.tasks.find(replace(query, limit=query.limit + 1))
    return rows[: query.limit], len(rows) > query.limit
