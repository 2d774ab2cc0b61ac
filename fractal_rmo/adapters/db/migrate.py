"""Alembic, called from the program."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from fractal_rmo.adapters.db.engine import connection, make_engine

_LOCK = 0x46524D4F  # any fixed number: those who migrate at once wait for one another


def config(url: str, folder: Path) -> Config:
    """Alembic's configuration without a file."""
    made = Config()
    made.set_main_option("script_location", str(folder).replace("%", "%%"))
    made.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return made


def upgrade(url: str, folder: Path) -> None:
    """Bring the database to the newest revision; one query when it is there already."""
    chosen = config(url, folder)
    head = ScriptDirectory.from_config(chosen).get_current_head()
    engine = make_engine(url)
    try:
        if _revision(url) == head:
            return
        with connection(engine) as db:
            db.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
            try:
                command.upgrade(chosen, "head")
            finally:
                db.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
    finally:
        engine.dispose()


def _revision(url: str) -> str | None:
    engine = make_engine(url)
    try:
        with connection(engine) as db:
            found: str | None = db.execute(text("SELECT version_num FROM alembic_version")).scalar()
            return found
    except ProgrammingError:
        return None
    finally:
        engine.dispose()
