"""What a called function answered, as bounded JSON that another process can compare.

Values of exact built-in types are told in full: ``[tag, contents]`` for what
JSON does not have.  Sets and dictionaries are sorted, for their order is no
part of their value.  Of everything else only the type is told.
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
TEXT_CHARS = 300
_DEEPEST = 40
_WIDEST_PLAIN_INT = 1 << 53
_ITERATORS = ("generator", "map", "filter", "zip", "range", "enumerate", "dict_keys", "dict_values",
              "dict_items", "list_iterator", "reversed")  # fmt: skip


class TooLargeError(Exception):
    """The answer has more parts than are told."""


class _Teller:
    """Tells one value; counts what it tells."""

    def __init__(self) -> None:
        self._nodes, self._chars, self._depth = 0, 0, 0

    def form(self, value: Any) -> Json:
        self._count(value)
        kind = type(value)
        if value is None or kind in (bool, str):
            return value
        if kind is int:
            return value if abs(value) < _WIDEST_PLAIN_INT else ["int", hex(value)]
        if kind is float:
            return value if math.isfinite(value) else ["float", repr(value)]
        if kind in (list, tuple):
            return [kind.__name__, self._each(value)]
        if kind in (set, frozenset):
            return [kind.__name__, _sorted(self._each(value))]
        if kind is dict:
            return ["dict", _sorted([self._each(pair) for pair in value.items()])]
        return self._rarer(value)

    def _rarer(self, value: Any) -> Json:
        kind = type(value)
        if kind in (bytes, bytearray, complex):
            return [kind.__name__, repr(value)]
        if kind.__module__ == "builtins" and kind.__name__ in _ITERATORS:
            return ["iterator", self._each(islice(value, MOST_NODES))]
        return ["object", kind.__qualname__[:100]]

    def _each(self, values: Iterable[Any]) -> list[Json]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise TooLargeError
        forms = [self.form(value) for value in values]
        self._depth -= 1
        return forms

    def _count(self, value: Any) -> None:
        self._nodes += 1
        self._chars += len(value) if type(value) in (str, bytes, bytearray) else 1
        if self._nodes > MOST_NODES or self._chars > MOST_CHARS:
            raise TooLargeError


def _sorted(forms: list[Json]) -> list[Json]:
    return sorted(forms, key=json.dumps)


def answer_of(value: Any) -> dict[str, Json]:
    """``{"value": form, "text": what a person would type}``, or ``{"too_large": true}``."""
    try:
        form = _Teller().form(value)
    except TooLargeError:
        return {"too_large": True}
    plain = not (isinstance(form, list) and form[0] in ("object", "iterator"))
    text = repr(value) if plain else f"<{type(value).__qualname__}>"
    return {"value": form, "text": shortened(text)}


def shortened(text: str) -> str:
    """At most ``TEXT_CHARS`` characters, the cut marked."""
    return text if len(text) <= TEXT_CHARS else f"{text[: TEXT_CHARS - 1]}…"
