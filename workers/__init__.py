"""The Celery side: ``celery -A workers ...`` finds ``app`` here."""

from workers import about  # ``celery -A workers inspect`` must know the command's name
from workers.app import app

__all__ = ["about", "app"]
