"""Databases that backups are taken of and restored into, and what is in them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, text

from fractal_rmo.adapters.backup.load import Place
from fractal_rmo.adapters.db.engine import make_engine
from fractal_rmo.adapters.db.models import Base
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Task
from tests.adapters.backup.conftest import MIGRATIONS
from tests.adapters.db.desk import PROVEN, Desk

ODD = Task(
    'tab\t, line\nend, \\N, \\., quote\'s "and" ünïcode \U0001f980',
    SourceTree({"a.py": "x = '\\t\\\\'\r\n\t\n\\.\n"}),
    SourceTree({"test_a.py": "import a\n"}),
)


def address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def place_of(engine: Engine) -> Place:
    """The same database, with nobody connected to it."""
    engine.dispose()
    return Place(address(engine), MIGRATIONS, {}, None)


def rows(url: str) -> dict[str, list[Any]]:
    """All that there is, table by table."""
    engine = make_engine(url)
    with engine.connect() as db:
        found = {
            name: db.execute(
                text(f"SELECT to_jsonb(t) FROM {name} t ORDER BY to_jsonb(t)::text")  # noqa: S608
            ).scalars()
            for name in Base.metadata.tables
        }
        kept = {name: list(values) for name, values in found.items()}
    engine.dispose()
    return kept


def prove(engine: Engine) -> Desk:
    """A task that was proven, its messages sealed."""
    desk = Desk(engine)
    desk.steps.finish(desk.reach_validation(), PROVEN)
    desk.outbox.drain(None, 1000)
    return desk
