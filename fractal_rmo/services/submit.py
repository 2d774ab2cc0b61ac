"""Submission: admit, store, and ring after the commit."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fractal_rmo.config.settings import LimitSettings
from fractal_rmo.domain.budget import Budget
from fractal_rmo.domain.errors import ErrorCode, InfrastructureError, InputError
from fractal_rmo.domain.step import StepRef
from fractal_rmo.domain.task import Task
from fractal_rmo.services.admit import admit
from fractal_rmo.services.tools import Tools

_LOG = logging.getLogger(__name__)
_LONGEST_KEY = 200


def budget(asked: Mapping[str, Any], limits: LimitSettings) -> Budget:
    """What is asked for, and for the rest as much as is allowed.  Raises ``InputError``."""
    allowed = Budget(
        seconds=limits.max_task_duration,
        tokens=limits.max_tokens_per_task,
        dollars=limits.max_cost_per_task,
        retries=limits.max_retries,
    )
    for name, value in asked.items():
        most = getattr(allowed, name)
        if value > most:
            raise InputError(ErrorCode.OVER_LIMIT, f"{name}: {value:g} asked, {most:g} allowed.")
    return replace(allowed, **asked)


def submit(task: Task, tools: Tools, key: str = "") -> str:
    """Store the task and return its id.  Raises ``InputError`` for what is refused.

    A broker that does not answer delays the work until the sweeper finds it.
    """
    if len(key) > _LONGEST_KEY or not key.isprintable():
        raise InputError(ErrorCode.BAD_KEY)
    task_id, steps = tools.tasks.submit(admit(task, tools.models), key)
    _ring(task_id, steps, tools)
    return task_id


def retry(task_id: str, tools: Tools) -> None:
    """Begin an ended task anew.  Raises ``LifecycleError`` when it has not ended."""
    _ring(task_id, tools.tasks.retry(task_id), tools)


def _ring(task_id: str, steps: Sequence[StepRef], tools: Tools) -> None:
    if not steps:
        return
    try:
        tools.bell.ring_round(steps)
    except InfrastructureError as error:
        _LOG.warning("task %s is stored and waits for the broker: %s", task_id, error)
