"""Simpler arguments: numbers nearer to zero, shorter sequences, fewer keys.

Each step is one of those that a person would try by hand; a counter-example
is shrunk by taking the first step after which it still is one, again and
again (greedy, as in QuickCheck).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from fractal_rmo.validation.generated.arguments import Arguments

MAX_STEPS = 40
_MAX_PLACES = 10


def simpler(arguments: Arguments) -> list[Arguments]:
    """At most ``MAX_STEPS`` arguments that are one step simpler, the boldest first."""
    values = arguments.values
    found: dict[str, Arguments] = {}
    for n, value in enumerate(values):
        for other in simpler_values(value):
            one = arguments.with_values((*values[:n], other, *values[n + 1 :]))
            found.setdefault(str(one), one)
    found.pop(str(arguments), None)
    return sorted(found.values(), key=lambda one: len(str(one)))[:MAX_STEPS]


def simpler_values(value: object) -> Iterator[object]:
    """Values of the same type that are one step simpler; none for the simplest."""
    if isinstance(value, bool):
        yield from [False] * value
    elif isinstance(value, int):
        yield from _integers(value)
    elif isinstance(value, float):
        yield from _floats(value)
    elif isinstance(value, str):
        yield from _texts(value)
    elif isinstance(value, list | tuple):
        kind = type(value)
        yield from (kind(row) for row in _rows(list(value)))
    elif isinstance(value, set):
        rows = _shorter(sorted(value, key=repr))
        yield from (set(row) for row in rows)
    elif isinstance(value, dict):
        yield from _mappings(value)


def _integers(value: int) -> Iterator[int]:
    if value:
        yield 0
        yield int(value / 2) if abs(value) < 1 << 53 else value // 2
        yield value - 1 if value > 0 else value + 1
        if value < 0:
            yield -value


def _floats(value: float) -> Iterator[float]:
    if value and math.isfinite(value):
        yield 0.0
        if value != int(value):
            yield float(int(value))
        elif abs(value) > 1:
            yield float(int(value / 2))
        if value < 0:
            yield -value


def _texts(value: str) -> Iterator[str]:
    yield from ("".join(row) for row in _shorter(list(value)))
    for n, character in enumerate(value[:_MAX_PLACES]):
        if character not in "a0":
            yield f"{value[:n]}{'0' if character.isdigit() else 'a'}{value[n + 1 :]}"


def _rows(value: list[object]) -> Iterator[list[object]]:
    yield from _shorter(value)
    for n, item in enumerate(value[:_MAX_PLACES]):
        for other in simpler_values(item):
            yield [*value[:n], other, *value[n + 1 :]]


def _shorter(value: list[Any]) -> Iterator[list[Any]]:
    if value:
        half = len(value) // 2
        yield from ([], value[:half], value[half:])
        for n in range(min(len(value), _MAX_PLACES)):
            yield [*value[:n], *value[n + 1 :]]


def _mappings(value: dict[object, object]) -> Iterator[dict[object, object]]:
    if value:
        yield {}
    for key in list(value)[:_MAX_PLACES]:
        yield {k: v for k, v in value.items() if k != key}
        for other in simpler_values(value[key]):
            yield {**value, key: other}
