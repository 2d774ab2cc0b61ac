"""A lock that the kernel gives back when its holder dies, however it dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from fractal_rmo.domain.errors import ErrorCode, InfrastructureError

_POLL_SECONDS = 0.02


def try_lock(path: Path) -> int | None:
    """Return a descriptor that holds the lock until it is closed; None when someone else does."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextlib.contextmanager
def locked(path: Path, seconds: float) -> Iterator[None]:
    """Hold the lock for the block.

    Raises ``InfrastructureError`` (SERVER_FAILED) when it is not free within ``seconds``.
    """
    deadline = time.monotonic() + seconds
    while (descriptor := try_lock(path)) is None:
        if time.monotonic() > deadline:
            raise InfrastructureError(
                ErrorCode.SERVER_FAILED,
                f"Another process has been starting or stopping the servers for {seconds:.0f} s "
                f"(lock {path}).",
            )
        time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        os.close(descriptor)
