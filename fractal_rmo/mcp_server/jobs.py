"""A job in a thread: its progress goes to the client, and the client may end it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import anyio
import anyio.from_thread
import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError

from fractal_rmo.domain.errors import FractalError
from fractal_rmo.domain.run import RunCancelledError

_EVERY_S = 0.25

_Answer = TypeVar("_Answer")
Tell = Callable[[str, str, int], None]
Job = Callable[[Tell, Callable[[], bool]], _Answer]


class Jobs:
    """Performs jobs, so many at a time; the others wait."""

    def __init__(self, at_once: int) -> None:
        self._limiter = anyio.CapacityLimiter(at_once)

    async def perform(self, context: Context, job: Job[_Answer]) -> _Answer:
        """The answer of ``job(tell, stop)``.

        What a person could mend becomes a ``ToolError``.  When the request is
        cancelled, ``stop`` says True from then on.
        """
        stop = threading.Event()
        work = partial(job, _teller(context), stop.is_set)
        try:
            return await anyio.to_thread.run_sync(
                work, abandon_on_cancel=True, limiter=self._limiter
            )
        except (FractalError, RunCancelledError) as error:
            raise ToolError(str(error) or "The request was cancelled.") from error
        finally:
            stop.set()


def _teller(context: Context) -> Tell:
    """Reports progress, at most four times a second, each report with a greater number."""
    begun = told = time.monotonic()

    def tell(stage: str, label: str, _number: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= _EVERY_S:
            told = now
            words = f"{stage}: {label}"[:200]
            anyio.from_thread.run(context.report_progress, round(now - begun, 3), None, words)

    return tell
