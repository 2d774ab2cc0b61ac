"""Calls of functions of the code, in forks: what one call does costs no other.

A call that never ends, exits or crashes costs itself and not those behind it:
the next fork goes on with the next call.  Nothing is judged here.

A call is ``{"module", "name", "args", "named", "made", "then"}``: ``name`` is
that of a function or ``Class.method``; ``args`` and ``named`` are texts of a
list and of a mapping of literals, ``made`` the two texts of the call that makes
the object of a method or null, and ``then`` names functions of the module that
are called in turn with the answer.

An answer is ``{"value", "text", "whole"}`` (see ``plain_data``), ``too_large``,
``raised`` ([type, message, path, line]), ``late`` or ``gone`` (how the process
ended).  Beside a value stands ``left``: the positional arguments in the same
form, where the call changed its arguments; beside both ``printed``.
"""

from __future__ import annotations

import ast
import importlib
import io
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.programs.forks import Allowance, Ended, Tell, in_forks
from fractal_rmo.jailed.programs.plain_data import shortened, told

Json = Any
CALL_S = 0.25
"""What one call may take; a function that a test calls usually takes a thousandth of it."""
IMPORT_S = 5.0
MOST_LATE, _PATIENT = 40, 4
"""After so many calls that took too long the rest is left, and after fewer each has less time.

Code that never ends for a base of 1 meets many such inputs, and those behind them matter.
"""
_PRINTED_CHARS = 1000


@dataclass
class Job:
    """Calls to be asked in a row; ``prepare`` is done in each fork, after the imports."""

    calls: Sequence[Mapping[str, Any]]
    prepare: Callable[[], None] = lambda: None
    answers: list[dict[str, Json]] = field(default_factory=list)
    problem: str = ""
    late: int = 0

    @property
    def is_open(self) -> bool:
        """Whether there is more to ask."""
        is_stuck = bool(self.problem) or self.late >= MOST_LATE
        return len(self.answers) < len(self.calls) and not is_stuck

    @property
    def call_s(self) -> float:
        """What the next call may take."""
        return CALL_S if self.late < _PATIENT else CALL_S / 5

    @property
    def unanswered(self) -> Sequence[Mapping[str, Any]]:
        """The calls that are still to be asked."""
        return self.calls[len(self.answers) :]

    def take(self, ended: Ended) -> None:
        """Keep what a fork told, and how it ended for the call that it did not answer."""
        if ended.told and "problem" in ended.told[0]:
            self.problem = str(ended.told[0]["problem"])
            return
        self.answers += ended.told[: len(self.calls) - len(self.answers)]
        if len(self.answers) == len(self.calls) or ended.how == "cut_off":
            return
        is_late = ended.how == "timed_out"
        self.late += is_late
        self.answers.append({"late": True} if is_late else {"gone": ended.detail or "exit code 0"})


def ask(box: Box, jobs: Sequence[Job], held_back: int, side_by_side: int, until: float) -> None:
    """Have each job's calls answered, as far as they are by ``until``."""
    while time.monotonic() < until and (left := [job for job in jobs if job.is_open]):
        wall_s = max(0.0, until - time.monotonic()) + 2 * CALL_S
        allowance = Allowance(wall_s, wall_s, held_back, shut_off=True)
        tasks = [partial(_call_all, box, job) for job in left]
        for number, ended in in_forks(tasks, allowance, side_by_side, until):
            left[number].take(ended)


def _call_all(box: Box, job: Job, tell: Tell) -> None:
    """In a fork."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, IMPORT_S)
    for module in dict.fromkeys(call["module"] for call in job.unanswered):
        try:
            importlib.import_module(module)
        except BaseException as error:  # noqa: BLE001 - also sys.exit at import
            tell({"problem": f"{module}: {type(error).__name__}: {_words(error)}"})
            return
    job.prepare()
    for call in job.unanswered:
        signal.setitimer(signal.ITIMER_REAL, job.call_s)
        answer = _answered(box, call)
        signal.setitimer(signal.ITIMER_REAL, CALL_S)
        tell(answer)


def _answered(box: Box, call: Mapping[str, Any]) -> dict[str, Json]:
    printed = _Printed()
    args = ast.literal_eval(call["args"])
    named = ast.literal_eval(call["named"]) if call["named"] != "{}" else {}
    given = repr((args, named))
    try:
        with redirect_stdout(printed):
            answer = told(_value(call, args, named))
    except MemoryError:
        return {"too_large": True}
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is told
        path, line = _deepest(box, error.__traceback__)
        answer = {"raised": [type(error).__name__[:100], _words(error), path, line]}
        return answer | printed.as_json()
    if repr((args, named)) != given:
        answer["left"] = told(tuple(args))
    return answer | printed.as_json()


def _value(call: Mapping[str, Any], args: list[Any], named: dict[str, Any]) -> Any:
    module: Any = importlib.import_module(call["module"])
    *owners, name = call["name"].split(".")
    owner = module
    for each in owners:
        owner = getattr(owner, each)
    if call["made"] is not None:
        made, made_named = map(ast.literal_eval, call["made"])
        owner = owner(*made, **made_named)
    value = getattr(owner, name)(*args, **named)
    for following in call["then"]:
        value = getattr(module, following)(value)
    return value


class _Printed(io.TextIOBase):
    """Keeps the beginning of what is printed."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        self._text += str(text)[: _PRINTED_CHARS - len(self._text)]
        return len(text)

    def as_json(self) -> dict[str, Json]:
        return {"printed": self._text} if self._text else {}


def _deepest(box: Box, traceback: TracebackType | None) -> tuple[str, int]:
    """(path relative to the code, line) of the very deepest frame; ``("", 0)`` outside the code."""
    found = ("", 0)
    while traceback is not None:
        path = box.code_path(traceback.tb_frame.f_code.co_filename)
        found = (path, traceback.tb_lineno or 0) if path else ("", 0)
        traceback = traceback.tb_next
    return found


def _words(error: BaseException) -> str:
    try:
        return shortened(str(error))
    except Exception:  # noqa: BLE001 - foreign code
        return ""
