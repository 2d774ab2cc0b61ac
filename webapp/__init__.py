"""The Flask front: pages for people, REST for programs."""

from webapp.factory import create_app

__all__ = ["create_app"]
