"""Prepared statements that go to the driver: their errors, and a server that hangs up."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, exc, text

from fractal_rmo.adapters.db.engine import make_engine, row
from fractal_rmo.adapters.db.prepared import Prepared
from fractal_rmo.domain.errors import ErrorCode, InfrastructureError

pytestmark = [pytest.mark.cluster, pytest.mark.thorough]
HALF = Prepared("half", "SELECT 12 / :by AS half, pg_backend_pid() AS served_by", {"by": "int"})


def test_connections_that_the_server_ended_cost_one_more_try(engine: Engine) -> None:
    small = make_engine(engine.url.render_as_string(hide_password=False))
    with small.connect() as one, small.connect() as two:
        ended = [db.execute(text("SELECT pg_backend_pid()")).scalar_one() for db in (one, two)]
    with engine.connect() as db:
        db.execute(
            text("SELECT pg_terminate_backend(pid) FROM unnest(:ended) pid"), {"ended": ended}
        )
    found = row(small, HALF, {"by": 2})
    assert found is not None
    assert found["half"] == 6
    assert found["served_by"] not in ended
    small.dispose()


def test_what_the_server_refuses_is_sqlalchemys_error(engine: Engine) -> None:
    with pytest.raises(exc.DataError, match="division by zero"):
        row(engine, HALF, {"by": 0})
    assert (row(engine, HALF, {"by": 3}) or {})["half"] == 4


def test_a_server_that_is_away_is_told_from_a_refusal() -> None:
    nowhere = make_engine("postgresql+psycopg2://postgres@127.0.0.1:1/none")
    with pytest.raises(InfrastructureError) as caught:
        row(nowhere, HALF, {"by": 1})
    assert caught.value.code is ErrorCode.DATABASE_DOWN
