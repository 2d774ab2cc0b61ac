"""One live line on a terminal; elsewhere a line for each stage."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self, TextIO

_EVERY_S = 0.1


class Line:
    """Shows stage, seconds, number of runs and what is being tried, overwriting itself.

    ``unit`` names what is counted, where it is not runs.
    """

    def __init__(self, stream: TextIO, unit: str = "run") -> None:
        self._stream = stream
        self._unit = unit
        self._live = stream.isatty()
        self._start = time.monotonic()
        self._shown = 0.0
        self._stage = ""

    def __enter__(self) -> Self:
        return self

    def show(self, stage: str, label: str, number: int) -> None:
        """Draw the line, at most ten times a second; without a terminal new stages only."""
        now = time.monotonic()
        if not self._live and stage != self._stage:
            self._stage = stage
            self._stream.write(f"after {now - self._start:5.1f} s: {stage}\n")
            self._stream.flush()
        if self._live and now - self._shown >= _EVERY_S:
            self._shown = now
            text = f"{stage:9} {now - self._start:5.1f} s  {self._unit} {number:5}  {label}"
            self._stream.write("\r\x1b[2K" + "".join(c for c in text if c.isprintable())[:100])
            self._stream.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live and self._shown:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()
