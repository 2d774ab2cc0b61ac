"""Mending a table: repairs are tried on the rows that break the schema, a whole row or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.domain.run import Dialogue
from fractal_rmo.profiling.csv_text import written
from fractal_rmo.profiling.reading import read_table, row_value
from fractal_rmo.profiling.rows import Break, Checked, check
from fractal_rmo.profiling.rules import proposals
from fractal_rmo.profiling.schema import Asked, asked_of
from fractal_rmo.profiling.table import Cell, Row, Table, shown

ROUNDS = 3
"""How many proposals of one cell are tried."""


@dataclass(frozen=True, slots=True)
class Repair:
    """One cell with a new text; ``cell`` is None where the row had none of that name."""

    row: int
    line: int
    column: str
    rule: str
    cell: Cell | None
    text: str


@dataclass(frozen=True, slots=True)
class Mended:
    """The text after the repairs, and what the schema says of the table before them."""

    text: str
    repairs: tuple[Repair, ...]
    before: Checked


@dataclass
class _Try:
    """A row under repair: what each broken column could be, and which of it is tried now."""

    row: Row
    choices: dict[str, list[Repair]]
    at: dict[str, int] = field(default_factory=dict)

    def repairs(self) -> list[Repair]:
        return [found[self.at.get(column, 0)] for column, found in self.choices.items()]

    def next(self, broken: Sequence[Break]) -> bool:
        """Take the next proposal of every column that is broken still; False for no more."""
        for column in dict.fromkeys(one.column for one in broken):
            if column is None or column not in self.choices:
                return False
            self.at[column] = self.at.get(column, 0) + 1
            if self.at[column] >= len(self.choices[column]):
                return False
        return True


def mend(path: str, text: str, schema: JsonObject) -> Dialogue[Mended]:
    """Repair what is surely meant.  Raises ``BadDataError`` and what ``check`` raises.

    A row is changed only if it fulfils the schema then.
    """
    table, asked = read_table(path, text), asked_of(schema)
    before = yield from check(schema, values_of(table, asked), f"{len(table.rows)} rows")
    tries = dict(_tries(table, before.broken, asked))
    done: list[Repair] = []
    for _ in range(ROUNDS):
        if not tries:
            break
        flat = [repair for one in tries.values() for repair in one.repairs()]
        after = read_table(path, apply(table, flat))
        rows = values_of(after, asked)
        label = f"{len(flat)} repairs in {len(tries)} rows"
        found = yield from check(_of_a_row(schema), [rows[n] for n in tries], label)
        broken: dict[int, list[Break]] = {}
        numbers = list(tries)
        for one in found.broken:
            broken.setdefault(numbers[one.row], []).append(one)
        done += [r for n in tries if n not in broken for r in tries[n].repairs()]
        tries = {n: tries[n] for n, breaks in broken.items() if tries[n].next(breaks)}
    done.sort(key=lambda repair: repair.row)
    return Mended(apply(table, done), tuple(done), before)


def _of_a_row(schema: JsonObject) -> JsonObject:
    """The schema without what it asks of all rows together: a part of them is judged."""
    of_all = ("uniqueItems", "minItems", "maxItems", "contains", "minContains", "maxContains")
    if schema.get("type") != "array":
        return schema
    return {name: value for name, value in schema.items() if name not in of_all}


def values_of(table: Table, asked: Mapping[str, Asked]) -> list[JsonObject]:
    """Every row as the object that the schema judges."""
    return [row_value(table, row, asked) for row in table.rows]


def _tries(
    table: Table, broken: Sequence[Break], asked: Mapping[str, Asked]
) -> Iterator[tuple[int, _Try]]:
    by_row: dict[int, list[Break]] = {}
    for one in broken:
        by_row.setdefault(one.row, []).append(one)
    for number, breaks in by_row.items():
        if number < 0 or table.rows[number].trouble:
            continue
        columns = dict.fromkeys(one.column for one in breaks)
        choices = {c: _choices(table, number, c, asked) for c in columns if c is not None}
        if None not in columns and all(choices.values()):
            yield number, _Try(table.rows[number], choices)


def _choices(table: Table, number: int, column: str, asked: Mapping[str, Asked]) -> list[Repair]:
    row, wanted = table.rows[number], asked.get(column, Asked())
    cell = row.cells.get(column)
    is_csv = table.form == "csv"
    if cell is None or (is_csv and cell.value == ""):
        if not wanted.has_default or (is_csv and not isinstance(wanted.default, str | int | float)):
            return []
        found = [("default", wanted.default)] if cell or not is_csv else []
    else:
        found = list(proposals(cell.value, table.raw(cell), wanted))
    before = table.raw(cell) if cell else ""
    return [
        Repair(number, row.line, column, rule, cell, _text(table, value, rule, cell, before))
        for rule, value in found
    ][:ROUNDS]


def _text(table: Table, value: Json, rule: str, cell: Cell | None, before: str) -> str:
    """How a value is written in the place of another; a number keeps its digits."""
    if rule == "number" and cell:
        return (
            written(str(cell.value).strip(), table.delimiter, "")
            if table.form == "csv"
            else str(cell.value).strip()
        )
    if table.form == "json":
        return _json(value, table.text)
    plain = str(value).lower() if isinstance(value, bool) else str(value)
    return written(plain, table.delimiter, before)


def _json(value: Json, text: str) -> str:
    return json.dumps(value, ensure_ascii=text.isascii())


def apply(table: Table, repairs: Sequence[Repair]) -> str:
    """The text with the repairs made; everything between them is as it was."""
    text = table.text
    changes = [(r.cell.start, r.cell.end, r.text) for r in repairs if r.cell]
    added: dict[int, list[str]] = {}
    for repair in repairs:
        if repair.cell is None:
            entry = f"{_json(repair.column, text)}: {repair.text}"
            added.setdefault(repair.row, []).append(entry)
    for number, entries in added.items():
        row = table.rows[number]
        lead = ", " if row.cells else ""
        changes.append((row.end, row.end, lead + ", ".join(entries)))
    return _spliced(text, changes)


def _spliced(text: str, changes: Sequence[tuple[int, int, str]]) -> str:
    """The text with other pieces in the places of some."""
    pieces, at = list[str](), 0
    for start, end, new in sorted(changes):
        pieces += [text[at:start], new]
        at = end
    return "".join([*pieces, text[at:]])


def changed_rows(before: Table, after: Table) -> set[int] | None:
    """The rows (indexes) of which a cell differs; None where anything but cells does.

    Puts the old cells back into the new text and compares it with the old one.
    """
    if len(before.rows) != len(after.rows):
        return None
    rows, changes = set[int](), list[tuple[int, int, str]]()
    for number, (old, new) in enumerate(zip(before.rows, after.rows, strict=True)):
        for name, cell in new.cells.items():
            known = old.cells.get(name)
            if known and before.raw(known) == after.raw(cell):
                continue
            rows.add(number)
            if known:
                changes.append((cell.start, cell.end, before.raw(known)))
                continue
            entry = f"{_json(name, before.text)}: "
            start = cell.start - len(entry)
            start -= 2 * after.text[:start].endswith(", ")
            changes.append((start, cell.end, ""))
    return rows if _spliced(after.text, changes) == before.text else None


def repair_document(repair: Repair, path: str, before: str) -> dict[str, Json]:
    """For a program: an edit, with its row (from 1), column, and texts before and after."""
    after = shown(repair.text)
    says = f"{shown(repair.column)}: {before or 'nothing'} is now {after}."
    return {
        "rule": repair.rule,
        "path": path,
        "line": repair.line,
        "says": says,
        "why_not": "",
        "row": repair.row + 1,
        "column": shown(repair.column),
        "before": before,
        "after": after,
    }
