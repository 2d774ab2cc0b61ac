"""The forked run itself: confine, write the files, call the program, send one marked result."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from fractal_rmo.jailed import jail, kernel
from fractal_rmo.jailed.confine import Confinement
from fractal_rmo.jailed.layout import Box, lay_out
from fractal_rmo.jailed.limits import RunLimits, apply_limits, open_reporting_room
from fractal_rmo.jailed.problems import OutOfMemory
from fractal_rmo.jailed.shadowing import forget_shadowed_modules

Program = Callable[[Box, Mapping[str, Any]], dict[str, Any]]
NONCE_BYTES = 32


@dataclass(frozen=True)
class Bounds:
    """Whose rights the runs of a session have, and what confines them beside that."""

    identity: jail.Identity
    confinement: Confinement


def run_child(
    program: Program,
    request: Mapping[str, Any],
    bounds: Bounds,
    room: Path,
    pipes: tuple[int, int],
    nonce: bytes,
    link: int = -1,
) -> NoReturn:
    """Perform one request in this process, which never returns.

    ``pipes`` are the writing ends for the result and for captured output,
    ``link`` the socket to the run beside this one, where there is one.
    """
    result_fd, output_fd = pipes
    # Bound early: what candidate code does to these modules later changes nothing here.
    finish = _Finish(result_fd, nonce)
    try:
        _take_places({result_fd, link}, output_fd)
        limits = RunLimits.read(request["limits"])
        apply_limits(limits, bounds.identity.counted_before)
        jail.drop_privileges(bounds.identity)
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # after the user, which unsets it
        bounds.confinement.apply(room)
        box = _enter(room, request["files"])
        finish(_answer(program, box, {**request["payload"], "link": link}, limits))
    except BaseException as error:  # noqa: BLE001 - the last line of the process
        finish({"fault": f"{type(error).__name__}: {error}"[:500]})


def _answer(
    program: Program, box: Box, payload: Mapping[str, Any], limits: RunLimits
) -> dict[str, Any]:
    try:
        return {"value": program(box, payload)}
    except (OutOfMemory, MemoryError) as error:
        where = f" in {error}" if str(error) else ""
        return {"out_of_memory": f"The run needed more than {limits.memory_mb} MB{where}."}


class _Finish:
    """Sends the one marked result, with functions that were taken before candidate code ran."""

    def __init__(self, fd: int, nonce: bytes) -> None:
        self._fd, self._nonce, self._pid = fd, nonce, os.getpid()
        self._write, self._exit, self._getpid = os.write, os._exit, os.getpid
        self._encode = json.JSONEncoder(ensure_ascii=True).encode
        self._flush = (sys.stdout.flush, sys.stderr.flush)

    def __call__(self, answer: Mapping[str, Any]) -> NoReturn:
        sys.settrace(None)
        if self._getpid() != self._pid:
            self._exit(70)  # a fork by the tests came back here: only the first process reports
        open_reporting_room()
        body = self._encode(answer).encode()
        for flush in self._flush:
            try:
                flush()
            except (OSError, ValueError):
                continue
        message = memoryview(self._nonce + len(body).to_bytes(8, "big") + body)
        while message:
            message = message[self._write(self._fd, message) :]
        self._exit(0)


def _take_places(kept: Set[int], output_fd: int) -> None:
    """Own session, empty input, captured output, and no other descriptors than those kept."""
    os.setsid()
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    null = os.open("/dev/null", os.O_RDONLY)
    for source, target in ((null, 0), (output_fd, 1), (output_fd, 2)):
        os.dup2(source, target)
    first = 3
    for descriptor in [*sorted(fd for fd in kept if fd >= first), _highest_fd()]:
        os.closerange(first, descriptor)
        first = descriptor + 1


def _highest_fd() -> int:
    try:
        return max(map(int, os.listdir("/proc/self/fd"))) + 1  # noqa: PTH208 - names, not paths
    except OSError:
        return min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 65536)


def _enter(room: Path, files: Mapping[str, str]) -> Box:
    """Lay the files out, then make the code folder home: cwd, sys.path and environment."""
    for name in ("tmp", "shm"):
        (room / name).mkdir()
    box = lay_out(room, files)
    os.chdir(box.code)
    os.environ.clear()
    os.environ.update(
        HOME=str(room), TMPDIR=str(room / "tmp"), LANG="C.UTF-8", PYTHONDONTWRITEBYTECODE="1"
    )
    sys.path[:0] = box.path
    tempfile.tempdir = None
    forget_shadowed_modules(box.path)
    return box
