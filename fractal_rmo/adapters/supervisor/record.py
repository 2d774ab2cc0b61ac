"""The record of the sessions that a supervisor opened, so that others can end them after it.

The kernel kills the direct children of a supervisor that dies; their own
children are found here, by session.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from fractal_rmo.adapters.embedded import processes
from fractal_rmo.adapters.embedded.processes import Identity

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_SWEEP_SECONDS = 5.0
_POLL_SECONDS = 0.02


def record_path(folder: Path, supervisor: Identity) -> Path:
    """Return a name that no other supervisor's watchdog would touch."""
    return folder / f"supervised-{supervisor.pid}-{supervisor.started}.json"


def write(path: Path, leaders: Iterable[Identity]) -> None:
    """Replace the record in one step, so that a reader never meets half of it."""
    rows = [[leader.pid, leader.started] for leader in leaders]
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"boot": _BOOT.read_text("utf-8"), "leaders": rows}), "utf-8")
    fresh.replace(path)


def read(path: Path) -> list[Identity]:
    """Return the recorded leaders; none when the record is gone or of before a reboot."""
    try:
        found = json.loads(path.read_text("utf-8"))
        if found["boot"] != _BOOT.read_text("utf-8"):
            return []
        return [Identity(int(pid), int(started)) for pid, started in found["leaders"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def end_sessions(leaders: Iterable[Identity]) -> None:
    """SIGKILL everything in these sessions, again until nothing is left or 5 s have passed.

    Again, because a process may fork between being listed and being killed.
    """
    remaining = list(leaders)
    deadline = time.monotonic() + _SWEEP_SECONDS
    while time.monotonic() < deadline:
        members = [member for leader in remaining for member in processes.session_members(leader)]
        for member in members:
            if member.pid != os.getpid():
                processes.send(member, signal.SIGKILL)
        if not members:
            return
        time.sleep(_POLL_SECONDS)


def sweep(path: Path) -> None:
    """End what the record names, then forget it."""
    end_sessions(read(path))
    path.unlink(missing_ok=True)


def sweep_all(folder: Path) -> None:
    """End what supervisors before this one left behind."""
    for path in folder.glob("supervised-*.json"):
        sweep(path)
