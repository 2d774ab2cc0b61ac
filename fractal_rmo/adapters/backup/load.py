"""Restore a backup: checked whole, then put in place in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text

from fractal_rmo.adapters.backup import tables
from fractal_rmo.adapters.backup.archive import Reader, Report, bad, table_member
from fractal_rmo.adapters.backup.secrets import Secret
from fractal_rmo.adapters.backup.trouble import first_line, named
from fractal_rmo.adapters.db import migrate
from fractal_rmo.adapters.db.engine import make_engine, transact
from fractal_rmo.adapters.embedded.stamp import require_space
from fractal_rmo.domain.backup import Manifest, Target, check_target
from fractal_rmo.domain.errors import ErrorCode, InputError

_DOES_NOT_FIT = (
    psycopg2.DataError,
    psycopg2.IntegrityError,
    psycopg2.ProgrammingError,  # such as a column that is named twice
    psycopg2.extensions.QueryCanceledError,  # the file could no longer be read
)
_SPACE_FACTOR = 3
"""Rows, indexes and the write-ahead log together, of the size of the text."""
_SESSIONS = text("""
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
  AND application_name = 'fractal-rmo'
""")
_RESUME = (
    # the time between backup and restore is nobody's: no deadline passes in it
    """
    UPDATE tasks SET deadline = deadline + pause.length, began_at = began_at + pause.length
    FROM (SELECT greatest(now() - CAST(:moment AS timestamptz), interval '0') AS length) AS pause
    WHERE ending IS NULL
    """,
    # whoever held a step is not here; the attempt that was cut off is not counted
    """
    UPDATE steps SET state = 'queued', lease_until = NULL, attempts = greatest(attempts - 1, 0)
    WHERE state = 'running'
    """,
    "UPDATE steps SET publish_after = now() WHERE state = 'queued'",
    # far beyond what anybody holds who survived somewhere: no late write of his can match.  What
    # waits in the backup may have been taken up after it.
    "UPDATE steps SET fence = fence + 1000 WHERE state IN ('queued', 'waiting')",
)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, the revision it was brought to, and which secrets were written."""

    manifest: Manifest
    revision: str
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a backup is restored to: the database, the migrations, the secrets by name.

    ``data`` is the folder in which the database lies, if it lies on this machine.
    """

    url: str
    migrations: Path
    secrets: Mapping[str, Secret]
    data: Path | None


def load(file: Path, place: Place, report: Report, *, replace: bool) -> Restored:
    """Put what ``file`` holds in the place of what is there; all of it or, on any error, nothing.

    The tables are made by our own migrations, at the backup's revision, and
    brought up to date afterwards: of the file only data are used.

    Raises ``InputError``: BAD_BACKUP, SCHEMA_AHEAD, NOT_EMPTY, STILL_RUNNING,
    NOT_ALLOWED, NO_SUCH_FILE; ``InfrastructureError``: DATABASE_DOWN, NO_SPACE.
    """
    try:
        with file.open("rb") as opened:
            reader = Reader(opened, report)
            if place.data:
                require_space(place.data, _SPACE_FACTOR * reader.manifest.size)
            reader.verify()
            return _load(reader, place, replace=replace)
    except FileNotFoundError as error:
        raise InputError(ErrorCode.NO_SUCH_FILE, f"{file} does not exist.") from error
    except OSError as error:
        raise InputError(ErrorCode.CANNOT_WRITE, f"{error.filename or file}: {error}.") from error


def _load(reader: Reader, place: Place, *, replace: bool) -> Restored:
    engine = make_engine(place.url)
    try:
        with named():
            return transact(engine, lambda db: _replace(db, reader, place, replace=replace))
    finally:
        engine.dispose()


def _replace(db: Connection, reader: Reader, place: Place, *, replace: bool) -> Restored:
    db.execute(text("SET LOCAL lock_timeout = '10s'"))
    db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": migrate.LOCK})
    target = Target(migrate.revision(db), db.execute(_SESSIONS).scalar_one(), tables.filled(db))
    check_target(reader.manifest, target, migrate.HEAD, replace=replace)
    tables.drop(db, [*tables.present(db), *(["alembic_version"] if target.revision else [])])
    chosen = migrate.config(place.url, place.migrations)
    chosen.attributes["connection"] = db
    _fill(db, reader, chosen)
    command.upgrade(chosen, "head")
    for statement in _RESUME:
        db.execute(text(statement), {"moment": reader.manifest.created_at})
    written = [
        name
        for name, secret in place.secrets.items()
        if (content := reader.secret(name)) and secret.write(content, replace=replace)
    ]
    return Restored(reader.manifest, migrate.revision(db) or "", tuple(written))


def _fill(db: Connection, reader: Reader, chosen: Config) -> None:
    """The tables as they were at the backup's revision, with its rows in them and no others."""
    try:
        command.upgrade(chosen, reader.manifest.revision)
    except CommandError:
        bad(f"There is no revision {reader.manifest.revision} of the tables.")
    tables.use_plain_forms(db)
    known = tables.all_present(db)
    tables.empty(db, known)
    if foreign := sorted(reader.manifest.tables.keys() - set(known)):
        bad(f"Revision {reader.manifest.revision} has no table {foreign[0]!r}.")
    for name in known:
        if name in reader.manifest.tables:
            _table(db, name, reader)


def _table(db: Connection, name: str, reader: Reader) -> None:
    saved, member = reader.manifest.tables[name], table_member(name)
    if foreign := sorted(set(saved.columns) - set(tables.columns(db, name))):
        bad(f"The table '{name}' has no column {foreign[0]!r}.")
    try:
        with reader.member(member) as source:
            rows = tables.copy_in(db, name, saved.columns, source)
    except _DOES_NOT_FIT as error:
        bad(f"The member '{member}' does not fit: {first_line(error)}.")
    if rows != saved.rows:
        bad(f"The member '{member}' holds {rows} rows, not {saved.rows}.")
    tables.advance_counters(db, name)
