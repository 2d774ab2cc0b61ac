"""Submission: admit, store, and ring after the commit."""

from __future__ import annotations

import logging

from fractal_rmo.domain.errors import ErrorCode, InfrastructureError, InputError
from fractal_rmo.domain.task import Task
from fractal_rmo.services.admit import admit
from fractal_rmo.services.tools import Tools

_LOG = logging.getLogger(__name__)
_LONGEST_KEY = 200


def submit(task: Task, tools: Tools, key: str = "") -> str:
    """Store the task and return its id.  Raises ``InputError`` for what is refused.

    A broker that does not answer delays the work until the sweeper finds it.
    """
    if len(key) > _LONGEST_KEY or not key.isprintable():
        raise InputError(ErrorCode.BAD_KEY)
    task_id, steps = tools.tasks.submit(admit(task), key)
    if steps:
        try:
            tools.bell.ring_round(steps)
        except InfrastructureError as error:
            _LOG.warning("task %s is stored and waits for the broker: %s", task_id, error)
    return task_id
