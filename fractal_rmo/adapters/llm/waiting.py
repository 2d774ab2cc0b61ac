"""One event loop a process in which the SDKs wait, and the threads that wait for them.

A thread cannot be ended while it reads from a socket; a coroutine can.  So
the HTTP happens in a loop of its own, hundreds of calls at once, and the
thread that asked only looks several times a second whether it is wanted.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import time
from collections.abc import Callable, Coroutine
from functools import lru_cache
from threading import Thread
from typing import Any, TypeVar

from fractal_rmo.domain.model import ModelCancelledError

TICK_S = 0.2
_Result = TypeVar("_Result")


@lru_cache(maxsize=1)
def _loop(_process: int) -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    Thread(target=loop.run_forever, name="models", daemon=True).start()
    return loop


def this_loop() -> asyncio.AbstractEventLoop:
    """The loop of this process, begun at first use; a fork does not inherit its parent's."""
    return _loop(os.getpid())


def wait_for(
    work: Coroutine[Any, Any, _Result],
    *,
    until: float,
    cancelled: Callable[[], bool],
    tick: Callable[[], None] = lambda: None,
) -> _Result:
    """The result of ``work``, run in the loop; ``until`` is a time of ``time.monotonic``.

    ``cancelled`` and ``tick`` are called from here, every ``TICK_S``.  Raises
    ``ModelCancelledError`` and ``TimeoutError``; whatever is raised, the work
    is ended.
    """
    future = asyncio.run_coroutine_threadsafe(work, this_loop())
    try:
        while not future.done():
            if cancelled():
                raise ModelCancelledError
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            concurrent.futures.wait([future], min(TICK_S, left))
            tick()
        return future.result()
    finally:
        future.cancel()  # the loop hears of it and closes the connection


def sleep(seconds: float, cancelled: Callable[[], bool], tick: Callable[[], None]) -> None:
    """Wait; raises ``ModelCancelledError`` as soon as the caller does not want to any more."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if cancelled():
            raise ModelCancelledError
        time.sleep(min(TICK_S, left))
        tick()


def every(seconds: float, action: Callable[[], None]) -> Callable[[], None]:
    """What may be called at any time and acts once in so many seconds, first after the first."""
    due = time.monotonic() + seconds

    def often() -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + seconds
            action()

    return often
