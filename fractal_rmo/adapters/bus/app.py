"""The Celery application, the same for those who publish and those who work."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from celery import Celery
from celery.app.amqp import AMQP
from celery.result import AsyncResult

from fractal_rmo.adapters.bus.transport import RedisConnection

_KNOCKS = {"interval_start": 0.2, "interval_step": 0.3, "interval_max": 2.0}
"""Seconds between two attempts to reach a broker that is away."""


class UnwatchedResult(AsyncResult):  # type: ignore[misc]
    """A result that nobody waits for: what became of a step is asked of Postgres.

    The stock class ends a subscription when it is collected, which opens a
    connection for the purpose, even while the interpreter shuts down.
    """

    def __del__(self) -> None:
        """Nothing is subscribed."""


class SteadyConnection(RedisConnection):
    """A connection that knocks at least every two seconds.

    The stock one waits two seconds longer after each attempt, up to thirty: after
    a broker that fell several times workers would sleep beside one that is up
    (measured: 7 to 28 s).  Celery has no setting for it.
    """

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
        """As in the base class, with other defaults."""
        return super().ensure_connection(  # type: ignore[no-untyped-call]
            *args, **{**_KNOCKS, **kwargs}
        )


class SteadyAMQP(AMQP):  # type: ignore[misc]
    """Makes such connections, for workers and beat alike."""

    Connection = SteadyConnection


class Cluster(Celery):  # type: ignore[misc]
    """Celery with results that are not watched and connections that come back soon."""

    amqp_cls = f"{__name__}:SteadyAMQP"

    @cached_property
    def AsyncResult(  # noqa: N802 - Celery's name # pylint: disable=invalid-overridden-method
        self,
    ) -> Any:
        """The class of what publishing returns."""
        return self.subclass_with_self(UnwatchedResult)


def make_app() -> Celery:
    """An application configured by ``fractal_rmo.celeryconfig``; connects on first use."""
    app = Cluster("fractal_rmo")
    app.config_from_object("fractal_rmo.celeryconfig")
    return app
