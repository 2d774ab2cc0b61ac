"""Values a small step away, and what the code itself suggests as values.

What the code compares with is tried on both sides: constants and lengths.
"""

# pylint: disable=unidiomatic-typecheck  # a truth value is no number here

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

_MAX_CONSTANTS = 12
_MAX_PARTS = 6
_WIDEST = 1_000_000
"""Numbers of the tests that are larger are kept, but no larger ones are made."""
_LONGEST = 24


@dataclass(frozen=True)
class Clues:
    """What the code compares with: values with their neighbours, and lengths with theirs."""

    values: tuple[object, ...] = ()
    lengths: tuple[int, ...] = ()


_NO_CLUES = Clues()


def clues_of(node: ast.FunctionDef) -> Clues:
    """Numbers and texts in the code, the numbers with their neighbours; lengths compared with."""
    found: dict[str, object] = {}
    lengths: dict[int, None] = {}
    for part in ast.walk(node):
        value = part.value if isinstance(part, ast.Constant) else None
        if type(value) is int and abs(value) <= _WIDEST:
            found |= {repr(n): n for n in (value, value - 1, value + 1, -value)}
        elif type(value) is float or (isinstance(value, str) and 0 < len(value) <= 20):
            found[repr(value)] = value
        elif isinstance(part, ast.Compare):
            lengths |= dict.fromkeys(_lengths_in(part))
    found.pop(repr(ast.get_docstring(node, clean=False)), None)
    values = tuple(found.values())[: 3 * _MAX_CONSTANTS]
    return Clues(values, tuple(lengths)[:_MAX_CONSTANTS])


def _lengths_in(node: ast.Compare) -> Iterator[int]:
    """Lengths on both sides of those with which ``len`` of something is compared."""
    sides = [node.left, *node.comparators]
    calls = (side.func for side in sides if isinstance(side, ast.Call))
    if not any(isinstance(func, ast.Name) and func.id == "len" for func in calls):
        return
    for side in sides:
        value = side.value if isinstance(side, ast.Constant) else None
        if type(value) is int:
            yield from (n for n in (value, value - 1, value + 1) if 0 < n <= _LONGEST)


def neighbours(value: object, clues: Clues = _NO_CLUES) -> list[object]:
    """Values of the same type that are a small step away, none of them the value itself."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return _numbers(value, clues)
    if isinstance(value, str | bytes):
        return _unlike(value, _texts(value, clues))
    if isinstance(value, list):
        return _unlike(value, _rows(value, clues))
    if isinstance(value, tuple):
        return [tuple(row) for row in _unlike(list(value), _rows(list(value), clues))]
    if isinstance(value, set):
        return [set(row) for row in _rows(sorted(value, key=repr), clues)[:20]]
    if isinstance(value, dict):
        return _unlike(value, _mappings(value, clues))
    return []


def _numbers(value: float, clues: Clues) -> list[object]:
    if isinstance(value, float) and not math.isfinite(value):
        return [0.0, 1.0]
    kind = type(value)
    near = [value + 1, value - 1, 0, -value, value * 2, kind(value / 2 if abs(value) < 1e15 else 1)]
    far = [1, 2, -1, 10, value + 10, *(c for c in clues.values if isinstance(c, int | float))]
    most = max(_WIDEST, abs(value))
    made = [kind(n) for n in (*near, *far) if abs(n) <= most]
    return _unlike(value, [*made, *([value + 0.5, value / 3] if kind is float else [])])


def _texts(value: Any, clues: Clues) -> list[Any]:
    """Texts, or bytes from bytes."""
    half = len(value) // 2
    empty, space = value[:0], " " if isinstance(value, str) else b" "
    made = [empty, value[1:], value[:-1], value[::-1], value + value[:1], value[:1], value[half:]]
    made += [value[:half] + value[half + 1 :], value[1:2] + value[:1] + value[2:], value * 2]
    made += [value.upper(), value.lower(), value.swapcase(), space + value, value + space]
    made += [value[:half] + value[half : half + 1] * 2 + value[half + 1 :]]
    known = [c for c in clues.values if type(c) is type(value)]
    made += [*known, *(joined for c in known for joined in (c + value, value + c))]
    made += [_of_length(value, length) for length in clues.lengths]
    return [text for text in made if len(text) <= max(60, len(value))]


def _of_length(value: Any, length: int) -> Any:
    """The beginning of a sequence, repeated as often as it takes; itself when it is empty."""
    return (value * length)[:length]


def _rows(value: list[Any], clues: Clues) -> list[list[Any]]:
    half = len(value) // 2
    made: list[list[Any]] = [value[1:], value[:-1], [], value[::-1], value[:1], value[half:]]
    made += [[*value, *value[:1]], [*value[:1], *value], value[:half] + value[half + 1 :]]
    made += [[*value[1:2], *value[:1], *value[2:]], [*value, *value], value[:1] * len(value)]
    made += [sorted(value, key=_order), *(_of_length(value, length) for length in clues.lengths)]
    places = range(len(value))
    for n in [*places[: _MAX_PARTS // 2], *places[_MAX_PARTS // 2 :][-_MAX_PARTS // 2 :]]:
        alike = [*value[n - 1 : n], *value[:1], *value[-1:]]
        others = [*neighbours(value[n], clues)[:8], *alike]
        made += [[*value[:n], other, *value[n + 1 :]] for other in others]
    kinds = {type(item) for item in value}
    made += [[*value, constant] for constant in clues.values if type(constant) in kinds]
    return [row for row in made if len(row) <= max(_LONGEST, len(value))]


def _order(value: object) -> tuple[str, float, str]:
    if isinstance(value, int | float):
        return "", value, ""
    return type(value).__name__, 0.0, repr(value)


def _mappings(value: dict[object, object], clues: Clues) -> list[object]:
    made: list[object] = [{}]
    for key in list(value)[:_MAX_PARTS]:
        made.append({k: v for k, v in value.items() if k != key})
        made += [{**value, key: other} for other in neighbours(value[key], clues)[:6]]
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
