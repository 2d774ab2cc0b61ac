"""Processes by identity: a process id alone names a different process after it is reused."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

_POLL_SECONDS = 0.02
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Identity:
    """A process id together with its start, in clock ticks since the machine's boot."""

    pid: int
    started: int


@dataclass(frozen=True, slots=True)
class ProcessFacts:
    """What the kernel tells of a process."""

    state: str
    session: int
    started: int


def facts(pid: int) -> ProcessFacts | None:
    """Read ``/proc/PID/stat``; None when there is no such process."""
    try:
        line = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    # the command's name stands in parentheses and may itself hold any character
    fields = line.rpartition(")")[2].split()
    return ProcessFacts(state=fields[0], session=int(fields[3]), started=int(fields[19]))


def identify(pid: int) -> Identity | None:
    """Return the running process of this id; None when it has ended, even if not yet reaped."""
    found = facts(pid)
    return None if found is None or found.state in "ZX" else Identity(pid, found.started)


def is_alive(process: Identity) -> bool:
    """Whether exactly this process still runs."""
    return identify(process.pid) == process


def uptime_seconds(process: Identity) -> float:
    """Seconds since this process started."""
    since_boot = float((_PROC / "uptime").read_text().split()[0])
    return max(0.0, since_boot - process.started / os.sysconf("SC_CLK_TCK"))


def runs_with_argument(pid: int, text: str) -> Identity | None:
    """Return the process when it runs and its command line holds ``text``."""
    found = identify(pid)
    try:
        words = (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return None
    return found if os.fsencode(text) in words else None


def session_members(leader: Identity) -> list[Identity]:
    """Return what still runs in the session that this process opened, the leader included.

    A session's number is not given away again while a member lives, so after
    the leader's death the members are still its own.
    """
    now = identify(leader.pid)
    if now is not None and now != leader:
        return []  # the number is another process's by now, so the session has ended
    members = []
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        found = facts(int(entry.name))
        if found and found.session == leader.pid and found.state not in "ZX":
            members.append(Identity(int(entry.name), found.started))
    return members


def send(process: Identity, number: signal.Signals) -> None:
    """Signal exactly this process; nothing happens when it has ended."""
    if is_alive(process):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)


def wait_gone(process: Identity, seconds: float) -> bool:
    """Wait until the process has ended; False when it still runs after ``seconds``."""
    deadline = time.monotonic() + seconds
    while is_alive(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def end(process: Identity, *steps: tuple[signal.Signals, float]) -> bool:
    """Send each signal and wait its seconds, until the process has ended; whether it did."""
    for number, seconds in steps:
        send(process, number)
        if wait_gone(process, seconds):
            return True
    return False
