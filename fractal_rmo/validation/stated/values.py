"""The values of a parameter, described in the words of the library hypothesis.

A description such as ``lists(integers(0, 9), max_size=5)`` is read and never
run.  What is made of it is a few values to begin with, and the test whether
another value belongs to them: the generator of level 5 makes the others.
"""

# pylint: disable=unidiomatic-typecheck  # a truth value is no number here

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fractal_rmo.validation.stated.refusing import PropertyRefusedError

_WIDEST = 10**12
_SPAN = 1000
_LONGEST_TEXT, _LONGEST_ROW, _MOST_SAMPLES, _MOST_PARTS, _DEEPEST = 50, 30, 50, 5, 5
_STARTS = 12
_LARGEST = 2000
"""Single values in all that a description begins with; nested rows multiply."""
_LETTERS = "abcxyz AZ019_-.é"


@dataclass(frozen=True)
class Values:
    """``starts`` are values to begin with; ``holds`` says whether a value is one of these.

    ``most`` is the largest of whole numbers, None where there may be others.
    ``size`` counts the single values in the largest of the starts, at most.
    """

    starts: tuple[Any, ...]
    holds: Callable[[object], bool]
    most: int | None = None
    size: int = 1


def read_values(text: str) -> Values:
    """The values that a description names; raises ``PropertyRefusedError``."""
    try:
        found = _read(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise PropertyRefusedError(f"'{text[:80]}' describes no values.") from error
    if not found.starts:
        raise PropertyRefusedError(f"There are no values '{text[:80]}'.")
    return found


def _read(node: ast.expr, depth: int = 0) -> Values:
    if depth > _DEEPEST or not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        raise PropertyRefusedError("Values are described by calls such as integers(0, 9).")
    name = node.func.id
    if name not in _WORDS or any(keyword.arg is None for keyword in node.keywords):
        raise PropertyRefusedError(f"'{name[:40]}' is no word for values.")
    parts, make = _WORDS[name]
    inner = node.args if parts < 0 else node.args[:parts]
    args = [_read(each, depth + 1) for each in inner]
    rest = [] if parts < 0 else [ast.literal_eval(each) for each in node.args[parts:]]
    named = {str(k.arg): ast.literal_eval(k.value) for k in node.keywords}
    return make(*args, *rest, **named)


def _of(
    made: Iterable[Any], holds: Callable[[object], bool], most: int | None = None, size: int = 1
) -> Values:
    """Those of the values that belong, each once; nothing is made where they are too large."""
    if size > _LARGEST:
        raise PropertyRefusedError("The values are too large.")
    kept = {repr(one): one for one in made if holds(one)}
    return Values(tuple(kept.values())[:_STARTS], holds, most, size)


def _integers(min_value: int | None = None, max_value: int | None = None) -> Values:
    low, high = _bounds(min_value, max_value, int)
    middle = (low + high) // 2
    near = [n for n in (0, 1, 2, 3, -1, 7, 10, -7) if low <= n <= high]
    made = [*near, low, high, middle, low + 1, high - 1]
    return _of(made, lambda v: type(v) is int and low <= v <= high, int(high))


def _floats(
    min_value: float | None = None, max_value: float | None = None, **flags: bool
) -> Values:
    if any(flags.values()) or not flags.keys() <= {"allow_nan", "allow_infinity"}:
        raise PropertyRefusedError("Numbers are finite.")
    low, high = map(float, _bounds(min_value, max_value, int | float))
    made = [0.0, 1.0, 0.5, -1.5, 2.75, low, high, (low + high) / 2, 10.0]
    return _of(made, lambda v: type(v) is float and math.isfinite(v) and low <= v <= high)


def _bounds(low: Any, high: Any, kind: Any) -> tuple[Any, Any]:
    if any(n is not None and (isinstance(n, bool) or not isinstance(n, kind)) for n in (low, high)):
        raise PropertyRefusedError("Bounds are numbers.")
    low = low if low is not None else min(-_SPAN, -_SPAN if high is None else high - _SPAN)
    high = high if high is not None else max(_SPAN, low + _SPAN)
    if not -_WIDEST <= low <= high <= _WIDEST:
        raise PropertyRefusedError("The bounds of the numbers hold none, or too many.")
    return low, high


def _booleans() -> Values:
    return _of((False, True), lambda v: type(v) is bool)


def _none() -> Values:
    return _of((None,), lambda v: v is None)


def _text(alphabet: str = "", min_size: int = 0, max_size: int | None = None) -> Values:
    low, high = _sizes(min_size, max_size, 12, _LONGEST_TEXT)
    if not isinstance(alphabet, str) or len(alphabet) > 200:
        raise PropertyRefusedError("An alphabet is a short text.")
    known = alphabet or _LETTERS
    made = _lengths(list(known), low, high)

    def holds(value: object) -> bool:
        fits = type(value) is str and low <= len(value) <= high
        return fits and (not alphabet or set(str(value)) <= set(alphabet))

    return _of(("".join(row) for row in made), holds)


def _lists(
    inner: Values, min_size: int = 0, max_size: int | None = None, unique: bool = False
) -> Values:
    low, high = _sizes(min_size, max_size, 8, _LONGEST_ROW)

    def holds(value: object) -> bool:
        if type(value) is not list or not low <= len(value) <= high:
            return False
        is_fine = not unique or len(set(map(repr, value))) == len(value)
        return is_fine and all(map(inner.holds, value))

    return _of(_lengths(inner.starts, low, high), holds, size=_width(low, high) * inner.size)


def _sets(inner: Values, min_size: int = 0, max_size: int | None = None) -> Values:
    low, high = _sizes(min_size, max_size, 8, _LONGEST_ROW)

    def holds(value: object) -> bool:
        if not isinstance(value, set) or not low <= len(value) <= high:
            return False
        return all(map(inner.holds, value))

    made = (set(row) for row in _lengths(inner.starts, low, high))
    return _of(made, holds, size=_width(low, high) * inner.size)


def _tuples(*inner: Values) -> Values:
    _few(inner)

    def holds(value: object) -> bool:
        if not isinstance(value, tuple) or len(value) != len(inner):
            return False
        return all(one.holds(v) for one, v in zip(inner, value, strict=True))

    return _of(rows([one.starts for one in inner]), holds, size=sum(one.size for one in inner))


def _dictionaries(
    keys: Values, values: Values, min_size: int = 0, max_size: int | None = None
) -> Values:
    low, high = _sizes(min_size, max_size, 8, _LONGEST_ROW)

    def holds(value: object) -> bool:
        if type(value) is not dict or not low <= len(value) <= high:
            return False
        return all(keys.holds(k) and values.holds(v) for k, v in value.items())

    turned = [values.starts[n % len(values.starts)] for n in range(len(keys.starts))]
    pairs = list(zip(keys.starts, turned, strict=True))
    made = (dict(row) for row in _lengths(pairs, low, high))
    return _of(made, holds, size=_width(low, high) * (keys.size + values.size))


def _sampled_from(values: Sequence[Any]) -> Values:
    if not isinstance(values, list | tuple) or len(values) > _MOST_SAMPLES:
        raise PropertyRefusedError("Values are sampled from a short list of literals.")
    known = frozenset(map(repr, values))
    return Values(tuple(values), lambda v: repr(v) in known)


def _just(value: object) -> Values:
    return _sampled_from([value])


def _one_of(*inner: Values) -> Values:
    _few(inner)
    turns = range(max(len(one.starts) for one in inner))
    made = [one.starts[n] for n in turns for one in inner if n < len(one.starts)]
    size = max(one.size for one in inner)
    return _of(made, lambda v: any(one.holds(v) for one in inner), size=size)


def _few(inner: Sequence[Values]) -> None:
    if not 1 <= len(inner) <= _MOST_PARTS:
        raise PropertyRefusedError(f"From 1 to {_MOST_PARTS} parts are allowed.")


def _sizes(low: int, high: int | None, usual: int, most: int) -> tuple[int, int]:
    high = max(low, usual) if high is None else high
    if type(low) is not int or type(high) is not int or not 0 <= low <= high <= most:
        raise PropertyRefusedError(f"A size is from 0 to {most}.")
    return low, high


def _width(low: int, high: int) -> int:
    """The length of the longest of ``_lengths``, which has no more than all starts, or ``low``."""
    return max(low, min(high, _STARTS))


def _lengths(items: Sequence[Any], low: int, high: int) -> list[list[Any]]:
    """Rows of the items, short ones first: in order, backwards, and one item several times."""
    first, last = items[0], items[-1]
    made = [
        *([], [first], [last], [first, last], [last, first], [first, first]),
        *(list(items[:3]), list(items[:5])[::-1], [first, *items[:3], first], list(items)),
    ]
    padded = [row + [items[n % len(items)] for n in range(low - len(row))] for row in made]
    return [row[:high] for row in padded]


def rows(columns: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Each value of each column at least once, in changing company."""
    longest = max(map(len, columns))
    return [
        tuple(column[(turn + n * (turn // len(column))) % len(column)] for n, column in
              enumerate(columns))
        for turn in range(2 * longest)
    ]  # fmt: skip


_WORDS: Mapping[str, tuple[int, Callable[..., Values]]] = {
    "integers": (0, _integers),
    "floats": (0, _floats),
    "booleans": (0, _booleans),
    "none": (0, _none),
    "text": (0, _text),
    "lists": (1, _lists),
    "sets": (1, _sets),
    "tuples": (-1, _tuples),
    "dictionaries": (2, _dictionaries),
    "sampled_from": (0, _sampled_from),
    "just": (0, _just),
    "one_of": (-1, _one_of),
}
"""Each word with how many values it is made of (-1: any number), and how."""
WORDS = tuple(_WORDS)
