"""Alembic, called from the program."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError

from fractal_rmo.adapters.db.engine import make_engine, run

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
        if _revision(engine) != head:
            run(engine, lambda db: _upgrade_alone(db, chosen))
    finally:
        engine.dispose()


def _upgrade_alone(db: Connection, chosen: Config) -> None:
    db.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
    try:
        command.upgrade(chosen, "head")
    finally:
        db.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})


def _revision(engine: Engine) -> str | None:
    query = text("SELECT version_num FROM alembic_version")
    try:
        found: str | None = run(engine, lambda db: db.execute(query).scalar())
    except ProgrammingError:  # there is no such table yet
        return None
    return found
