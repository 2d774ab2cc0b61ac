"""One engine a process, and how its errors become ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import OperationalError

from fractal_rmo.domain.errors import ErrorCode, InfrastructureError


def make_engine(url: str, pool_size: int = 2) -> Engine:
    """An engine whose statements commit by themselves: the hot path is single statements.

    ``pool_pre_ping`` costs a round trip a checkout and saves the first
    statement after a restart of the server.
    """
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=2,
        pool_pre_ping=True,
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": 5, "application_name": "fractal-rmo"},
    )


@contextmanager
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection on which each statement is its own transaction.

    Raises ``InfrastructureError`` (DATABASE_DOWN) when the server does not answer.
    """
    try:
        with engine.connect() as opened:
            yield opened
    except OperationalError as error:
        raise InfrastructureError(ErrorCode.DATABASE_DOWN, _first_line(error)) from error


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction over several statements, under READ COMMITTED."""
    try:
        with engine.connect() as opened:
            explicit = opened.execution_options(isolation_level="READ COMMITTED")
            with explicit.begin():
                yield explicit
    except OperationalError as error:
        raise InfrastructureError(ErrorCode.DATABASE_DOWN, _first_line(error)) from error


def _first_line(error: OperationalError) -> str:
    return str(error.orig).strip().split("\n")[0]
