"""The repairs, each a named rule that changes how a value is written and not what it says.

A rule proposes; whether the schema takes what it proposes is asked in a jail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from types import MappingProxyType

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.profiling.reading import INTEGER, NUMBER
from fractal_rmo.profiling.schema import Asked

Rule = Callable[[str, Asked], Json]
"""The value that a text should have been; None where the rule has nothing to say."""
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONG = (
    *("january", "february", "march", "april", "may", "june", "july", "august"),
    *("september", "october", "november", "december"),
)
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})|(\d{4})(\d{2})(\d{2})", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})", re.ASCII)
_NAMED = re.compile(
    r"(\d{1,2})[ -]([A-Za-z]+)[ -](\d{4})|([A-Za-z]+) (\d{1,2}),? (\d{4})", re.ASCII
)
_HIGHEST_MONTH = 12


def trim(text: str, _asked: Asked) -> Json:
    """White space around it goes."""
    return text.strip()


def number(text: str, asked: Asked) -> Json:
    """The text of a number is one where one is asked for."""
    text = text.strip()
    if asked.types & {"integer", "number"} and INTEGER.fullmatch(text):
        return int(text)
    return float(text) if "number" in asked.types and NUMBER.fullmatch(text) else None


def boolean(text: str, asked: Asked) -> Json:
    """``true`` and ``false`` however they are written; not yes, no, 0 or 1."""
    words = {"true": True, "false": False}
    return words.get(text.strip().lower()) if "boolean" in asked.types else None


def member(text: str, asked: Asked) -> Json:
    """The one member of the enumeration that differs in case only."""
    folded = text.strip().casefold()
    same = [m for m in asked.members if isinstance(m, str) and m.strip().casefold() == folded]
    return same[0] if len(same) == 1 else None


def iso_date(text: str, asked: Asked) -> Json:
    """A date in the form of ISO 8601, where day and month cannot be taken for each other."""
    return read_date(text.strip()) if asked.format == "date" else None


RULES: Mapping[str, Rule] = MappingProxyType(
    {"member": member, "boolean": boolean, "number": number, "date": iso_date, "trim": trim}
)
"""In the order in which they are asked; ``text`` and ``default`` need no text to begin with."""


def proposals(value: Json, raw: str, asked: Asked) -> Iterator[tuple[str, Json]]:
    """(rule, value) of everything that a value could have been meant to be."""
    if isinstance(value, str):
        for name, rule in RULES.items():
            found = rule(value, asked)
            if found is not None and found != value:
                yield name, found
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from [("text", raw)] if asked.types == {"string"} else []


def read_date(text: str) -> str | None:
    """The date in ISO 8601's form, None where it is none or could be two.

    >>> read_date("31/12/2024"), read_date("1/2/2024"), read_date("March 3, 2024")
    ('2024-12-31', None, '2024-03-03')
    """
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = match.group(1, 3, 4) if match[1] else match.group(5, 6, 7)
        return _iso(year, month, day)
    if match := _YEAR_LAST.fullmatch(text):
        return _of_two(int(match[1]), int(match[3]), match[4])
    if match := _NAMED.fullmatch(text):
        day, word, year = match.group(1, 2, 3) if match[1] else match.group(5, 4, 6)
        names = _MONTHS if len(word) == len(_MONTHS[0]) else _LONG
        return _iso(year, names.index(word.lower()) + 1, day) if word.lower() in names else None
    return None


def _of_two(one: int, two: int, year: str) -> str | None:
    if one == two:
        return _iso(year, one, two)
    if max(one, two) <= _HIGHEST_MONTH:
        return None
    return _iso(year, min(one, two), max(one, two))


def _iso(year: str, month: str | int, day: str | int) -> str | None:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None
