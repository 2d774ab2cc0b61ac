"""A JSON list of objects with the place of every value; what JSON does not allow is refused."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from json.decoder import scanstring  # type: ignore[attr-defined]  # the scanner that json itself uses
from typing import Any, NoReturn

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.profiling.table import MAX_COLUMNS, BadDataError, Cell, Row, Table, shown

_SPACE = re.compile(r"[ \t\r\n]*")
_DEEPEST = 60


def read_json(path: str, text: str) -> Table:
    """The table of a list of objects.  Raises ``BadDataError``."""
    try:
        return _Reader(path, text).table()
    except json.JSONDecodeError as error:
        raise BadDataError(f"Line {error.lineno}, column {error.colno}: {error.msg}.") from error
    except RecursionError as error:
        raise BadDataError("It is nested too deeply.") from error


def checked(value: Json) -> str:
    """Why a value is not taken, "" for none: nested too deeply, or half a surrogate pair."""
    level: list[Any] = [value]
    for _ in range(_DEEPEST):
        for part in level:
            if isinstance(part, str) and not _is_whole(part):
                return "A text holds half of a surrogate pair."
        level = [inner for part in level for inner in _inside(part)]
    return "It is nested too deeply." if level else ""


def decoder() -> json.JSONDecoder:
    """Refuses NaN and the infinities, numbers beyond floats, and names that come twice."""
    return json.JSONDecoder(
        parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_unique
    )


def _is_whole(text: str) -> bool:
    return not any("\ud800" <= c <= "\udfff" for c in text)


def _inside(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [*value, *value.values()]
    return list(value) if isinstance(value, list) else []


def _no_constant(name: str) -> NoReturn:
    raise BadDataError(f"{name} is no number of JSON.")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise BadDataError(f"The number {shown(text)} is too large.")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        again = next(name for n, name in enumerate(names) if name in names[:n])
        raise BadDataError(f"An object names '{shown(again)}' twice.")
    return found


class _Reader:
    """Walks over the list and its objects; values are read by ``json`` itself."""

    def __init__(self, path: str, text: str) -> None:
        self._path, self._text = path, text
        self._at = int(text.startswith("\ufeff"))
        self._decoder = decoder()
        self._columns: dict[str, None] = {}
        self._line, self._counted = 1, 0

    def table(self) -> Table:
        rows: list[Row] = []
        self._take("[", "A list of objects is expected")
        if self._next() == "]":
            self._at += 1
        else:
            rows.append(self._row())
            while self._next() == ",":
                self._at += 1
                rows.append(self._row())
            self._take("]", "',' or ']' is expected")
        if self._next():
            raise self._error("There is more behind the list")
        if len(self._columns) > MAX_COLUMNS:
            raise BadDataError(f"{len(self._columns)} names; {MAX_COLUMNS} allowed.")
        return Table(self._path, self._text, "json", list(self._columns), rows)

    def _row(self) -> Row:
        self._take("{", "A list of objects is expected")
        line, inside, cells = self._line_here(), self._at, dict[str, Cell]()
        if self._next() != "}":
            self._cell(cells)
            while self._next() == ",":
                self._at += 1
                self._cell(cells)
        last = max((cell.end for cell in cells.values()), default=inside)
        self._take("}", "',' or '}' is expected")
        return Row(line, cells, last)

    def _cell(self, cells: dict[str, Cell]) -> None:
        self._take('"', "A name in quotes is expected")
        name, self._at = scanstring(self._text, self._at, True)
        if name in cells:
            raise self._error(f"An object names '{shown(name)}' twice")
        self._take(":", "':' is expected")
        self._next()
        start = self._at
        try:
            value, self._at = self._decoder.raw_decode(self._text, start)
        except BadDataError as error:
            raise self._error(str(error).rstrip(".")) from error
        except json.JSONDecodeError:
            raise
        except ValueError as error:  # an integer of more digits than Python reads
            raise self._error("A number is too long") from error
        if why := checked([name, value]):
            raise self._error(why.rstrip("."))
        self._columns[name] = None
        cells[name] = Cell(start, self._at, value)

    def _next(self) -> str:
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._text[self._at : self._at + 1]

    def _take(self, wanted: str, sentence: str) -> None:
        if self._next() != wanted:
            raise self._error(sentence)
        self._at += 1

    def _line_here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _error(self, sentence: str) -> BadDataError:
        return BadDataError(f"Line {self._line_here()}: {sentence}.")
