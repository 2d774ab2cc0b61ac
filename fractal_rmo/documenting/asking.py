"""What functions answer to the calls that passing tests make: asked three times, in two jails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from fractal_rmo.domain.run import Dialogue, RunEnding
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.generated.answers import Answer, read_answers
from fractal_rmo.validation.generated.arguments import Arguments
from fractal_rmo.validation.generated.calls import Call, call_request
from fractal_rmo.validation.generated.targets import Target

MOST_CALLS = 12
"""Calls of one function that are asked."""
_AT_ONCE = 60
_MAKERS = 2


@dataclass(frozen=True, slots=True)
class Seen:
    """One call and what it answered, always the same."""

    call: Call
    answer: Answer


class NoJailError(Exception):
    """No jail could be started: nothing is known of the code."""


def calls_of(target: Target) -> list[Call]:
    """The calls that tests make with literals; of a method, on objects made as tests make them."""
    maker = target.maker
    if maker is None:
        return [Call(target, arguments) for arguments in target.examples[:MOST_CALLS]]
    makers: Sequence[Arguments] = maker.examples[:_MAKERS]
    if not makers and not maker.required():
        makers = [Arguments()]
    pairs = (Call(target, given, made=made) for given in target.examples for made in makers)
    return list(islice(pairs, MOST_CALLS))


def ask(code: SourceTree, calls: Iterable[Call], pause: Callable[[], bool]) -> Dialogue[list[Seen]]:
    """The answers that come alike under two hash seeds, in both orders, and when asked again.

    Once ``pause`` says True, no more are asked.  Raises ``NoJailError``.
    """
    waiting, seen = list(calls), list[Seen]()
    for start in range(0, len(waiting), _AT_ONCE):
        if pause():
            break
        some = waiting[start : start + _AT_ONCE]
        first = yield from _answers(code, some, 0)
        again = yield from _answers(code, [*some[::-1], *some], 1)
        rows = zip(some, first, again[len(some) - 1 :: -1], again[len(some) :], strict=True)
        seen += [Seen(call, one) for call, one, *more in rows if one.ended and [one, one] == more]
    return seen


def _answers(code: SourceTree, calls: Sequence[Call], seed: int) -> Dialogue[list[Answer]]:
    label = f"{len(calls)} calls of the tests" if len(calls) > 1 else f"the call {calls[0]}"
    result = yield call_request(code, calls, label, seed)
    if result.ending is RunEnding.UNAVAILABLE:
        raise NoJailError(result.detail)
    read = read_answers(result, len(calls)) if result.ending is RunEnding.COMPLETED else None
    return read[0] if read else [Answer("unreached")] * len(calls)
