"""A worker that is connected and takes nothing ends itself, so that it is started again."""

from __future__ import annotations

import itertools
import logging
import os
import threading
import time
from typing import Any

from celery.signals import worker_ready
from celery.worker import state

from fractal_rmo.adapters.bus.cluster_view import CeleryClusterView
from fractal_rmo.adapters.bus.deafness import Deafness, Look
from fractal_rmo.config.load import settings
from fractal_rmo.domain.errors import CATALOGUE, ErrorCode, InfrastructureError
from workers.app import app
from workers.farewell import asked_at

_LOG = logging.getLogger(__name__)
_LOOKS = 10
"""So many within ``pipeline.deaf_s``."""
EXIT_CODE = 70
"""EX_SOFTWARE of sysexits.h."""


@worker_ready.connect  # type: ignore[untyped-decorator]
def _begin(sender: Any, **_: Any) -> None:
    turns = itertools.count(1)
    latest = [0]

    def turn() -> None:
        latest[0] = next(turns)

    sender.hub.on_tick.add(turn)
    threading.Thread(target=_watch, args=(sender, latest), name="watch", daemon=True).start()


def _watch(consumer: Any, latest: list[int]) -> None:
    deafness = Deafness(_LOOKS)
    while True:
        time.sleep(settings().pipeline.deaf_s / _LOOKS)
        if deafness.judge(_look(consumer, latest[0])) and not asked_at():
            _LOG.critical("%s %s", ErrorCode.DEAF_WORKER, CATALOGUE[ErrorCode.DEAF_WORKER].title)
            os._exit(EXIT_CODE)  # the loop that would end it in order is what does not turn


def _look(consumer: Any, turns: int) -> Look:
    try:
        depths = CeleryClusterView(app).queue_depths()
        waiting = sum(depths[queue.name] for queue in tuple(consumer.task_consumer.queues))
    except (InfrastructureError, AttributeError):  # no broker, or no consumer while it reconnects
        waiting = None
    return Look(
        turns=turns,
        taken=sum(state.total_count.values()),
        free=len(state.reserved_requests) < consumer.pool.num_processes,
        waiting=waiting,
    )
