"""The Celery application, the same for those who publish and those who work."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from celery import Celery
from celery.result import AsyncResult


class UnwatchedResult(AsyncResult):  # type: ignore[misc]
    """A result that nobody waits for: what became of a step is asked of Postgres.

    The stock class ends a subscription when it is collected, which opens a
    connection for the purpose, even while the interpreter shuts down.
    """

    def __del__(self) -> None:
        """Nothing is subscribed."""


class Cluster(Celery):  # type: ignore[misc]
    """Celery with results that are not watched."""

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
