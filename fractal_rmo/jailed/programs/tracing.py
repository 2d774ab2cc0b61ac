"""Which lines of the code a test executed, and a bound on how many.

A trace function that raises is unset by the interpreter, so a bare
``except:`` in a loop could go on untraced.  A profile function, set in the
same moment, brings the tracer back at the next call or return.
"""

from __future__ import annotations

import sys
import threading
from functools import lru_cache
from types import FrameType
from typing import Any, NoReturn

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.problems import StepLimitExceeded


class LineTracer:
    """Counts and records line events of the code's files, for one test at a time.

    The body of ``with tracer`` is traced, in this thread and in those that it starts.
    """

    def __init__(self, box: Box, step_limit: int | None, recording: bool = True) -> None:
        self._path = lru_cache(maxsize=None)(box.code_path)
        self._in_code = self._on_line if recording else self._on_counted_line
        self._limit = sys.maxsize if step_limit is None else step_limit
        self._steps = 0
        self._lines: dict[str, set[int]] = {}
        self._before: Any = None

    def __enter__(self) -> None:
        """Begin, from no line."""
        self._steps, self._lines = 0, {}
        self._before = sys.gettrace()
        threading.settrace(self._on_call)
        sys.settrace(self._on_call)

    def __exit__(self, *_: object) -> None:
        """End, whatever the test did to the trace function."""
        sys.setprofile(None)
        sys.settrace(self._before)
        threading.settrace(None)

    def lines(self) -> dict[str, list[int]]:
        """Executed lines of the last test, sorted, by path relative to the code."""
        return {path: sorted(numbers) for path, numbers in sorted(self._lines.items())}

    @property
    def steps(self) -> int:
        """How many lines the last test executed."""
        return self._steps

    def _on_call(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        return self._in_code if self._path(frame.f_code.co_filename) else None

    def _on_line(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            self._lines.setdefault(self._path(frame.f_code.co_filename), set()).add(frame.f_lineno)
        self._on_counted_line(frame, event, None)
        return self._on_line

    def _on_counted_line(self, _frame: FrameType, event: str, _argument: Any) -> Any:
        """Half the cost of keeping the line as well."""
        if event == "line":
            self._steps += 1
            if self._steps > self._limit:
                self._stop()
        return self._on_counted_line

    def _stop(self) -> NoReturn:
        sys.setprofile(self._bring_back)
        raise StepLimitExceeded(f"more than {self._limit:,} lines were executed")

    def _bring_back(self, _frame: FrameType, _event: str, _argument: Any) -> None:
        if sys.gettrace() is None:
            sys.settrace(self._on_call)


def make_tracer(box: Box, trace: bool, step_limit: int | None) -> LineTracer | None:
    """A tracer when the request needs one."""
    return LineTracer(box, step_limit, trace) if trace or step_limit is not None else None
