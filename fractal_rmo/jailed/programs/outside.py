"""``outside``: each check in an interpreter of its own, started by exec, with nothing loaded.

The value is ``{"checks": [{"ended", "status", "asked", "report", "output"}]}``,
in the order of the payload's ``checks``: whether it ``exited`` or was still
``running`` when its time was up, its exit status (negative for a signal),
whether it took the one empty line on its standard input, what
``outside_child`` reported (unread), and the end of what it printed.
"""

from __future__ import annotations

import marshal
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from fractal_rmo.jailed.layout import Box

REPORT_BYTES, OUTPUT_BYTES = 1 << 20, 2000
_CHUNK = 1 << 16
_CHILD = compile(
    Path(__file__).with_name("outside_child.py").read_bytes(), "<outside>", "exec", optimize=2
)
_START = """
import marshal, sys, _io
with _io.FileIO(int(sys.argv[1])) as given:
    code, spec = marshal.loads(given.readall())
names = {"__name__": "outside"}
exec(code, names)
names["main"](spec)
"""
_INTERPRETER = (sys.executable, "-P", "-s", "-S", "-B", "-c", _START)


def run(box: Box, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Perform the checks, one after the other.

    A check: ``kind``, ``name``, ``package``, ``file``, ``arguments``, ``docs``
    (see ``outside_child``), ``before`` and ``after`` (folders, relative to the
    code, that stand before and after the packages on its path), ``seconds``.
    """
    packages = [entry for entry in sys.path if entry not in box.path]
    return {"checks": [_perform(box, check, packages) for check in payload["checks"]]}


def _perform(box: Box, check: Mapping[str, Any], packages: Sequence[str]) -> dict[str, Any]:
    with ExitStack() as stack:
        (report, telling), (output, printing), (asking, answering) = (
            _pipe(stack), _pipe(stack), _pipe(stack)
        )  # fmt: skip
        os.write(answering, b"\n")
        os.close(answering)
        spec = {**_spec(box, check, packages), "report": telling}
        child = _started(box, spec, (asking, printing))
        os.close(telling)
        os.close(printing)
        said = _Said(report, output)
        ended = said.follow(child, float(check["seconds"]))
        asked = not os.read(asking, 1)  # its other end is closed, so this never waits
    return {
        "ended": "exited" if ended else "running",
        "status": child.returncode,
        "asked": asked,
        "report": said.report.decode("utf-8", "replace"),
        "output": said.output.decode("utf-8", "replace"),
    }


def _spec(box: Box, check: Mapping[str, Any], packages: Sequence[str]) -> dict[str, Any]:
    """A check with absolute paths, as ``outside_child`` wants it."""
    before, after = (
        [os.path.normpath(box.code / folder) for folder in check[where]]
        for where in ("before", "after")
    )
    return {
        **{name: check[name] for name in ("kind", "name", "package", "arguments", "docs")},
        "path": [*before, *packages, *after],
        "code": f"{box.code}/",
        "file": str(box.code / check["file"]),
    }


def _started(box: Box, spec: Mapping[str, Any], ends: tuple[int, int]) -> subprocess.Popen[bytes]:
    """The interpreter of a check; ``ends`` are its standard input and what it prints to."""
    with tempfile.TemporaryFile() as given:
        given.write(marshal.dumps((_CHILD, dict(spec))))
        given.seek(0)
        return subprocess.Popen(  # pylint: disable=consider-using-with  # followed by its caller
            [*_INTERPRETER, str(given.fileno())],
            stdin=ends[0],
            stdout=ends[1],
            stderr=ends[1],
            pass_fds=(spec["report"], given.fileno()),
            cwd=box.code,
            env={**os.environ, "PYTHONHASHSEED": "0"},
            start_new_session=True,
        )


def _pipe(stack: ExitStack) -> tuple[int, int]:
    """A pipe whose reading end is closed with the stack."""
    reading, writing = os.pipe()
    stack.callback(os.close, reading)
    return reading, writing


class _Said:
    """What a child reports and prints; neither can fill our memory."""

    def __init__(self, report: int, output: int) -> None:
        self._ends = (report, output)
        self.report, self.output = bytearray(), bytearray()

    def follow(self, child: subprocess.Popen[bytes], seconds: float) -> bool:
        """Listen until the child ends, or its time; end what is left.  Whether it ended itself."""
        until = time.monotonic() + seconds
        poll = select.poll()
        handle = os.pidfd_open(child.pid)
        for fd in (handle, *self._ends):
            os.set_blocking(fd, False)
            poll.register(fd, select.POLLIN)
        ready: set[int] = set()
        while handle not in ready and (left := until - time.monotonic()) > 0:
            ready = {fd for fd, _ in poll.poll(left * 1000)}
            for fd in ready.intersection(self._ends):
                if not self._read(fd):
                    poll.unregister(fd)
        os.close(handle)
        with suppress(ProcessLookupError, PermissionError):  # the sweep after the run ends the rest
            os.killpg(child.pid, signal.SIGKILL)
        if handle in ready:
            child.wait()
            for fd in self._ends:
                self._drain(fd)
        return handle in ready

    def _drain(self, fd: int) -> None:
        """What the pipe still holds; no more, since a grandchild may write on."""
        for _ in range(REPORT_BYTES // _CHUNK):
            if not self._read(fd):
                return

    def _read(self, fd: int) -> bool:
        """Keep the beginning of the report and the end of the output; False at the end."""
        try:
            part = os.read(fd, _CHUNK)
        except BlockingIOError:
            return False
        if fd == self._ends[0]:
            self.report += part[: REPORT_BYTES - len(self.report)]
        else:
            self.output = (self.output + part)[-OUTPUT_BYTES:]
        return bool(part)
