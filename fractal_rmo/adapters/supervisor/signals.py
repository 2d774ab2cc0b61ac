"""Ending by a signal in an orderly way."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


def _leave(number: int, _frame: FrameType | None) -> None:
    for further in _SIGNALS:
        signal.signal(further, signal.SIG_IGN)  # a second one must not interrupt the stopping
    sys.exit(128 + number)


@contextlib.contextmanager
def orderly_end() -> Iterator[None]:
    """Let SIGTERM and SIGHUP leave the block by ``SystemExit`` (exit code 128 + number).

    Context managers inside the block are thereby left in order, a
    ``Supervisor`` among them.  Main thread only.
    """
    before = {number: signal.signal(number, _leave) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
