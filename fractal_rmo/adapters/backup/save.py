"""Write a backup: a snapshot of all tables while everybody goes on working."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from sqlalchemy import Connection, text

from fractal_rmo.adapters.backup import tables
from fractal_rmo.adapters.backup.archive import Report, Writer, secret_member, table_member
from fractal_rmo.adapters.backup.trouble import named
from fractal_rmo.adapters.db import migrate
from fractal_rmo.adapters.db.engine import make_engine, run
from fractal_rmo.domain.backup import Manifest, SavedTable, check_revision
from fractal_rmo.domain.errors import ErrorCode, InfrastructureError, InputError
from fractal_rmo.version import VERSION

_MOMENT = text("""
SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
       current_setting('server_version')
""")


def save(url: str, file: Path, secrets: Mapping[str, Path], report: Report) -> Manifest:
    """Write everything into ``file``, readable by this user only, whole or not at all.

    ``secrets`` are files by the name that they get; one that is missing is
    left out.  Raises ``InputError`` (CANNOT_WRITE, NOT_ALLOWED; SCHEMA_AHEAD
    where this version does not know all that there is) and ``InfrastructureError``
    (DATABASE_DOWN, NO_SPACE; SCHEMA_BEHIND where there are no tables).
    """
    engine = make_engine(url)
    try:
        with named():
            return run(engine, lambda db: _save(db, file, secrets, report))
    except OSError as error:
        _cannot(file, error)
    finally:
        engine.dispose()


def _cannot(file: Path, error: OSError) -> NoReturn:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        raise InfrastructureError(ErrorCode.NO_SPACE, f"{file}: {error.strerror}.") from error
    place = error.filename or file  # or a secret that cannot be read
    raise InputError(ErrorCode.CANNOT_WRITE, f"{place}: {error.strerror}.") from error


def _save(db: Connection, file: Path, secrets: Mapping[str, Path], report: Report) -> Manifest:
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # mode 0600
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as opened:
            writer = Writer(opened, report)
            try:
                manifest = _write(db, writer, secrets)
                writer.finish(manifest)
            finally:
                writer.abandon()
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    _sync(file.parent)
    return manifest


def _sync(folder: Path) -> None:
    """Let the new name survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(db: Connection, writer: Writer, secrets: Mapping[str, Path]) -> Manifest:
    snapshot = db.execution_options(isolation_level="REPEATABLE READ")
    with snapshot.begin():
        there = tables.present(snapshot)
    with snapshot.begin():
        # before anything is read, which takes the snapshot: a table that a migration rewrites
        # meanwhile would look empty in it.  Whoever changes a table now waits for the backup.
        tables.keep_from_changing(snapshot, there)
        snapshot.execute(text("SET TRANSACTION READ ONLY"))
        tables.use_plain_forms(snapshot)
        revision = migrate.revision(snapshot)
        if revision is None:
            raise InfrastructureError(ErrorCode.SCHEMA_BEHIND, "There are no tables yet.")
        check_revision(revision, migrate.HEAD, "")
        moment, server = snapshot.execute(_MOMENT).one()
        saved = {name: _table(snapshot, name, writer) for name in tables.present(snapshot)}
    for name, path in secrets.items():
        if path.exists():
            with writer.member(secret_member(name)) as sink:
                sink.write(path.read_bytes())
    return Manifest(VERSION, revision, moment, server, saved, writer.members)


def _table(db: Connection, name: str, writer: Writer) -> SavedTable:
    names = tables.columns(db, name)
    with writer.member(table_member(name)) as sink:
        rows = tables.copy_out(db, name, names, sink)
    return SavedTable(names, rows)
