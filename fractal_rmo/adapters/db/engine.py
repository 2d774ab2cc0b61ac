"""One engine a process, and how its errors become ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, RowMapping, TextClause, create_engine, exc, text
from sqlalchemy.exc import DBAPIError, OperationalError

from fractal_rmo.adapters.db.prepared import Prepared
from fractal_rmo.domain.errors import ErrorCode, InfrastructureError

_Answer = TypeVar("_Answer")
Row = RowMapping | Mapping[str, Any]
"""Values by their columns' names."""


def make_engine(url: str, pool_size: int = 2) -> Engine:
    """An engine whose statements commit by themselves: the hot path is single statements.

    No ``pool_pre_ping``: it costs a round trip for each statement (measured: a
    tenth of the pipeline's throughput).  ``run`` tries again instead.
    """
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=2,
        pool_timeout=5,
        pool_use_lifo=True,  # the connection used last has its plans at hand
        isolation_level="AUTOCOMMIT",
        connect_args={
            "connect_timeout": 5,
            "tcp_user_timeout": 20_000,  # milliseconds until a silent peer counts as gone
            "application_name": "fractal-rmo",
            # every statement that is prepared looks its rows up by key: one plan fits all values
            # ... also when it is made while the tables are still too small for an index to pay
            "options": "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off",
        },
    )


def run(engine: Engine, work: Callable[[Connection], _Answer]) -> _Answer:
    """``work`` on a connection on which each statement is its own transaction.

    Tried a second time where the connection turns out to be broken, as after a
    restart of the server; so ``work`` must bear to be repeated after a commit
    whose answer was lost.  Raises ``InfrastructureError`` (DATABASE_DOWN).
    """

    def attempt() -> _Answer:
        with engine.connect() as opened:
            return work(opened)

    return _tried(attempt)


def _tried(attempt: Callable[[], _Answer]) -> _Answer:
    try:
        try:
            return attempt()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return attempt()
    except exc.TimeoutError as error:
        words = "all connections of this process are waiting for it"
        raise InfrastructureError(ErrorCode.DATABASE_DOWN, words) from error
    except DBAPIError as error:
        if _is_unreachable(error):
            raise InfrastructureError(ErrorCode.DATABASE_DOWN, _first_line(error)) from error
        raise


def transact(engine: Engine, work: Callable[[Connection], _Answer]) -> _Answer:
    """Like ``run``, with all of ``work`` in one transaction under READ COMMITTED."""

    def within(opened: Connection) -> _Answer:
        explicit = opened.execution_options(isolation_level="READ COMMITTED")
        with explicit.begin():
            return work(explicit)

    return run(engine, within)


def row(
    engine: Engine, statement: TextClause | Prepared, values: Mapping[str, object]
) -> Row | None:
    """The first row of a single statement, or None; tried as by ``run``."""
    if isinstance(statement, Prepared):
        return _tried(lambda: _first(engine, statement, values))
    return run(engine, lambda db: db.execute(statement, dict(values)).mappings().first())


def _first(
    engine: Engine, statement: Prepared, values: Mapping[str, object]
) -> Mapping[str, Any] | None:
    """On a pooled connection of the driver; its errors become SQLAlchemy's, as elsewhere."""
    opened = None
    try:
        opened = engine.raw_connection()
        return statement.first(opened, values)
    except engine.dialect.loaded_dbapi.Error as error:
        broken = engine.dialect.is_disconnect(error, opened and opened.dbapi_connection, None)
        if broken:  # then so are those that wait in the pool: the server was restarted
            if opened:
                opened.invalidate(error)
            engine.dispose()
        raise DBAPIError.instance(
            statement.name,
            None,
            error,
            engine.dialect.loaded_dbapi.Error,
            connection_invalidated=broken,
            dialect=engine.dialect,
        ) from error
    finally:
        if opened:
            opened.close()


def _is_unreachable(error: DBAPIError) -> bool:
    """No SQLSTATE, a connection exception (08) or a server that stops or starts (57P).

    A connection that broke in the middle of an answer shows as other errors too.
    """
    if error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.orig, "pgcode", None)
    return state is None or state.startswith(("08", "57P"))


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0]


def database_trouble(url: str) -> str:
    """One sentence, or "" when the database answers."""
    engine = make_engine(url)
    try:
        run(engine, lambda db: db.execute(text("SELECT 1")))
    except InfrastructureError as error:
        return str(error)
    finally:
        engine.dispose()
    return ""
