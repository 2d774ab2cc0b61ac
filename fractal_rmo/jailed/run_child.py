"""The forked run: confine, wait for the request, lay out files, send one marked result."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from fractal_rmo.jailed import channel, jail, kernel
from fractal_rmo.jailed.confine import Confinement
from fractal_rmo.jailed.layout import Box, lay_out
from fractal_rmo.jailed.limits import (
    RunLimits,
    address_space_in_use,
    apply_limits,
    open_reporting_room,
)
from fractal_rmo.jailed.problems import OutOfMemory
from fractal_rmo.jailed.shadowing import forget_shadowed_modules

Program = Callable[[Box, Mapping[str, Any]], dict[str, Any]]
NONCE_BYTES = 32


@dataclass(frozen=True)
class Bounds:
    """Whose rights the runs of a session have, and what confines them beside that."""

    identity: jail.Identity
    confinement: Confinement


@dataclass(frozen=True)
class Ends:
    """A run's ends: of the socket with its orders, of the pipes for its result and its output."""

    orders: socket.socket
    result: int
    output: int


def run_child(
    programs: Mapping[str, Program], bounds: Bounds, room: Path, ends: Ends, nonce: bytes
) -> NoReturn:
    """Confine this process, then perform the one request it is sent.  Never returns."""
    # Bound early: what candidate code does to these modules later changes nothing here.
    finish = _Finish(ends.result, nonce)
    try:
        held = address_space_in_use()  # which a jail may hide
        _take_places({ends.result, ends.orders.fileno()}, ends.output)
        jail.drop_privileges(bounds.identity)
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # after the user, which unsets it
        bounds.confinement.apply(room)
        _furnish(room)
        request = _next_order(ends.orders)
        limits = RunLimits.read(request["limits"])
        apply_limits(limits, held, bounds.identity.counted_before)
        box = _enter(room, request["files"])
        request["payload"]["exposed"] = bounds.confinement.exposes_files
        finish(_answer(programs[request["program"]], box, request["payload"], limits))
    except BaseException as error:  # noqa: BLE001 - the last line of the process
        finish({"fault": f"{type(error).__name__}: {error}"[:500]})


def _next_order(orders: socket.socket) -> dict[str, Any]:
    """The request, with the link of a linked run in its payload; ends here when there is none."""
    with orders:
        frame = channel.receive_frame(orders)
        if frame is None:
            os._exit(0)
        request: dict[str, Any] = json.loads(frame)
        received = channel.receive_fd(orders) if request.get("linked") else None
    request["payload"]["link"] = received[1] if received else -1
    return request


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
    for descriptor in [*sorted(fd for fd in kept if fd >= first), kernel.HIGHEST_FD]:
        kernel.close_range(first, descriptor - 1)
        first = descriptor + 1


def _furnish(room: Path) -> None:
    """What every run finds: folders for temporary files, and an environment of its own."""
    for name in ("tmp", "shm"):
        (room / name).mkdir()
    os.environ.clear()
    os.environ.update(
        HOME=str(room), TMPDIR=str(room / "tmp"), LANG="C.UTF-8", PYTHONDONTWRITEBYTECODE="1"
    )
    # libraries of numbers start a thread for each processor, and the machine may have many
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    tempfile.tempdir = None


def _enter(room: Path, files: Mapping[str, str]) -> Box:
    """Lay the files out, then make the code folder home: cwd and sys.path."""
    box = lay_out(room, files)
    os.chdir(box.code)
    sys.path[:0] = box.path
    forget_shadowed_modules(box.path)
    return box
