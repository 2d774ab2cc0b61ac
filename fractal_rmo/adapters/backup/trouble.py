"""What the database says against a backup or a restore, as errors of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from sqlalchemy.exc import DBAPIError

from fractal_rmo.domain.errors import ErrorCode, InfrastructureError, InputError

_LOCKED, _DENIED = "55P03", "42501"
_TOLD = {_LOCKED: ErrorCode.STILL_RUNNING, _DENIED: ErrorCode.NOT_ALLOWED}


@contextmanager
def named() -> Iterator[None]:
    """Raise ``InputError`` (STILL_RUNNING, NOT_ALLOWED), ``InfrastructureError`` (DATABASE_DOWN).

    COPY is the driver's own call, whose errors come as they are.
    """
    try:
        yield
    except psycopg2.Error as error:
        _raise(error, error)
    except DBAPIError as error:
        _raise(error, error.orig)


def _raise(error: Exception, cause: object) -> None:
    state = getattr(cause, "pgcode", None)
    if state in _TOLD:
        raise InputError(_TOLD[state], first_line(cause)) from error
    if isinstance(cause, psycopg2.OperationalError) and state is None:
        raise InfrastructureError(ErrorCode.DATABASE_DOWN, first_line(cause)) from error
    raise error


def first_line(error: object) -> str:
    """What the server says, without the place in the statement."""
    return str(error).strip().partition("\n")[0]
