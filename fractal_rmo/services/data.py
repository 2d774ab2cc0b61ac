"""A table and its schema: profile, check, repairs, and the proof of these."""

from __future__ import annotations

from dataclasses import dataclass

from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.run import Dialogue
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Verdict
from fractal_rmo.profiling.mend import Mended, mend, repair_document
from fractal_rmo.profiling.reading import ENDINGS
from fractal_rmo.profiling.schema import read_schema
from fractal_rmo.profiling.table import BadDataError, shown
from fractal_rmo.profiling.verdicts import judge

_LISTED = 100


@dataclass(frozen=True, slots=True)
class Repaired:
    """The mended file, the repairs as edits of a report, and what is said of them."""

    code: SourceTree
    edits: tuple[JsonObject, ...] = ()
    note: str = ""


def table_of(code: SourceTree, tests: SourceTree) -> tuple[str, str, JsonObject]:
    """(path, text, schema) of a task of kind ``data``.  Raises ``InputError``."""
    if len(code) != 1 or not next(iter(code.files)).endswith(ENDINGS):
        detail = f"Give one file of data, its name ending in {', '.join(ENDINGS)}."
        raise InputError(ErrorCode.BAD_DATA, detail)
    if len(tests) != 1:
        raise InputError(ErrorCode.BAD_SCHEMA, "Give one JSON Schema beside the data.")
    (path, text), (name, schema) = *code.files.items(), *tests.files.items()
    return path, text, read_schema(name, schema)


def repaired(code: SourceTree, tests: SourceTree) -> Dialogue[Repaired]:
    """Mend the table; one that cannot be read is handed back as it is.  Raises ``InputError``."""
    path, text, schema = table_of(code, tests)
    try:
        mended = yield from mend(path, text, schema)
    except BadDataError as error:
        return Repaired(code, note=f"{path}: {error}")
    edits = tuple(
        repair_document(r, path, shown(text[r.cell.start : r.cell.end]) if r.cell else "")
        for r in mended.repairs
    )
    return Repaired(code.replace(path, mended.text), edits, _told(mended, edits))


def data_proof(
    code: SourceTree, tests: SourceTree, result: SourceTree
) -> Dialogue[tuple[Verdict, ...]]:
    """The two levels that data can be proven to."""
    path, text, schema = table_of(code, tests)
    return (yield from judge(path, text, result.files.get(path, ""), schema))


def _told(mended: Mended, edits: tuple[JsonObject, ...]) -> str:
    rows = len({repair.row for repair in mended.repairs})
    lines = [f"{e['path']}, line {e['line']}: {e['says']} ({e['rule']})" for e in edits]
    more = [f"{len(lines) - _LISTED} more."] if len(lines) > _LISTED else []
    broken = len(mended.before.rows - {-1})
    if mended.before.more:
        more.append(f"{mended.before.more} more breaks were not looked at: run it on the result.")
    first = f"{len(edits)} cells repaired in {rows} of {broken} rows that broke the schema."
    return "\n".join([first if broken else "No row breaks the schema.", *lines[:_LISTED], *more])
