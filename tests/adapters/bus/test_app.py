"""The application that all processes of the cluster share."""

from __future__ import annotations

import pytest

from fractal_rmo.adapters.bus.app import make_app


def test_a_broker_that_is_away_is_asked_for_again_at_once() -> None:
    waits: list[float] = []

    def failed(_error: Exception, wait: float) -> None:
        waits.append(wait)
        if len(waits) == 2:
            raise StopIteration

    app = make_app()
    with (
        app.connection_for_read("redis://127.0.0.1:1/0") as connection,
        pytest.raises(StopIteration),
    ):
        connection.ensure_connection(failed, None)  # as Celery's consumer calls it
    assert waits == [0.2, 0.5]
