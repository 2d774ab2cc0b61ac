"""Celery's settings, where its own commands look for them; the package has them for all others."""

from fractal_rmo.celeryconfig import *  # noqa: F403
