"""The fork server of one task session: one request in, one fork, one reply out."""

from __future__ import annotations

import json
import os
import secrets
import select
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fractal_rmo.jailed import channel
from fractal_rmo.jailed.gauges import gauges
from fractal_rmo.jailed.limits import RunLimits
from fractal_rmo.jailed.places import Place
from fractal_rmo.jailed.reading import read_ending
from fractal_rmo.jailed.run_child import NONCE_BYTES, Bounds, Program, run_child
from fractal_rmo.jailed.watch import Ends, HostGoneError, Watched, drain, watch


class Session:
    """Serves the runs of one task until the host closes its end.

    In namespaces it is process 1 of a pid namespace whose root has been
    pivoted; elsewhere a subreaper.  ``keeper`` is the pidfd of a process with
    which it ends: watched here, since a signal's handler may come at a moment
    when what it raises is lost.
    """

    def __init__(
        self,
        line: socket.socket,
        programs: Mapping[str, Program],
        bounds: Bounds,
        place: Place,
        keeper: int = -1,
    ) -> None:
        self._line, self._programs, self._bounds, self._place = line, programs, bounds, place
        self._keeper = keeper

    def serve(self) -> None:
        """Answer requests until the host or the keeper is gone."""
        with suppress(HostGoneError):
            while self._is_asked() and (frame := channel.receive_frame(self._line)) is not None:
                header, value = self._perform(json.loads(frame))
                channel.send_json(self._line, header)
                channel.send_frame(self._line, value)

    def _is_asked(self) -> bool:
        """Wait for the next request; False when there will be none."""
        poll = select.poll()
        poll.register(self._line.fileno(), select.POLLIN)
        if self._keeper >= 0:
            poll.register(self._keeper, select.POLLIN)
        return self._keeper not in {fd for fd, _ in poll.poll()}

    def _perform(self, request: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        program = self._programs.get(request["program"])
        if program is None:
            return _unavailable(f"This runtime has no program '{request['program']}'."), b""
        try:
            with self._link(request) as link, self._place.box(self._bounds.identity.uid) as box:
                return self._fork(program, request, box, link)
        except OSError as error:
            return _unavailable(f"The run could not be started: {error}."), b""

    @contextmanager
    def _link(self, request: Mapping[str, Any]) -> Iterator[list[int]]:
        """The descriptor that follows a request for one of two linked runs, closed afterwards."""
        found: list[int] = []
        if request.get("linked"):
            received = channel.receive_fd(self._line)
            found = [received[1]] if received else []
        try:
            yield found
        finally:
            for descriptor in found:
                os.close(descriptor)

    def _fork(
        self, program: Program, request: Mapping[str, Any], box: Path, link: list[int]
    ) -> tuple[dict[str, Any], bytes]:
        limits = RunLimits.read(request["limits"])
        nonce = secrets.token_bytes(NONCE_BYTES)
        with _pipe() as result, _pipe() as output:
            pid = os.fork()
            if pid == 0:
                ends = (result[1], output[1])
                run_child(program, request, self._bounds, box, ends, nonce, *link)
            while link:  # else the other run would not see this one end
                os.close(link.pop())
            for end in (result, output):
                os.close(end.pop())
                os.set_blocking(end[0], False)
            watched = Ends(result[0], output[0], self._line.fileno(), self._keeper)
            seen = self._follow(pid, watched, limits, box)
        ending, detail, value = read_ending(seen, nonce, limits)
        header = {
            "ending": ending,
            "detail": detail,
            "duration_s": seen.duration_s,
            "output": bytes(seen.output[: limits.output_kb * 1024]).decode("utf-8", "replace"),
        }
        return header, value

    def _follow(self, pid: int, ends: Ends, limits: RunLimits, box: Path) -> Watched:
        try:
            seen = watch(pid, ends, limits, gauges(self._place, box, limits))
        finally:
            self._place.sweep()
        drain(seen, ends, limits)
        return seen


def _unavailable(detail: str) -> dict[str, Any]:
    return {"ending": "unavailable", "detail": detail, "duration_s": 0.0, "output": ""}


@contextmanager
def _pipe() -> Iterator[list[int]]:
    ends = list(os.pipe())
    try:
        yield ends
    finally:
        for fd in ends:
            os.close(fd)
