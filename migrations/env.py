"""Alembic's environment: the models are the target, the address comes with the call."""

from __future__ import annotations

from alembic import context

from fractal_rmo.adapters.db.engine import make_engine
from fractal_rmo.adapters.db.models import Base


def is_ours(thing: object, name: str | None, kind: str, reflected: bool, compared: object) -> bool:
    """Leave partitions out: they belong to their parent."""
    del thing, reflected, compared
    return not (kind == "table" and (name or "").startswith("error_logs_"))


def run() -> None:
    """Migrate in one transaction, so that a failure changes nothing."""
    engine = make_engine(context.config.get_main_option("sqlalchemy.url") or "")
    with engine.connect() as opened:
        connection = opened.execution_options(isolation_level="READ COMMITTED")
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=is_ours,
            compare_server_default=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
