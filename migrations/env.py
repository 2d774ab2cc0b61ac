"""Alembic's environment: the models are the target; an address or a connection comes with it."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from fractal_rmo.adapters.db.engine import make_engine
from fractal_rmo.adapters.db.models import Base


def is_ours(thing: object, name: str | None, kind: str, reflected: bool, compared: object) -> bool:
    """Leave partitions out: they belong to their parent."""
    del thing, reflected, compared
    return not (kind == "table" and (name or "").startswith("error_logs_"))


def migrate(connection: Connection) -> None:
    """Migrate in one transaction, so that a failure changes nothing.

    A connection that is within a transaction already stays in it.
    """
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=is_ours,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run() -> None:
    """Over the connection that was handed in, else over one of its own."""
    given = context.config.attributes.get("connection")
    if given is not None:
        migrate(given)
        return
    engine = make_engine(context.config.get_main_option("sqlalchemy.url") or "")
    with engine.connect() as opened:
        migrate(opened.execution_options(isolation_level="READ COMMITTED"))
    engine.dispose()


run()
