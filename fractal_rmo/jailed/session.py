"""The fork server of one task session: one request in, one fork, one reply out."""

from __future__ import annotations

import json
import os
import select
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from fractal_rmo.jailed import channel
from fractal_rmo.jailed.gauges import gauges
from fractal_rmo.jailed.limits import RunLimits
from fractal_rmo.jailed.places import Place
from fractal_rmo.jailed.prepared import PreparedRun, prepared_run
from fractal_rmo.jailed.reading import read_ending
from fractal_rmo.jailed.run_child import Bounds, Program
from fractal_rmo.jailed.watch import Ends, HostGoneError, drain, watch


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
            while self._serve_one():
                pass

    def _serve_one(self) -> bool:
        """Prepare a run, then answer the request for it; False when there is none."""
        with ExitStack() as stack:
            run = self._prepared(stack)
            if not self._is_asked() or (frame := channel.receive_frame(self._line)) is None:
                return False
            if (
                isinstance(run, PreparedRun) and run.has_ended()
            ):  # nothing of the candidate's did it
                stack.close()
                run = self._prepared(stack)
            header, value = self._perform(frame, run)
            channel.send_json(self._line, header)
            channel.send_frame(self._line, value)
        return True

    def _prepared(self, stack: ExitStack) -> PreparedRun | OSError:
        try:
            return stack.enter_context(prepared_run(self._programs, self._bounds, self._place))
        except OSError as error:
            return error

    def _is_asked(self) -> bool:
        """Wait for the next request; False when there will be none."""
        poll = select.poll()
        poll.register(self._line.fileno(), select.POLLIN)
        if self._keeper >= 0:
            poll.register(self._keeper, select.POLLIN)
        return self._keeper not in {fd for fd, _ in poll.poll()}

    def _perform(self, frame: bytes, run: PreparedRun | OSError) -> tuple[dict[str, Any], bytes]:
        request = json.loads(frame)
        with self._link(request) as link:
            if isinstance(run, OSError):
                return _unavailable(f"The run could not be started: {run}."), b""
            if request["program"] not in self._programs:
                return _unavailable(f"This runtime has no program '{request['program']}'."), b""
            run.start(frame, link)
        return self._followed(run, RunLimits.read(request["limits"]))

    @contextmanager
    def _link(self, request: Mapping[str, Any]) -> Iterator[int | None]:
        """The descriptor that follows a request for one of two linked runs.

        Closed afterwards, else the other run would not see this one end.
        """
        received = channel.receive_fd(self._line) if request.get("linked") else None
        try:
            yield received[1] if received else None
        finally:
            if received:
                os.close(received[1])

    def _followed(self, run: PreparedRun, limits: RunLimits) -> tuple[dict[str, Any], bytes]:
        ends = Ends(run.result, run.output, self._line.fileno(), self._keeper)
        try:
            seen = watch(run.pid, ends, limits, gauges(self._place, run.room, limits))
        finally:
            self._place.sweep()
        drain(seen, ends, limits)
        ending, detail, value = read_ending(seen, run.nonce, limits)
        header = {
            "ending": ending,
            "detail": detail,
            "duration_s": seen.duration_s,
            "output": bytes(seen.output[: limits.output_kb * 1024]).decode("utf-8", "replace"),
        }
        return header, value


def _unavailable(detail: str) -> dict[str, Any]:
    return {"ending": "unavailable", "detail": detail, "duration_s": 0.0, "output": ""}
