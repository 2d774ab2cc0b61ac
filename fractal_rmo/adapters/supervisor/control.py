"""Which supervisor runs for a state folder, and how another shell stops it."""

from __future__ import annotations

import os
import signal
import time

from fractal_rmo.adapters.embedded import processes
from fractal_rmo.adapters.embedded.lock import try_lock
from fractal_rmo.adapters.embedded.paths import StatePaths
from fractal_rmo.adapters.supervisor import record
from fractal_rmo.domain.errors import ErrorCode, InfrastructureError

_LOCK = "supervisor.lock"
_POLL_SECONDS = 0.05
#: On top of the grace: for the sweep that follows it.
_EXTRA_SECONDS = 10.0


def claim(paths: StatePaths) -> int:
    """Take the supervisor's place and return the descriptor that holds it.

    The kernel frees the place when the holder dies, so it is never stale.

    Raises ``InfrastructureError`` (ALREADY_RUNNING) naming the holder's pid.
    """
    descriptor = try_lock(paths.locks / _LOCK)
    if descriptor is None:
        raise InfrastructureError(
            ErrorCode.ALREADY_RUNNING,
            f"The cluster of {paths.root} is already running (pid {_holder(paths)}).",
        )
    os.ftruncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return descriptor


def running_supervisor(paths: StatePaths) -> int | None:
    """Return the pid of the supervisor of this state folder; None when there is none."""
    if not (paths.locks / _LOCK).exists():
        return None
    descriptor = try_lock(paths.locks / _LOCK)
    if descriptor is not None:
        os.close(descriptor)
        return None
    return _holder(paths)


def _holder(paths: StatePaths) -> int | None:
    text = (paths.locks / _LOCK).read_text()
    return int(text) if text.isdecimal() else None  # it may be about to write it


def stop_running(paths: StatePaths, grace_seconds: float = 10.0) -> bool:
    """Stop the supervisor of this state folder and what an earlier one left; whether one ran.

    It gets SIGTERM and the grace to stop its processes, then SIGKILL.

    Raises ``InfrastructureError`` (ALREADY_RUNNING) when it survives that.
    """
    pid = running_supervisor(paths)
    supervisor = processes.identify(pid) if pid else None
    if supervisor:
        steps = ((signal.SIGTERM, grace_seconds + _EXTRA_SECONDS), (signal.SIGKILL, 5.0))
        processes.end(supervisor, *steps)
    _wait_free(paths)
    record.sweep_all(paths.locks)
    return supervisor is not None


def _wait_free(paths: StatePaths) -> None:
    deadline = time.monotonic() + _EXTRA_SECONDS
    while running_supervisor(paths) is not None:
        if time.monotonic() > deadline:
            raise InfrastructureError(
                ErrorCode.ALREADY_RUNNING,
                f"The cluster of {paths.root} (pid {_holder(paths)}) cannot be stopped.",
            )
        time.sleep(_POLL_SECONDS)
