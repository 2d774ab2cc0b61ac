"""Tables to text and back with COPY, whose text form is the same for every PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from fractal_rmo.adapters.backup.archive import Readable
from fractal_rmo.adapters.db.models import Base

#: What the installation writes about itself; a database that holds nothing else is empty.
_OWN_RECORDS = frozenset({"jobs", "schema_contracts"})
_PRESENT = text("""
SELECT relname FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
  AND NOT relispartition
""")
_COLUMNS = text("""
SELECT attname FROM pg_attribute
WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 AND NOT attisdropped
  AND attgenerated = ''
ORDER BY attnum
""")
_COUNTERS = text("""
SELECT attname, pg_get_serial_sequence(:table, attname) FROM pg_attribute
WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 AND NOT attisdropped
  AND pg_get_serial_sequence(:table, attname) IS NOT NULL
""")
_FORMS = text("""
SELECT set_config('datestyle', 'ISO', true), set_config('intervalstyle', 'postgres', true),
       set_config('timezone', 'UTC', true), set_config('extra_float_digits', '1', true)
""")
_TEXT = "WITH (FORMAT text, ENCODING 'UTF8')"


def present(db: Connection) -> list[str]:
    """Our tables that are there, those that others refer to first."""
    found = set(db.execute(_PRESENT).scalars())
    return [table.name for table in Base.metadata.sorted_tables if table.name in found]


def all_present(db: Connection) -> list[str]:
    """All tables there are, ours first and in order: also those that only an old revision has."""
    ours = present(db)
    return [*ours, *sorted(set(db.execute(_PRESENT).scalars()) - {*ours, "alembic_version"})]


def keep_from_changing(db: Connection, names: Sequence[str]) -> None:
    """Let nobody alter or drop these tables in this transaction; rows come and go as ever."""
    if names:
        db.execute(text(f"LOCK TABLE {', '.join(map(_quoted, names))} IN ACCESS SHARE MODE"))


def columns(db: Connection, table: str) -> tuple[str, ...]:
    """The columns that can be written."""
    return tuple(db.execute(_COLUMNS, {"table": _quoted(table)}).scalars())


def filled(db: Connection) -> str:
    """A table with something of people's in it, tasks first; "" when there is none."""
    names = [name for name in present(db) if name not in _OWN_RECORDS]
    for name in sorted(names, key=lambda name: name != "tasks"):
        query = f"SELECT EXISTS (SELECT FROM {_quoted(name)})"  # noqa: S608 - a name of ours
        if db.execute(text(query)).scalar_one():
            return name
    return ""


def use_plain_forms(db: Connection) -> None:
    """Times, intervals and numbers in the forms that every server reads, in this transaction."""
    db.execute(_FORMS)


def copy_out(db: Connection, table: str, names: Sequence[str], sink: Any) -> int:
    """Write a table's rows to ``sink``; returns how many."""
    listed = ", ".join(map(_quoted, names))
    # of a query, since COPY itself refuses a table that is partitioned
    query = f"COPY (SELECT {listed} FROM {_quoted(table)}) TO STDOUT {_TEXT}"  # noqa: S608
    return _copy(db, query, sink)


def copy_in(db: Connection, table: str, names: Sequence[str], source: Readable) -> int:
    """Read rows into a table; returns how many.  The names must be known to be its columns."""
    listed = ", ".join(map(_quoted, names))
    return _copy(db, f"COPY {_quoted(table)} ({listed}) FROM STDIN {_TEXT}", source)


def _copy(db: Connection, query: str, file: Any) -> int:
    cursor = db.connection.cursor()
    try:
        cursor.copy_expert(query, file)
        count: int = cursor.rowcount
    finally:
        cursor.close()
    return count


def advance_counters(db: Connection, table: str) -> None:
    """Let the ids that the database gives begin above those that are there."""
    for column, sequence in db.execute(_COUNTERS, {"table": _quoted(table)}).all():
        highest = f"(SELECT max({_quoted(column)}) FROM {_quoted(table)})"  # noqa: S608
        query = f"SELECT setval(CAST(:name AS regclass), coalesce({highest}, 0) + 1, false)"
        db.execute(text(query), {"name": sequence})


def empty(db: Connection, names: Sequence[str]) -> None:
    """Delete all rows of these tables; those that only grow have none when they are made."""
    found = "SELECT EXISTS (SELECT FROM {})"
    with_rows = [n for n in names if db.execute(text(found.format(_quoted(n)))).scalar_one()]
    if with_rows:
        db.execute(text(f"TRUNCATE {', '.join(map(_quoted, with_rows))}"))


def drop(db: Connection, names: Sequence[str]) -> None:
    """Drop these tables; one that something foreign depends on raises."""
    if names:
        db.execute(text(f"DROP TABLE {', '.join(map(_quoted, names))}"))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
