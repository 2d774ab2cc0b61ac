"""Watching one run from outside: its clock, its output, its result, its memory."""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from fractal_rmo.jailed.limits import MEGABYTE, RunLimits

RESULT_LIMIT = 8 * MEGABYTE
_TICK_S = 0.1
_CHUNK = 1 << 16


@dataclass
class Watched:
    """What was seen of a run.  ``met`` is (ending, sentence) when a limit ended it."""

    status: int = 0
    cpu_s: float = 0.0
    duration_s: float = 0.0
    result: bytearray = field(default_factory=bytearray)
    output: bytearray = field(default_factory=bytearray)
    met: tuple[str, str] | None = None


def watch(pid: int, result_fd: int, output_fd: int, limits: RunLimits) -> Watched:
    """Follow the run ``pid`` until it ends or meets a limit; it is dead when this returns.

    Its descendants may outlive it: sweeping them is the caller's business.
    """
    seen = Watched()
    began = time.monotonic()
    handle = os.pidfd_open(pid)
    poll = select.poll()
    for fd in (handle, result_fd, output_fd):
        poll.register(fd, select.POLLIN)
    try:
        while seen.met is None and not _step(poll, seen, handle, result_fd, output_fd, limits):
            seen.met = seen.met or _overrun(time.monotonic() - began, limits)
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        _, seen.status, usage = os.wait4(pid, 0)
        os.close(handle)
    seen.cpu_s = usage.ru_utime + usage.ru_stime
    seen.duration_s = time.monotonic() - began
    return seen


def drain(seen: Watched, result_fd: int, output_fd: int, limits: RunLimits) -> None:
    """Read what is left in the pipes once nobody can write to them any more."""
    while _read(result_fd, seen.result, RESULT_LIMIT):
        pass
    cap = limits.output_kb * 1024
    while _read(output_fd, seen.output, cap):
        pass
    if len(seen.output) > cap and seen.met is None:
        seen.met = _too_much_output(limits)


def _step(
    poll: select.poll,
    seen: Watched,
    handle: int,
    result_fd: int,
    output_fd: int,
    limits: RunLimits,
) -> bool:
    """Wait for one event; True when the run has ended by itself."""
    ready = {fd for fd, _ in poll.poll(_TICK_S * 1000)}
    if result_fd in ready and not _read(result_fd, seen.result, RESULT_LIMIT):
        poll.unregister(result_fd)
    cap = limits.output_kb * 1024
    if output_fd in ready and not _read(output_fd, seen.output, cap):
        poll.unregister(output_fd)
    if len(seen.output) > cap:
        seen.met = _too_much_output(limits)
    if len(seen.result) > RESULT_LIMIT:
        seen.met = ("too_much_output", f"The result passed {RESULT_LIMIT // MEGABYTE} MB.")
    if not ready:
        seen.met = seen.met or _memory_of_all(limits)
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


def _memory_of_all(limits: RunLimits) -> tuple[str, str] | None:
    """Whether the processes of the run together hold too much.

    RLIMIT_AS counts each process alone, so a run with children could use the
    limit many times over.  Proportional sizes are summed, which counts shared
    pages once.  Only a lone pid namespace may be read this way.
    """
    if os.getpid() != 1:
        return None
    used_kb = sum(map(_proportional_kb, Path("/proc").glob("[0-9]*")))
    if used_kb <= limits.memory_mb * 1024 * 1.25:
        return None
    return "out_of_memory", f"All processes of the run together passed {limits.memory_mb} MB."


def _proportional_kb(process: Path) -> int:
    if process.name == "1":
        return 0
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss_Anon:"))
