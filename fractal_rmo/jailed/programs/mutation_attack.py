"""``mutation_attack``: inputs on which a mutant and the code as it is differ.

The payload's ``targets`` are functions: ``{"calls", "mutants": [{"number", ...an edit of
make_mutants}]}``, the calls as in ``calling``.

``{"attacked": [{"number", "compared", "call", "original", "mutant"}]}``: ``compared`` calls
answered with built-in data in the original, other than None alone; ``call`` is the number of the
first that differs, -1 for none, and the two answers to it are as in ``calling``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.limits import MEGABYTE
from fractal_rmo.jailed.programs.calling import Job, ask
from fractal_rmo.jailed.programs.forks import cores
from fractal_rmo.jailed.programs.patches import Patch, Patches
from fractal_rmo.jailed.programs.plain_data import equal
from fractal_rmo.jailed.programs.swapping import Functions

_HELD_BACK = 1024 * MEGABYTE
_TRIES = 3
_ASKED_AGAIN_S = 3.0
_MISUSE = ("TypeError", "AttributeError")
"""What code raises for arguments of no sensible type: nobody would ask whether that is right."""

Answer = dict[str, Any]


def run(box: Box, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Attack until ``budget_s`` is over; mutants that were not attacked are left out."""
    until = time.monotonic() + payload["budget_s"]
    attacked, made = [], Patches(box)
    for target in payload["targets"]:
        if time.monotonic() < until:
            attacked += _attacked(box, made, target, until)
    return {"attacked": attacked}


def _attacked(
    box: Box, made: Patches, target: Mapping[str, Any], until: float
) -> list[dict[str, Any]]:
    calls, mutants = target["calls"], target["mutants"]
    patches = [made.mutant(mutant) for mutant in mutants]
    plain, *others = [Job(calls, partial(_swap, box, patch)) for patch in (None, *patches)]
    ask(box, [plain, *others], _HELD_BACK, cores(), until)
    return [
        _found(box, calls, mutant, patch, list(zip(plain.answers, job.answers, strict=False)))
        for mutant, patch, job in zip(mutants, patches, others, strict=True)
    ]


def _found(
    box: Box,
    calls: Sequence[Any],
    mutant: Mapping[str, Any],
    patch: Patch,
    pairs: Sequence[tuple[Answer, Answer]],
) -> dict[str, Any]:
    """What the answers of the code and of one mutant come to."""
    differing = [number for number, (one, other) in enumerate(pairs) if differ(one, other)]
    differing.sort(key=lambda number: _badness(*pairs[number]))
    call, sides = _confirmed(box, calls, patch, differing)
    compared = sum(_says_something(one) for one, _ in pairs)
    return {"number": mutant["number"], "compared": compared, "call": call, **sides}


def _swap(box: Box, patch: Patch | None) -> None:
    if patch is not None:
        Functions(box).swap(patch)


def _says_something(answer: Answer) -> bool:
    """Whether agreement with it counts: a procedure's None would agree with anything."""
    says = answer.get("text") != "None" or "left" in answer or "printed" in answer
    return bool(answer.get("whole")) and says


def differ(one: Answer, other: Answer) -> bool:
    """Whether an assertion on the original's answer would fail on the mutant's.

    An assertion sees the value or the exception with its message, what is left
    of the arguments, and what was printed.
    """
    if "raised" in one:
        error, message, *_ = one["raised"]
        if error in _MISUSE or not _is_comparable(other):
            return False
        return "raised" not in other or other["raised"][:2] != [error, message]
    if not one.get("whole") or not _is_comparable(other):
        return False
    same = "raised" not in other and equal(one["value"], other["value"])
    return not (same and _left(one, other) and one.get("printed") == other.get("printed"))


def _is_comparable(answer: Answer) -> bool:
    return "raised" in answer or bool(answer.get("whole"))


def _left(one: Answer, other: Answer) -> bool:
    """Whether both calls left their arguments alike; of what is no plain data nobody knows."""
    after, otherwise = one.get("left"), other.get("left")
    if after is None or otherwise is None:
        return after is otherwise
    return not after.get("whole") or equal(after["value"], otherwise.get("value"))


def _badness(one: Answer, other: Answer) -> tuple[bool, bool]:
    """An answer asks the better question than an exception, above all of the code as it is."""
    return "raised" in one, "raised" in other


def _confirmed(
    box: Box, calls: Sequence[Any], patch: Patch, differing: Sequence[int]
) -> tuple[int, dict[str, Answer]]:
    """The first call that differs in fresh processes as well, the original twice the same."""
    for number in differing[:_TRIES]:
        jobs = [Job([calls[number]], partial(_swap, box, which)) for which in (None, None, patch)]
        ask(box, jobs, _HELD_BACK, cores(), time.monotonic() + _ASKED_AGAIN_S)
        one, again, other = (job.answers[0] if job.answers else {} for job in jobs)
        if one and one == again and differ(one, other):
            return number, {"original": one, "mutant": other}
    return -1, {}
