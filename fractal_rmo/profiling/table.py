"""A table whose every cell knows where it stands in the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.validation.generated.answers import printable

MAX_COLUMNS = 500
SHOWN = 60
"""Characters of a value that are shown."""


class BadDataError(Exception):
    """The text is no table; the sentence names the line."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value and the characters from ``start`` to ``end`` in which it is written."""

    start: int
    end: int
    value: Json


@dataclass(frozen=True, slots=True)
class Row:
    """One row: ``line`` is where it begins (1-based), ``trouble`` why its shape is wrong."""

    line: int
    cells: Mapping[str, Cell]
    end: int
    """Where the last cell ends, or an empty object has its inside."""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """``form`` is "csv" or "json"; ``delimiter`` is the former's."""

    path: str
    text: str
    form: str
    columns: Sequence[str]
    rows: Sequence[Row] = field(default_factory=tuple)
    delimiter: str = ""

    def raw(self, cell: Cell) -> str:
        """A cell as it is written."""
        return self.text[cell.start : cell.end]


def shown(value: object) -> str:
    """A value for people: no control characters, not too long."""
    return printable(value if isinstance(value, str) else str(value), SHOWN)
