"""What a value is, as bounded JSON for comparing and as text for pasting.

Values of exact built-in types are told in full.  Two forms are equal, as
Python compares them, where ``==`` holds the values equal: 1, 1.0 and True
have one form, and so have a set and a frozen set; but nan equals itself.
``[tag, contents]`` stands for what JSON does not have.  Sets and dictionaries
are sorted, for their order is no part of their value.  Of everything else
only the type is told.
"""

# pylint: disable=unidiomatic-typecheck  # a subclass may lie about what it holds

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from itertools import islice
from typing import Any

Json = Any
MOST_NODES = 3000
MOST_CHARS = 30_000
TEXT_CHARS = 1000
_DEEPEST = 40
_WIDEST_PLAIN_INT = 1 << 53
_ITERATORS = ("generator", "map", "filter", "zip", "range", "enumerate", "dict_keys", "dict_values",
              "dict_items", "list_iterator", "reversed")  # fmt: skip


class _TooLargeError(Exception):
    """The value has more parts than are told."""


def told(value: Any) -> dict[str, Json]:
    """``{"value": form, "text", "whole"}``, or ``{"too_large": true}``.

    ``text`` is what a person would type, that of a list for an iterator.
    ``whole`` says that it is nothing less: it was not cut, and holds only
    built-in data.

    >>> told({"b": [1, (2.5,)], "s": {2, 1}})["text"]
    "{'b': [1, (2.5,)], 's': {1, 2}}"
    """
    teller = _Teller()
    try:
        form, text = teller.tell(value, is_outermost=True)
    except _TooLargeError:
        return {"too_large": True}
    whole = teller.is_plain and len(text) <= TEXT_CHARS
    return {"value": form, "text": shortened(text), "whole": whole}


def equal(one: Json, two: Json) -> bool:
    """Whether two forms are those of equal values; a wide integer may be told as a float."""
    one, two = _as_number(one), _as_number(two)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(equal, one, two))
    return bool(one == two)


def shortened(text: str) -> str:
    """At most ``TEXT_CHARS`` characters, the cut marked."""
    return text if len(text) <= TEXT_CHARS else f"{text[: TEXT_CHARS - 1]}…"


class _Teller:
    """Tells one value as (form, text); counts what it tells."""

    def __init__(self) -> None:
        self.is_plain = True
        self._nodes, self._chars, self._depth = 0, 0, 0

    def tell(self, value: Any, is_outermost: bool = False) -> tuple[Json, str]:
        self._count(value)
        kind = type(value)
        if value is None or kind is str:
            return value, repr(value)
        if kind in (bool, int, float, complex):
            return _form_of_number(value), _text_of_number(value)
        if kind in (bytes, bytearray):
            return ["bytes", repr(bytes(value))], repr(value)
        if kind in (list, tuple, set, frozenset):
            return self._tell_row(value)
        if kind is dict:
            return self._tell_pairs(value)
        return self._tell_other(value, is_outermost)

    def _tell_row(self, value: Any) -> tuple[Json, str]:
        kind, parts = type(value), self._each(value)
        if kind in (set, frozenset):
            parts.sort(key=_rank)
        inside = ", ".join(text for _, text in parts)
        forms = [form for form, _ in parts]
        if kind is list:
            return ["list", forms], f"[{inside}]"
        if kind is tuple:
            return ["tuple", forms], f"({inside}{',' if len(parts) == 1 else ''})"
        text = f"{{{inside}}}" if parts else "set()"
        if kind is frozenset:
            text = f"frozenset({text})" if parts else "frozenset()"
        return ["set", forms], text

    def _tell_pairs(self, value: dict[Any, Any]) -> tuple[Json, str]:
        pairs = list(zip(self._each(value), self._each(value.values()), strict=True))
        text = ", ".join(f"{key[1]}: {item[1]}" for key, item in pairs)
        pairs.sort(key=lambda pair: _rank(pair[0]))
        return ["dict", [[key[0], item[0]] for key, item in pairs]], f"{{{text}}}"

    def _tell_other(self, value: Any, is_outermost: bool) -> tuple[Json, str]:
        kind = type(value)
        if kind.__module__ == "builtins" and kind.__name__ in _ITERATORS:
            self.is_plain = self.is_plain and is_outermost
            parts = self._each(islice(value, MOST_NODES))
            inside = ", ".join(text for _, text in parts)
            return ["iterator", [form for form, _ in parts]], f"[{inside}]"
        self.is_plain = False
        return ["object", kind.__qualname__[:100]], f"<{kind.__qualname__[:100]}>"

    def _each(self, values: Iterable[Any]) -> list[tuple[Json, str]]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _TooLargeError
        parts = [self.tell(value) for value in values]
        self._depth -= 1
        return parts

    def _count(self, value: Any) -> None:
        kind = type(value)
        self._nodes += 1
        self._chars += len(value) if kind in (str, bytes, bytearray) else 1
        self._chars += value.bit_length() // 4 if kind is int else 0
        if self._nodes > MOST_NODES or self._chars > MOST_CHARS:
            raise _TooLargeError


def _rank(part: tuple[Json, str]) -> str:
    return json.dumps(part[0])


def _form_of_number(value: Any) -> Json:
    if type(value) is complex:
        return ["complex", repr(value)] if value.imag else _form_of_number(value.real)
    if type(value) is float:
        if not math.isfinite(value):
            return ["float", repr(value)]
        if not value.is_integer() or abs(value) >= _WIDEST_PLAIN_INT:
            return value
    number = int(value)
    return number if abs(number) < _WIDEST_PLAIN_INT else ["int", hex(number)]


def _text_of_number(value: Any) -> str:
    if type(value) is float and not math.isfinite(value):
        return f"float('{value}')"
    try:
        return repr(value)
    except ValueError:  # an int of more digits than Python writes
        return hex(value)


def _as_number(form: Json) -> Json:
    return int(form[1], 16) if isinstance(form, list) and form[:1] == ["int"] else form
