"""What a table holds, column by column."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.profiling.reading import INTEGER, NUMBER
from fractal_rmo.profiling.rules import read_date
from fractal_rmo.profiling.schema import dumped
from fractal_rmo.profiling.table import Table, shown

_TOP, _EXAMPLES, _NOTES = 5, 3, 200
_LARGEST = 1e300
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def profile(table: Table) -> list[Json]:
    """One object a column: counts, type, figures or lengths, the most frequent values."""
    return [_column(name, table) for name in table.columns]


def notes(table: Table) -> tuple[list[Json], int]:
    """(what a person should look at, how many more): rows that come twice, cells like formulas."""
    found = [*_twice(table), *_formulas(table)]
    return found[:_NOTES], max(0, len(found) - _NOTES)


def _column(name: str, table: Table) -> dict[str, Json]:
    values = [row.cells[name].value for row in table.rows if name in row.cells]
    given = [value for value in values if value not in (None, "")]
    read = [_read(value, table.form) for value in given]
    counted = Counter(value if isinstance(value, str) else dumped(value) for value in given)
    kinds = {kind for kind, _ in read}
    found: dict[str, Json] = {
        "name": shown(name),
        "count": len(table.rows),
        "missing": len(table.rows) - len(given),
        "distinct": len(counted),
        "type": _kind(kinds),
        "top": [[shown(text), count] for text, count in counted.most_common(_TOP)],
        "examples": [shown(text) for text in list(counted)[:_EXAMPLES]],
    }
    numbers = [value for _, value in read if value is not None]
    if kinds and kinds <= {"integer", "number"}:
        return found | _figures(numbers)
    lengths = [len(value) for value in given if isinstance(value, str)]
    return found | ({"shortest": min(lengths), "longest": max(lengths)} if lengths else {})


def _kind(kinds: set[str]) -> str:
    if kinds == {"integer", "number"}:
        return "number"
    return next(iter(kinds)) if len(kinds) == 1 else "mixed" if kinds else "empty"


def _read(value: Json, form: str) -> tuple[str, float | None]:
    """(type, the number) of a value; the text of a CSV cell is what it looks like."""
    if isinstance(value, bool):
        return "boolean", None
    if isinstance(value, int | float):
        return ("integer" if isinstance(value, int) else "number"), _bounded(value)
    if not isinstance(value, str):
        return ("list" if isinstance(value, list) else "object"), None
    if form == "csv" and INTEGER.fullmatch(value):
        return "integer", float(value)
    if form == "csv" and NUMBER.fullmatch(value):
        return "number", float(value)
    if form == "csv" and value in ("true", "false"):
        return "boolean", None
    return ("date" if read_date(value) == value else "text"), None


def _bounded(value: float) -> float | None:
    return float(value) if abs(value) < _LARGEST else None


def _figures(numbers: Sequence[float]) -> dict[str, Json]:
    if not numbers:
        return {}
    quarters = statistics.quantiles(numbers, n=4, method="inclusive") if len(numbers) > 1 else []
    low, middle, high = quarters or [numbers[0]] * 3
    return {
        "min": min(numbers),
        "max": max(numbers),
        "mean": statistics.fmean(numbers),
        "quartiles": [low, middle, high],
    }


def _twice(table: Table) -> Iterator[Json]:
    first: dict[str, int] = {}
    for number, row in enumerate(table.rows, 1):
        text = dumped({name: row.cells[name].value for name in sorted(row.cells)})
        if (before := first.setdefault(text, number)) != number:
            yield _note("duplicate", number, row.line, f"It says the same as row {before}.")


def _formulas(table: Table) -> Iterator[Json]:
    for number, row in enumerate(table.rows, 1):
        for name, cell in row.cells.items():
            text = cell.value
            if isinstance(text, str) and text.startswith(_FORMULA) and not NUMBER.fullmatch(text):
                says = f"{shown(name)}: a spreadsheet may run '{shown(text)}' as a formula."
                yield _note("formula", number, row.line, says)


def _note(kind: str, row: int, line: int, message: str) -> Mapping[str, Json]:
    return {"kind": kind, "row": row, "line": line, "message": message}
