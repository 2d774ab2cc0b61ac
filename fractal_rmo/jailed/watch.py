"""Watching one run from outside: its clock, its output, its result, and what gauges say."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from fractal_rmo.jailed.gauges import EVERY_S, Paced
from fractal_rmo.jailed.limits import MEGABYTE, RunLimits

RESULT_LIMIT = 8 * MEGABYTE
_CHUNK = 1 << 16


class HostGoneError(Exception):
    """Nobody is left to whom the run would matter."""


@dataclass
class Watched:
    """What was seen of a run.  ``met`` is (ending, sentence) when a limit ended it."""

    status: int = 0
    cpu_s: float = 0.0
    duration_s: float = 0.0
    result: bytearray = field(default_factory=bytearray)
    output: bytearray = field(default_factory=bytearray)
    met: tuple[str, str] | None = None


@dataclass(frozen=True)
class Ends:
    """The reading ends of a run's pipes, the line to the host, and the keeper's pidfd (or -1)."""

    result: int
    output: int
    host: int
    keeper: int = -1


def watch(pid: int, ends: Ends, limits: RunLimits, gauges: Iterable[Paced]) -> Watched:
    """Follow the run ``pid`` until it ends or meets a limit; it is dead when this returns.

    Its descendants may outlive it: sweeping them is the caller's business.
    Raises ``HostGoneError``.
    """
    seen = Watched()
    began = time.monotonic()
    handle = os.pidfd_open(pid)
    poll = select.poll()
    for fd in (handle, ends.result, ends.output):
        poll.register(fd, select.POLLIN)
    poll.register(ends.host, 0)  # only that it hung up
    if ends.keeper >= 0:
        poll.register(ends.keeper, select.POLLIN)
    try:
        while seen.met is None and not _step(poll, seen, handle, ends, limits):
            seen.met = seen.met or _overrun(time.monotonic() - began, limits)
            seen.met = seen.met or next(filter(None, (gauge() for gauge in gauges)), None)
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        _, seen.status, usage = os.wait4(pid, 0)
        os.close(handle)
    seen.cpu_s = usage.ru_utime + usage.ru_stime
    seen.duration_s = time.monotonic() - began
    return seen


def drain(seen: Watched, ends: Ends, limits: RunLimits) -> None:
    """Read what is left in the pipes once nobody can write to them any more."""
    while _read(ends.result, seen.result, RESULT_LIMIT):
        pass
    cap = limits.output_kb * 1024
    while _read(ends.output, seen.output, cap):
        pass
    if len(seen.output) > cap and seen.met is None:
        seen.met = _too_much_output(limits)


def _step(poll: select.poll, seen: Watched, handle: int, ends: Ends, limits: RunLimits) -> bool:
    """Wait for one event; True when the run has ended by itself."""
    ready = {fd for fd, _ in poll.poll(EVERY_S * 1000)}
    if ends.result in ready and not _read(ends.result, seen.result, RESULT_LIMIT):
        poll.unregister(ends.result)
    cap = limits.output_kb * 1024
    if ends.output in ready and not _read(ends.output, seen.output, cap):
        poll.unregister(ends.output)
    if len(seen.output) > cap:
        seen.met = _too_much_output(limits)
    if len(seen.result) > RESULT_LIMIT:
        seen.met = ("too_much_output", f"The result passed {RESULT_LIMIT // MEGABYTE} MB.")
    if ends.host in ready or ends.keeper in ready:
        raise HostGoneError
    return handle in ready


def _read(fd: int, into: bytearray, cap: int) -> bool:
    """Read once; False at the end of the pipe, when it is empty, or beyond the cap."""
    if len(into) > cap:
        return False
    try:
        part = os.read(fd, _CHUNK)
    except BlockingIOError:
        return False
    into += part
    return bool(part)


def _overrun(elapsed_s: float, limits: RunLimits) -> tuple[str, str] | None:
    if elapsed_s < limits.wall_s:
        return None
    return "timed_out", f"The run was stopped at its limit of {limits.wall_s:g} s."


def _too_much_output(limits: RunLimits) -> tuple[str, str]:
    return "too_much_output", f"The run printed more than its limit of {limits.output_kb} KB."
