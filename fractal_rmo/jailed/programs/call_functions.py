"""``call_functions``: call functions of the code with given plain arguments, one after the other.

The calls run in forks of this process, so that one which never ends, exits or
crashes costs itself and not those behind it: the next fork goes on with the
next call.  Nothing is judged here; each answer is only told.
"""

from __future__ import annotations

import ast
import importlib
import json
import os
import resource
import select
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import takewhile
from types import TracebackType
from typing import Any, NoReturn

from fractal_rmo.jailed import kernel
from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.programs.answer_forms import answer_of, shortened

Json = Any
CALL_S = 0.25
"""What one call may take; a function that a test calls usually takes a thousandth of it."""
IMPORT_S = 5.0
TOTAL_S = 2.0
MOST_FORKS = 6
MOST_BYTES = 16 << 20
"""What one fork may tell; the code can reach the pipe, and write what it likes."""
_KEPT_FREE = 128 << 20
"""Address space that a fork leaves unused: it meets ``MemoryError`` before the run is ended."""


def run(box: Box, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Answers in the order of ``payload["calls"]``, each a mapping (None: not reached).

    A call is ``{"module", "name", "args", "named", "then"}``: ``args`` and
    ``named`` are texts of a list and of a mapping of literals, and ``then``
    names functions of the module that are called in turn with the answer.
    An answer is one of ``value`` with ``text`` (and ``changed``: whether the
    arguments are), ``too_large``, ``raised`` ([type, message, path, line]),
    ``late``, ``gone``.  ``problem`` says why the code cannot be imported.
    """
    calls: Sequence[Mapping[str, Any]] = payload["calls"]
    answers: list[Json] = [None] * len(calls)
    end, done, problem = time.monotonic() + TOTAL_S, 0, ""
    for _ in range(MOST_FORKS):
        if done >= len(calls) or problem or time.monotonic() > end:
            break
        told, how = _forked(partial(_call_all, box, calls[done:]), end)
        if told and "problem" in told[0]:
            problem = str(told[0]["problem"])
        else:
            told = told[: len(calls) - done]
            answers[done : done + len(told)] = told
            done += len(told)
            if done < len(calls):
                answers[done] = {how: True}
                done += 1
    return {"answers": answers, "problem": problem}


def _forked(
    work: Callable[[Callable[[Json], None]], None], end: float
) -> tuple[list[dict[str, Json]], str]:
    """What a fork tells, and how it ended if it did not tell all: ``late`` or ``gone``."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        _work_and_leave(work, writing)
    os.close(writing)
    told, has_ended = _lines(reading, end)
    os.close(reading)
    if not has_ended:  # it holds the pipe past the end; the run's own end takes it away
        return told, "late"
    _, status = os.waitpid(pid, 0)
    was_late = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM
    return told, "late" if was_late else "gone"


def _lines(reading: int, end: float) -> tuple[list[dict[str, Json]], bool]:
    """The answers that came up to the end of the pipe or of the time; whether the pipe ended."""
    data, has_ended = bytearray(), False
    while (left := end + 2 * CALL_S - time.monotonic()) > 0 and len(data) <= MOST_BYTES:
        if select.select([reading], [], [], left)[0]:
            chunk = os.read(reading, 1 << 16)
            data += chunk
            if has_ended := not chunk:
                break
    whole = bytes(data).rpartition(b"\n")[0]
    return list(takewhile(bool, map(_read, whole.split(b"\n")))), has_ended


def _read(line: bytes) -> dict[str, Json]:
    """One answer; {} for a line that is none."""
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _work_and_leave(work: Callable[[Callable[[Json], None]], None], writing: int) -> NoReturn:
    write, leave, encode = os.write, os._exit, json.JSONEncoder(ensure_ascii=True).encode

    def tell(answer: Json) -> None:
        line = memoryview(encode(answer).encode() + b"\n")
        while line:
            line = line[write(writing, line) :]

    try:
        _shut_off(writing)
        work(tell)
        leave(0)
    finally:
        leave(1)


def _shut_off(writing: int) -> None:
    """Reach nothing of the run but this pipe, print nowhere, end by the alarm, leave memory."""
    kernel.close_range(3, writing - 1)
    kernel.close_range(writing + 1, kernel.HIGHEST_FD)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if soft != resource.RLIM_INFINITY and soft > 2 * _KEPT_FREE:
        resource.setrlimit(resource.RLIMIT_AS, (soft - _KEPT_FREE, hard))


def _call_all(box: Box, calls: Sequence[Mapping[str, Any]], tell: Callable[[Json], None]) -> None:
    signal.setitimer(signal.ITIMER_REAL, IMPORT_S)
    for module in dict.fromkeys(call["module"] for call in calls):
        try:
            importlib.import_module(module)
        except BaseException as error:  # noqa: BLE001 - also sys.exit at import
            tell({"problem": f"{module}: {type(error).__name__}: {_words(error)}"})
            return
    for call in calls:
        signal.setitimer(signal.ITIMER_REAL, CALL_S)
        answer = _answered(box, call)
        signal.setitimer(signal.ITIMER_REAL, CALL_S)
        tell(answer)


def _answered(box: Box, call: Mapping[str, Any]) -> dict[str, Json]:
    module = importlib.import_module(call["module"])
    args, named = ast.literal_eval(call["args"]), ast.literal_eval(call["named"])
    given = repr((args, named))
    try:
        value = getattr(module, call["name"])(*args, **named)
        for name in call["then"]:
            value = getattr(module, name)(value)
        answer = answer_of(value)
    except MemoryError:
        return {"too_large": True}
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is told
        path, line = _deepest(box, error.__traceback__)
        return {"raised": [type(error).__name__[:100], _words(error), path, line]}
    return {**answer, "changed": repr((args, named)) != given}


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
