"""How a worker ends: SIGTERM lets what runs end, or be put down, within a bound.

Celery's warm shutdown waits for its children for as long as they work; its
cold one sleeps for a fixed time before it kills them.  Here the children hear
that the worker ends: a search pauses and keeps its progress, anything else has
``pipeline.shutdown_s`` before it is given back.
"""

from __future__ import annotations

import mmap
import signal
import struct
import time
from typing import Any

import billiard.pool
from celery.platforms import EX_OK
from celery.signals import worker_ready
from celery.worker import state

# A child that leaves waits until its results were read, 30 s by default; but the loop that reads
# them has ended by then, now and then with one unread.  What a step came to is in the tables.
billiard.pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = 10
_MOMENT = struct.Struct("d")
_SHARED = mmap.mmap(-1, _MOMENT.size)
"""Seen by the pool's processes, which are forked from this one; they share its monotonic clock."""


def asked_at() -> float:
    """When this worker was asked to end, on the monotonic clock; 0 when it was not."""
    moment: float = _MOMENT.unpack_from(_SHARED)[0]
    return moment


@worker_ready.connect  # type: ignore[untyped-decorator]
def _listen(**_: Any) -> None:
    cold = signal.getsignal(signal.SIGTERM)

    def leave(number: int, frame: Any) -> None:
        if asked_at() and callable(cold):  # asked a second time: somebody is in a hurry
            cold(number, frame)
            return
        _MOMENT.pack_into(_SHARED, 0, time.monotonic())
        state.should_stop = EX_OK

    signal.signal(signal.SIGTERM, leave)
