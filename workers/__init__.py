"""The Celery side: ``celery -A workers ...`` finds ``app`` here."""

from workers.app import app

__all__ = ["app"]
