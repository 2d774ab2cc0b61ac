"""Alembic, called from the program.

Revisions are four digits that grow, and most migrations only add: code runs on
tables that are ahead of it, until a migration that takes something away says
in ``schema_contracts`` that it no longer does.

Alembic takes longer to import than most commands to answer, and most find the
tables as they need them: it is imported when it has something to do.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from fractal_rmo.adapters.db.engine import make_engine, run
from fractal_rmo.domain.errors import ErrorCode, InfrastructureError

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0007"
"""The revision that this code was written for; a test compares it with the migrations."""
LOCK = 0x46524D4F
"""An advisory lock: those who migrate or restore at once wait for one another."""
_DENIED = "42501"
_EXISTS = text("SELECT to_regclass(:name) IS NOT NULL")
_REVISION = text("SELECT version_num FROM alembic_version")
_CONTRACTS = text(
    "SELECT revision, needs_version FROM schema_contracts WHERE revision > :head"
    " ORDER BY revision DESC LIMIT 1"
)


def config(url: str, folder: Path) -> Config:
    """Alembic's configuration without a file."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(folder).replace("%", "%%"))
    made.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return made


def upgrade(url: str, folder: Path, before: Callable[[str], object] = lambda _: None) -> None:
    """Bring the database to the newest revision; two queries when it is there already.

    ``before`` is called with the present revision once it is certain that
    tables with data are about to be changed, by nobody else meanwhile.

    Raises ``InfrastructureError``: SCHEMA_AHEAD where the tables no longer
    suit this code, SCHEMA_BEHIND where this user may not change them.
    """
    files = (folder / "versions").glob("[0-9]*.py")
    head = max((file.name[: len(HEAD)] for file in files), default="")
    engine = make_engine(url)
    try:
        if run(engine, lambda db: _is_behind(db, head)):
            chosen = config(url, folder)
            run(engine, lambda db: _upgrade_alone(db, chosen, head, before))
    finally:
        engine.dispose()


def require(url: str) -> None:
    """Raise unless this code can use the tables as they are; nothing is changed.

    For those who have no migrations: raises ``InfrastructureError``
    (SCHEMA_BEHIND, SCHEMA_AHEAD).
    """
    engine = make_engine(url)
    try:
        if run(engine, lambda db: _is_behind(db, HEAD)):
            found = run(engine, revision)
            words = f"They are at revision {found or 'none'}; {HEAD} is needed."
            raise InfrastructureError(ErrorCode.SCHEMA_BEHIND, words)
    finally:
        engine.dispose()


def revision(db: Connection) -> str | None:
    """The tables' revision; None when there are none yet."""
    if not db.execute(_EXISTS, {"name": "alembic_version"}).scalar_one():
        return None
    found: str | None = db.execute(_REVISION).scalar()
    return found


def _is_behind(db: Connection, head: str) -> bool:
    """Whether something is to be done; raises SCHEMA_AHEAD where the tables have left us behind."""
    found = revision(db)
    if found is None or found < head:
        return True
    if found > head and db.execute(_EXISTS, {"name": "schema_contracts"}).scalar_one():
        contract = db.execute(_CONTRACTS, {"head": head}).first()
        if contract:
            words = f"The tables are at revision {found}, and since {contract[0]} they need "
            raise InfrastructureError(ErrorCode.SCHEMA_AHEAD, f"{words}version {contract[1]}.")
    return False


def _upgrade_alone(
    db: Connection, chosen: Config, head: str, before: Callable[[str], object]
) -> None:
    from alembic import command

    db.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
    try:
        if not _is_behind(db, head):
            return  # somebody else has done it meanwhile
        found = revision(db)
        if found:
            before(found)
        command.upgrade(chosen, "head")
    except ProgrammingError as error:
        if getattr(error.orig, "pgcode", None) != _DENIED:
            raise
        words = f"{str(error.orig).strip()}; they need revision {head}."
        raise InfrastructureError(ErrorCode.SCHEMA_BEHIND, words) from error
    finally:
        db.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})
