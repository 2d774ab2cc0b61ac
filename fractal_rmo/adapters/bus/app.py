"""The Celery application, the same for those who publish and those who work."""

from __future__ import annotations

from celery import Celery


def make_app() -> Celery:
    """An application configured by ``celeryconfig.py``; connects on first use."""
    app = Celery("fractal_rmo")
    app.config_from_object("celeryconfig")
    return app
