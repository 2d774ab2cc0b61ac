"""Ending everything that a run left behind."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

_PATIENCE_S = 3.0


def sweep_namespace() -> None:
    """As process 1 of a pid namespace: kill all others and reap them."""
    if os.getpid() != 1:
        raise RuntimeError("anywhere else this would kill everything that the user runs")
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def sweep_descendants() -> None:
    """As a subreaper: kill what descends from this process until nothing is left.

    A process that forks faster than it is found is stopped first; orphans
    come to the subreaper, so none can hide from the next round.
    """
    until = time.monotonic() + _PATIENCE_S
    while (found := descendants()) and time.monotonic() < until:
        for sign in (signal.SIGSTOP, signal.SIGKILL):
            for pid in found:
                with suppress(ProcessLookupError):
                    os.kill(pid, sign)
        _reap()
    _reap()


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def others() -> list[int]:
    """As process 1 of a pid namespace: the numbers of all others."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]  # noqa: PTH208


def descendants() -> list[int]:
    """The numbers of all that descend from this process."""
    found: list[int] = []
    fresh = _children(os.getpid())
    while fresh:
        found += fresh
        fresh = [child for pid in fresh for child in _children(pid)]
    return found


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, task.read_text().split())
    return found
