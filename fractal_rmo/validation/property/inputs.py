"""Inputs that nobody chose: made near those of the tests, from type hints and from constants.

Values are changed as a fuzzer does it (neighbours, boundaries, empty, longer,
duplicates, other orders), mixed between the calls that the tests make, and
drawn at random under a fixed seed.  Everything is plain data of built-in types.
"""

# pylint: disable=unidiomatic-typecheck  # a truth value is no number here

from __future__ import annotations

import ast
import math
import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, zip_longest
from typing import Any

from fractal_rmo.validation.property.arguments import MAX_ARGUMENT_CHARS, Arguments
from fractal_rmo.validation.property.hints import samples
from fractal_rmo.validation.property.targets import Target

SEED = 20_011
_MAX_CONSTANTS = 12
_MAX_PARTS = 6
_MAX_STARTS = 16
_WIDEST = 1_000_000
"""Numbers of the tests that are larger are kept, but no larger ones are made."""


def inputs_for(target: Target, count: int, seed: int = SEED) -> list[Arguments]:
    """At most ``count`` different arguments, those of the tests first; [] when none can be made."""
    starts = [*target.examples, *islice(_from_hints(target), count // 4)]
    if not starts:
        return []
    constants = constants_of(target.node)
    found = {str(start): start for start in starts}
    near = [_near(start, constants) for start in starts[:_MAX_STARTS]]
    mixed = (one for row in zip_longest(*near) for one in row if one is not None)
    _take(found, mixed, count * 2 // 3)
    rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
    _take(found, islice(_drawn(starts, constants, rng), 2 * count), count)
    return list(found.values())[:count]


def constants_of(node: ast.FunctionDef) -> list[object]:
    """Numbers and texts in the code, the numbers with their neighbours."""
    found: dict[str, object] = {}
    for part in ast.walk(node):
        value = part.value if isinstance(part, ast.Constant) else None
        if type(value) is int and abs(value) <= _WIDEST:
            found |= {repr(n): n for n in (value, value - 1, value + 1, -value)}
        elif type(value) is float or (isinstance(value, str) and 0 < len(value) <= 20):
            found[repr(value)] = value
    found.pop(repr(ast.get_docstring(node, clean=False)), None)
    return list(found.values())[: 3 * _MAX_CONSTANTS]


def _take(found: dict[str, Arguments], more: Iterable[Arguments], count: int) -> None:
    for arguments in more:
        if len(found) >= count:
            return
        text = str(arguments)
        if len(text) <= MAX_ARGUMENT_CHARS:
            found.setdefault(text, arguments)


def _from_hints(target: Target) -> Iterator[Arguments]:
    """Calls with what the hints of the required parameters allow, if all are understood."""
    required = target.required()
    columns = [samples(arg.annotation) for arg in required]
    if any(not column for column in columns):
        yield from ()
        return
    named = {arg.arg for arg in target.node.args.kwonlyargs}
    places = [arg.arg for arg in required]
    longest = max((len(column or []) for column in columns), default=1)
    for turn in range(2 * longest):
        row = [
            column[(turn + n * (turn // len(column))) % len(column)]
            for n, column in enumerate(columns)
            if column
        ]
        pairs = list(zip(places, row, strict=True))
        yield Arguments(
            tuple(value for name, value in pairs if name not in named),
            tuple((name, value) for name, value in pairs if name in named),
        )


def _near(start: Arguments, constants: Sequence[object]) -> Iterator[Arguments]:
    """The call with one of its values changed, each in turn."""
    values = start.values
    columns = [
        [(n, other) for other in neighbours(value, constants)] for n, value in enumerate(values)
    ]
    for row in zip_longest(*columns):
        for change in row:
            if change is not None:
                n, other = change
                yield start.with_values((*values[:n], other, *values[n + 1 :]))


def _drawn(
    starts: Sequence[Arguments], constants: Sequence[object], rng: random.Random
) -> Iterator[Arguments]:
    """Calls of which each value comes from some call of the tests, and may be changed twice."""
    shapes = [_shape(start) for start in starts]
    alike = {s: [start.values for start in starts if _shape(start) == s] for s in set(shapes)}
    steps: dict[str, list[object]] = {}  # the same values are met again and again
    while True:
        n = rng.randrange(len(starts))
        columns = zip(*alike[shapes[n]], strict=True)
        values = []
        for column in columns:
            value = rng.choice(column)
            for _ in range(rng.randrange(3)):
                text = repr(value)
                if text not in steps:
                    steps[text] = neighbours(value, constants)
                value = rng.choice(steps[text] or [value])
            values.append(value)
        yield starts[n].with_values(values)


def _shape(arguments: Arguments) -> tuple[int, tuple[str, ...]]:
    return len(arguments.args), tuple(name for name, _ in arguments.named)


def neighbours(value: object, constants: Sequence[object] = ()) -> list[object]:
    """Values of the same type that are a small step away, none of them the value itself."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return _numbers(value, constants)
    if isinstance(value, str):
        return _unlike(value, _texts(value, constants))
    if isinstance(value, list):
        return _unlike(value, _rows(value, constants))
    if isinstance(value, tuple):
        return [tuple(row) for row in _unlike(list(value), _rows(list(value), constants))]
    if isinstance(value, set):
        return [set(row) for row in _rows(sorted(value, key=repr), constants)[:20]]
    if isinstance(value, dict):
        return _unlike(value, _mappings(value, constants))
    return []


def _numbers(value: float, constants: Sequence[object]) -> list[object]:
    if isinstance(value, float) and not math.isfinite(value):
        return [0.0, 1.0]
    kind = type(value)
    near = [value + 1, value - 1, 0, -value, value * 2, kind(value / 2 if abs(value) < 1e15 else 1)]
    far = [1, 2, -1, 10, value + 10, *(c for c in constants if isinstance(c, int | float))]
    most = max(_WIDEST, abs(value))
    made = [kind(n) for n in (*near, *far) if abs(n) <= most]
    return _unlike(value, [*made, *([value + 0.5, value / 3] if kind is float else [])])


def _texts(value: str, constants: Sequence[object]) -> list[object]:
    half = len(value) // 2
    made = ["", value[1:], value[:-1], value[::-1], value + value[:1], value[:1], value[half:]]
    made += [value[:half] + value[half + 1 :], value[1:2] + value[:1] + value[2:], value * 2]
    made += [value.upper(), value.lower(), value.swapcase(), f" {value}", f"{value} "]
    made += [value[:half] + value[half : half + 1] * 2 + value[half + 1 :]]
    made += [c for c in constants if isinstance(c, str)]
    return [text for text in made if len(text) <= max(60, len(value))]


def _rows(value: list[Any], constants: Sequence[object]) -> list[list[Any]]:
    half = len(value) // 2
    made: list[list[Any]] = [value[1:], value[:-1], [], value[::-1], value[:1], value[half:]]
    made += [[*value, *value[:1]], [*value[:1], *value], value[:half] + value[half + 1 :]]
    made += [[*value[1:2], *value[:1], *value[2:]], [*value, *value], value[:1] * len(value)]
    made += [sorted(value, key=_order)]
    places = range(len(value))
    for n in [*places[: _MAX_PARTS // 2], *places[_MAX_PARTS // 2 :][-_MAX_PARTS // 2 :]]:
        others = [*neighbours(value[n], constants)[:8], *value[:1], *value[-1:]]
        made += [[*value[:n], other, *value[n + 1 :]] for other in others]
    return [row for row in made if len(row) <= max(24, len(value))]


def _order(value: object) -> tuple[str, float, str]:
    if isinstance(value, int | float):
        return "", value, ""
    return type(value).__name__, 0.0, repr(value)


def _mappings(value: dict[object, object], constants: Sequence[object]) -> list[object]:
    made: list[object] = [{}]
    for key in list(value)[:_MAX_PARTS]:
        made.append({k: v for k, v in value.items() if k != key})
        made += [{**value, key: other} for other in neighbours(value[key], constants)[:6]]
        rest = {k: v for k, v in value.items() if k != key}
        made += [{**rest, other: value[key]} for other in neighbours(key)[:3] if _is_key(other)]
    return made


def _is_key(value: object) -> bool:
    return isinstance(value, int | float | str | bool)


def _unlike(value: object, made: Iterable[Any]) -> list[Any]:
    """Without the value itself and without repetitions, in the order given."""
    found = {repr(one): one for one in made}
    found.pop(repr(value), None)
    return list(found.values())
