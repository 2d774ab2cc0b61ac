"""What is proven of a mended table: nothing else was touched, and its rows fulfil the schema.

The result is read anew and checked anew; nothing that mending said is believed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.domain.run import Dialogue
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.profiling.mend import changed_rows, values_of
from fractal_rmo.profiling.profile import notes, profile
from fractal_rmo.profiling.reading import read_table
from fractal_rmo.profiling.rows import Checked, check
from fractal_rmo.profiling.schema import asked_of
from fractal_rmo.profiling.table import BadDataError, Table, shown

MOST_SHOWN = 500
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def judge(path: str, before: str, after: str, schema: JsonObject) -> Dialogue[tuple[Verdict, ...]]:
    """Level 1: it is a table, and only cells differ.  Level 2: it fulfils the schema."""
    try:
        given, table = read_table(path, before), read_table(path, after)
    except BadDataError as error:
        failure: Json = {"path": path, "line": 0, "message": str(error)}
        return (Verdict(Level.SYNTAX, Outcome.FAILED, f"{path}: {error}", {"errors": [failure]}),)
    changed = changed_rows(given, table)
    first = _read(table, changed)
    if changed is None:
        return (first,)
    rows = values_of(table, asked_of(schema))
    checked = yield from check(schema, rows, f"{len(rows)} rows, proof")
    return (first, _fulfils(table, checked, changed))


def _read(table: Table, changed: set[int] | None) -> Verdict:
    found, more = notes(table)
    cut = f"cut by {_DELIMITERS[table.delimiter]}" if table.delimiter else "a list of objects"
    evidence: dict[str, Json] = {
        "form": table.form,
        "rows": len(table.rows),
        "columns": len(table.columns),
        "changed_rows": len(changed or ()),
        "profile": profile(table),
        "notes": [{**note, "path": table.path} for note in found if isinstance(note, Mapping)],
        "more_notes": more,
    }
    if changed is None:
        words = "More differs from the given file than cells of its rows."
        return Verdict(Level.SYNTAX, Outcome.FAILED, words, evidence)
    rest = (
        f", {len(changed)} of them changed and all else byte for byte the same" if changed else ""
    )
    words = f"{len(table.rows)} rows of {len(table.columns)} columns, {cut}{rest}."
    return Verdict(Level.SYNTAX, Outcome.PASSED, words, evidence)


def _fulfils(table: Table, checked: Checked, changed: set[int]) -> Verdict:
    breaks = [*_shapes(table), *_breaks(table, checked)]
    broken_rows = len(checked.rows - {-1} | {n for n, r in enumerate(table.rows) if r.trouble})
    evidence: dict[str, Json] = {
        "command": "jsonschema, draft 2020-12, formats checked",
        "broken_rows": broken_rows,
        "failures": breaks[:MOST_SHOWN],
        "more": max(0, len(breaks) - MOST_SHOWN) + checked.more,
    }
    value = checked.result.value
    tools = value.get("tools") if isinstance(value, Mapping) else None
    spoiled = checked.rows & changed
    summary = f"All {len(table.rows)} rows fulfil the schema."
    if breaks:
        summary = f"{broken_rows} of {len(table.rows)} rows break the schema."
    if spoiled:
        summary = f"Row {min(spoiled) + 1} was changed and breaks the schema."
    return Verdict(
        Level.STATIC,
        Outcome.FAILED if breaks else Outcome.PASSED,
        summary,
        evidence,
        checked.result.duration_s,
        checked.result.tier.value,
        {str(k): str(v) for k, v in tools.items()} if isinstance(tools, Mapping) else {},
    )


def _shapes(table: Table) -> Sequence[Json]:
    rows = enumerate(table.rows, 1)
    return [_failure(table, n, row.line, "cells", row.trouble) for n, row in rows if row.trouble]


def _breaks(table: Table, checked: Checked) -> Sequence[Json]:
    found: list[Json] = []
    for one in checked.broken:
        line = table.rows[one.row].line if one.row >= 0 else 0
        place = "/".join(map(shown, one.path))
        words = f"{place}: {one.message}" if place else one.message
        found.append(_failure(table, one.row + 1, line, one.rule, words, place))
    return found


def _failure(table: Table, row: int, line: int, rule: str, words: str, column: str = "") -> Json:
    where = f"row {row}: " if row else ""
    return {
        "path": table.path,
        "line": line,
        "row": row,
        "column_path": column,
        "kind": rule,
        "message": f"{where}{words}",
    }
