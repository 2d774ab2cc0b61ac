"""Data of exact built-in types as text: to be pasted into a test, and to be compared."""

# pylint: disable=unidiomatic-typecheck  # a subclass may write itself otherwise

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

MOST_CHARS = 1000
_DEEPEST = 20


class NotPlainError(Exception):
    """A value holds something else, or too much."""


def written(value: object) -> str:
    """A Python expression for a value; raises ``NotPlainError``.

    >>> written({"b": [1, (2.5,)], "s": {2, 1}})
    "{'b': [1, (2.5,)], 's': {1, 2}}"
    """
    return _bounded(value, _number)


def key(value: object) -> str:
    """Text that two values share exactly when ``==`` holds them equal; but nan equals itself.

    >>> key([1.0, True]) == key([1, 1]), key((1,)) == key([1])
    (True, False)
    """
    return _bounded(value, _equal_number)


def _bounded(value: object, number: Callable[[Any], str]) -> str:
    text = _text(value, number, 0)
    if len(text) > MOST_CHARS:
        raise NotPlainError
    return text


def _number(value: Any) -> str:
    if type(value) is float and not math.isfinite(value):
        return f"float('{value}')"
    return repr(value)


def _equal_number(value: Any) -> str:
    if type(value) is complex:
        return repr(value) if value.imag else _equal_number(value.real)
    if math.isfinite(value) and value == int(value):
        return repr(int(value))
    return repr(value)


def _text(value: Any, number: Callable[[Any], str], depth: int) -> str:
    kind = type(value)
    if depth > _DEEPEST:
        raise NotPlainError
    if value is None or kind in (str, bytes):
        return _limited(repr, value)
    if kind is bool and number is _number:
        return repr(value)
    if kind in (bool, int, float, complex):
        return _limited(number, value)
    if kind in (list, tuple, set, frozenset, dict):
        if len(value) > MOST_CHARS:
            raise NotPlainError
        return _collection(value, number, depth + 1)
    raise NotPlainError


def _limited(form: Callable[[Any], str], value: Any) -> str:
    if type(value) in (str, bytes) and len(value) > MOST_CHARS:
        raise NotPlainError
    try:
        return form(value)
    except ValueError as error:  # an int of more digits than Python writes
        raise NotPlainError from error


def _collection(value: Any, number: Callable[[Any], str], depth: int) -> str:
    kind = type(value)
    if kind is dict:
        pairs = [f"{_text(k, number, depth)}: {_text(v, number, depth)}" for k, v in value.items()]
        return f"{{{', '.join(sorted(pairs) if number is _equal_number else pairs)}}}"
    parts = [_text(part, number, depth) for part in value]
    if kind is list:
        return f"[{', '.join(parts)}]"
    if kind is tuple:
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    inside = ", ".join(sorted(parts))
    if kind is frozenset and number is _number:
        return f"frozenset({{{inside}}})" if parts else "frozenset()"
    return f"{{{inside}}}" if parts else "set()"
