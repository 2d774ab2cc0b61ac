"""``mutation_attack``: inputs on which a mutant and the code as it is differ.

The payload's ``targets`` are functions: ``{"path", "class", "function", "calls":
[[receiver, arguments]], "mutants": [{"number", ...an edit of make_mutants}]}`` with both parts
of a call as text of a literal tuple (``receiver`` makes the object of a method, "" for none).

``{"attacked": [{"number", "compared", "call", "original", "mutant"}]}``: ``compared`` calls
answered with built-in data in the original, other than None alone; ``call`` is the number of the
first that differs, -1 for none.  The sides are ``{"answer", "raises", "after"}`` as text: ``after``
are the arguments where the call changed them; ``"list": true`` says that a generator was read.
"""

# pylint: disable=unidiomatic-typecheck  # asking for more would run code of the object

from __future__ import annotations

import ast
import importlib
import itertools
import math
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import FrameType, GeneratorType
from typing import Any

from fractal_rmo.jailed.layout import Box, module_name
from fractal_rmo.jailed.programs.forks import Allowance, Task, cores, in_forks, one_fork
from fractal_rmo.jailed.programs.swapping import Functions
from fractal_rmo.jailed.programs.writing import NotPlainError, key, written

_CALL_S = 0.05
_ALL_CALLS_S = 1.5
_FORK = Allowance(cpu_s=4.0, wall_s=8.0)
_MOST_READ = 1000
_TRIES = 3
_MISUSE = ("TypeError", "AttributeError")
"""What code raises for arguments of no sensible type: nobody would ask whether that is right."""

Side = dict[str, Any]


def run(box: Box, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Attack until ``budget_s`` is over; mutants that were not attacked are left out."""
    until = time.monotonic() + payload["budget_s"]
    attacked = []
    for target in payload["targets"]:
        if time.monotonic() < until:
            attacked += _attacked(box, target, until)
    return {"attacked": attacked}


def _attacked(box: Box, target: Mapping[str, Any], until: float) -> list[dict[str, Any]]:
    original = one_fork(partial(_answers, box, target, None, target["calls"]), _FORK)
    plain = original.answer.get("answers", [])
    mutants = target["mutants"]
    tasks: list[Task] = [partial(_answers, box, target, m, target["calls"]) for m in mutants]
    found = []
    for number, ended in in_forks(tasks, _FORK, cores(), until):
        if ended.how != "answered":
            continue
        pairs = list(zip(plain, ended.answer["answers"], strict=False))
        differing = [i for i, (one, other) in enumerate(pairs) if _differ(one, other)]
        raising = [_raising(one, other) for one, other in pairs]
        differing.sort(key=raising.__getitem__)  # an answer asks the better question
        call, sides = _confirmed(box, target, mutants[number], differing)
        compared = sum(map(_says_something, plain[: len(pairs)]))
        found.append(
            {"number": mutants[number]["number"], "compared": compared, "call": call, **sides}
        )
    return found


def _says_something(side: Side | None) -> bool:
    """Whether agreement with it counts: a procedure's None would agree with anything."""
    if side is None or side["raises"]:
        return False
    return bool(side["answer"] != "None" or side["after"])


def _differ(one: Side | None, other: Side | None) -> bool:
    """Whether an assertion on the original's answer would fail on the mutant's."""
    if one is None or other is None or (one["raises"] and other["raises"]):
        return False
    if one["raises"] in _MISUSE:
        return False
    return bool(one["key"] != other["key"])


def _raising(one: Side | None, other: Side | None) -> int:
    """How many sides are exceptions, that of the original counting more."""
    return 2 * bool(one and one["raises"]) + bool(other and other["raises"])


def _confirmed(
    box: Box, target: Mapping[str, Any], mutant: Mapping[str, Any], differing: Sequence[int]
) -> tuple[int, dict[str, Side]]:
    """The first call that differs in fresh processes as well, the original twice the same."""
    for call in differing[:_TRIES]:
        tasks: list[Task] = [
            partial(_answers, box, target, which, [target["calls"][call]])
            for which in (None, None, mutant)
        ]
        ended = dict(in_forks(tasks, _FORK, cores(), math.inf))
        said = [ended[number].answer.get("answers", [None]) for number in range(len(tasks))]
        one, again, other = (answers[0] if answers else None for answers in said)
        if one is not None and one == again and other is not None and _differ(one, other):
            return call, {"original": one, "mutant": other}
    return -1, {}


def _answers(
    box: Box,
    target: Mapping[str, Any],
    mutant: Mapping[str, Any] | None,
    calls: Sequence[Sequence[str]],
) -> dict[str, Any]:
    """In a fork: what each call gives, None where that is no built-in data."""
    module = importlib.import_module(module_name(box.code / target["path"]))
    if mutant is not None:
        Functions(box).swap(mutant)
    signal.signal(signal.SIGVTALRM, _stop)
    until = time.monotonic() + _ALL_CALLS_S
    answers = []
    for receiver, arguments in calls:
        if time.monotonic() > until:
            break
        owner = getattr(module, target["class"]) if target["class"] else module
        answers.append(_answer(owner, target, receiver, arguments))
    return {"answers": answers}


class _TooLong(BaseException):
    """A call took too long; no ``Exception``, so that the code does not catch it."""


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _TooLong


def _answer(owner: Any, target: Mapping[str, Any], receiver: str, arguments: str) -> Side | None:
    try:
        given = ast.literal_eval(arguments)
        before = key(given)
        signal.setitimer(signal.ITIMER_VIRTUAL, _CALL_S)
        try:
            thing = owner(*ast.literal_eval(receiver)) if receiver else owner
            return _side(getattr(thing, target["function"]), given, before)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except (Exception, _TooLong, SystemExit):  # noqa: BLE001 - foreign code
        return None


def _side(function: Callable[..., Any], given: tuple[Any, ...], before: str) -> Side | None:
    try:
        answer = function(*given)
        listed = type(answer) is GeneratorType
        if listed:
            answer = list(itertools.islice(answer, _MOST_READ))
    except Exception as error:  # noqa: BLE001 - foreign code
        name = type(error).__name__
        return {"answer": "", "raises": name, "after": "", "list": False, "key": f"raises {name}"}
    try:
        left = key(given)
        changed = left != before
        return {
            "answer": written(answer),
            "raises": "",
            "after": written(given) if changed else "",
            "list": listed,
            "key": f"{key(answer)} after {left if changed else ''}",
        }
    except NotPlainError:
        return None
