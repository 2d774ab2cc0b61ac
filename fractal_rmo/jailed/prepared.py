"""A run that is forked, confined and waiting before it is asked for.

Preparing takes longer than a short run itself, so it is done while the
session waits for its host.  What is asked for comes over a socket of its own.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from fractal_rmo.jailed import channel
from fractal_rmo.jailed.places import Place
from fractal_rmo.jailed.run_child import NONCE_BYTES, Bounds, Ends, Program, run_child

_PATIENCE_S = 10.0
"""How long a waiting run may take to read what it is to do."""


@dataclass(frozen=True)
class PreparedRun:
    """The process, its folder, its mark, and our ends of its channels (both pipes unblocking)."""

    pid: int
    room: Path
    nonce: bytes
    orders: socket.socket
    result: int
    output: int

    def has_ended(self) -> bool:
        """Whether it was ended, by whomever, before it was asked for anything."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def start(self, request: bytes, link: int | None) -> None:
        """Hand over the request and, for one of two linked runs, the descriptor between them.

        A run that has ended meanwhile is for its watcher to tell.
        """
        with suppress(OSError):
            channel.send_frame(self.orders, request)
            if link is not None:
                channel.send_fd(self.orders, link)
        self.orders.close()


@contextmanager
def prepared_run(
    programs: Mapping[str, Program], bounds: Bounds, place: Place
) -> Iterator[PreparedRun]:
    """A run of one of the ``programs``; it and all it started have ended afterwards."""
    nonce = os.urandom(NONCE_BYTES)
    with ExitStack() as stack:
        room = stack.enter_context(place.box(bounds.identity.uid))
        ours, theirs = socket.socketpair()
        ours.settimeout(_PATIENCE_S)
        stack.callback(ours.close)
        result, output = _pipe(stack), _pipe(stack)
        stack.callback(place.sweep)
        pid = os.fork()
        if pid == 0:
            run_child(programs, bounds, room, Ends(theirs, result[1], output[1]), nonce)
        theirs.close()
        for reading, writing in (result, output):
            os.close(writing)
            os.set_blocking(reading, False)
        yield PreparedRun(pid, room, nonce, ours, result[0], output[0])


def _pipe(stack: ExitStack) -> tuple[int, int]:
    """A pipe whose reading end is closed with the stack."""
    reading, writing = os.pipe()
    stack.callback(os.close, reading)
    return reading, writing
