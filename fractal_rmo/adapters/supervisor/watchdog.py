"""Outlives a killed supervisor by the moment that it takes to end what that one started.

Run as ``python -m fractal_rmo.adapters.supervisor.watchdog RECORD``.  Standard
input is a pipe whose other end only the supervisor holds, so it ends when the
supervisor does, even by SIGKILL.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from fractal_rmo.adapters.supervisor import record


def main(path: Path) -> None:
    """Wait for the supervisor's end, then sweep its record."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    record.sweep(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
