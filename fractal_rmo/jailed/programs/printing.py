"""What tests print, cut: pytest captures it, so that a test may print as much as it likes.

What is printed while no test runs, or past ``sys.stdout`` and ``sys.stderr``, counts against the
run's limit in full.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.run_child import Program

KEPT = 32 << 10
"""Bytes that all tests of a run may print, each stream for itself; the rest is dropped."""


class _Cut(io.RawIOBase):
    """Hands on what is written, of what comes ``within`` a test only so much."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor, self._room = descriptor, KEPT
        self._write = os.write
        self.within = False

    def writable(self) -> bool:
        """It is there for that."""
        return True

    def fileno(self) -> int:
        """That of the stream itself, for those who write past this one."""
        return self._descriptor

    def write(self, data: Any) -> int:
        """All of it is said to be written."""
        left = memoryview(data)
        size = left.nbytes
        if self.within:
            left = left[: max(0, self._room)]
            self._room -= size
        while left:
            left = left[self._write(self._descriptor, left) :]
        return size


_cuts: list[_Cut] = []
"""Those of this process: of its streams there are only two."""


def cutting(program: Program) -> Program:
    """The same program, in whose run tests are heard by way of streams that can be cut."""

    def run(box: Box, payload: Mapping[str, Any]) -> dict[str, Any]:
        _cuts[:] = [_Cut(1), _Cut(2)]
        sys.stdout, sys.stderr = streams = [_text(cut) for cut in _cuts]
        try:
            return program(box, payload)
        finally:
            _flush(streams)

    return run


@contextmanager
def in_test() -> Iterator[None]:
    """For as long as a test runs; what was printed before it counts as before."""
    _flush([sys.stdout, sys.stderr])
    for cut in _cuts:
        cut.within = True
    try:
        yield
    finally:
        _flush([sys.stdout, sys.stderr])
        for cut in _cuts:
            cut.within = False


def _flush(streams: Iterable[Any]) -> None:
    for stream in streams:
        try:  # noqa: SIM105 - it is asked twice for each test of each candidate
            stream.flush()
        except Exception:  # noqa: BLE001, S110 - a test may have closed or replaced it
            pass


def _text(cut: _Cut) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.BufferedWriter(cut), encoding="utf-8", errors="backslashreplace", write_through=True
    )
