"""The fork server of one task session: one request in, one fork, one reply out."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fractal_rmo.jailed import channel, jail, kernel, sweep
from fractal_rmo.jailed.limits import RunLimits
from fractal_rmo.jailed.reading import read_ending
from fractal_rmo.jailed.run_child import NONCE_BYTES, Program, run_child
from fractal_rmo.jailed.watch import Watched, drain, watch

BOX_MB = 64


class Session:
    """Serves the runs of one task until the host closes its end.

    With ``boxed`` it is process 1 of an own pid namespace whose root has been
    pivoted; without, a subreaper in the host's namespaces.
    """

    def __init__(
        self,
        sock: socket.socket,
        programs: Mapping[str, Program],
        identity: jail.Identity,
        boxed: bool,
    ) -> None:
        self._sock, self._programs, self._identity = sock, programs, identity
        self._room = _boxes if boxed else _folders
        self._sweep = sweep.sweep_namespace if boxed else sweep.sweep_descendants

    def serve(self) -> None:
        """Answer requests until the host is gone."""
        while (frame := channel.receive_frame(self._sock)) is not None:
            header, value = self._perform(json.loads(frame))
            channel.send_json(self._sock, header)
            channel.send_frame(self._sock, value)

    def _perform(self, request: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        program = self._programs.get(request["program"])
        if program is None:
            return _unavailable(f"This runtime has no program '{request['program']}'."), b""
        try:
            with self._room(self._identity.uid) as box:
                return self._fork(program, request, box)
        except OSError as error:
            return _unavailable(f"The run could not be started: {error}."), b""

    def _fork(
        self, program: Program, request: Mapping[str, Any], box: Path
    ) -> tuple[dict[str, Any], bytes]:
        limits = RunLimits.read(request["limits"])
        nonce = secrets.token_bytes(NONCE_BYTES)
        with _pipe() as result, _pipe() as output:
            pid = os.fork()
            if pid == 0:
                run_child(program, request, self._identity, box, (result[1], output[1]), nonce)
            for end in (result, output):
                os.close(end.pop())
            seen = self._follow(pid, result[0], output[0], limits)
        ending, detail, value = read_ending(seen, nonce, limits)
        header = {
            "ending": ending,
            "detail": detail,
            "duration_s": seen.duration_s,
            "output": bytes(seen.output[: limits.output_kb * 1024]).decode("utf-8", "replace"),
        }
        return header, value

    def _follow(self, pid: int, result_fd: int, output_fd: int, limits: RunLimits) -> Watched:
        os.set_blocking(result_fd, False)
        os.set_blocking(output_fd, False)
        try:
            seen = watch(pid, result_fd, output_fd, limits)
        finally:
            self._sweep()
        drain(seen, result_fd, output_fd, limits)
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


@contextmanager
def _boxes(owner: int) -> Iterator[Path]:
    """A tmpfs that is detached with whatever was put there, however deep or many."""
    jail.mount_box(BOX_MB, owner)
    try:
        yield Path(jail.BOX)
    finally:
        kernel.unmount(jail.BOX)


@contextmanager
def _folders(owner: int) -> Iterator[Path]:
    """A folder on the host's disk, removed by ``rm``, which no depth can exhaust."""
    folder = tempfile.mkdtemp(prefix="fractal-rmo-run-")
    if owner != os.geteuid():
        os.chown(folder, owner, owner)
    try:
        yield Path(folder)
    finally:
        remove = shutil.which("rm", path="/usr/bin:/bin") or "rm"
        subprocess.run([remove, "-rf", folder], check=False)
