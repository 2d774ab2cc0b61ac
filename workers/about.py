"""``celery -A workers inspect about``: what a worker is, and what it does now."""

from __future__ import annotations

import platform
from functools import lru_cache
from typing import Any

from celery.signals import worker_init
from celery.worker import state as worker_state
from celery.worker.control import inspect_command

from fractal_rmo.bootstrap.jails import sandbox
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.version import VERSION
from workers.process import RUNTIMES, role


@lru_cache(maxsize=1)
def sandbox_tier() -> str:
    """The strongest tier that works here, "" where the role runs no foreign code.

    The first call opens a jail (0.4 s), so it is made before anyone asks.
    """
    if role() and role() not in RUNTIMES:
        return ""
    with sandbox() as jail:
        return jail.tier.value


@worker_init.connect  # type: ignore[untyped-decorator]
def _before_the_fork(**_: Any) -> None:
    sandbox_tier()


@inspect_command()  # type: ignore[untyped-decorator]
def about(state: Any) -> dict[str, Json]:
    """Role, sandbox, versions, queues, size and present work: ids and words only."""
    return {
        "role": role(),
        "sandbox": sandbox_tier(),
        "python": platform.python_version(),
        "version": VERSION,
        "queues": sorted(queue.name for queue in state.consumer.task_consumer.queues),
        "size": state.consumer.pool.num_processes,
        "doing": [
            {"task": request.name, "step": request.kwargs.get("step_id", "")}
            for request in tuple(worker_state.active_requests)
        ],
    }
