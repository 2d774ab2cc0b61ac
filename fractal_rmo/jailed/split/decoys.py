"""Plain values that nothing which equals a given one equals, and that look just as likely."""

from __future__ import annotations

import random
import string
from typing import Any

chance = random.Random()  # noqa: S311 - the other side cannot see it
_OFFSETS = [sign * 2**power for power in range(6) for sign in (1, -1)]
"""Powers of two, which are no multiples of the moduli that people count in."""
_ASKED = 6


def unlike(value: Any) -> list[object]:
    """Decoys of the value's own type, near enough that the value does not stand out."""
    kind = type(value)
    if kind is bool:
        return [not value]
    if kind is int:
        return [value + offset for offset in chance.sample(_OFFSETS, _ASKED)]
    if kind is float:
        return [value + offset / 4 for offset in chance.sample(_OFFSETS, _ASKED)]
    if kind is str:
        return [text for text in _texts(value) if text.casefold() != value.casefold()]
    if kind in (list, tuple):
        return [kind(items) for items in _sequences(list(value))]
    if kind in (set, frozenset):
        return [kind([*value, _some()]), kind([*list(value)[1:], _some()])]
    if kind is dict:
        return _mappings(value)
    return [_some(), f"{_some()}"]


def _some() -> int:
    return chance.randrange(10**6, 10**12)


def _texts(value: str) -> list[str]:
    letters = string.ascii_lowercase
    found = [value + chance.choice(letters)]
    for _ in range(_ASKED - 1):
        at, letter = chance.randrange(len(value) or 1), chance.choice(letters)
        found.append(value[:at] + letter + value[at + 1 :])
    return found


def _sequences(items: list[Any]) -> list[list[Any]]:
    if not items:
        return [[_some()], [0]]
    at = chance.randrange(len(items))
    changed = [[*items[:at], other, *items[at + 1 :]] for other in unlike(items[at])]
    return [[*items, items[at]], *changed]


def _mappings(value: dict[Any, Any]) -> list[object]:
    found: list[object] = [{**value, _some(): _some()}]
    if value:
        key = chance.choice(list(value))
        found += [{**value, key: other} for other in unlike(value[key])]
    return found
