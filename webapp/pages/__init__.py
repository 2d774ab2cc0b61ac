"""The pages, rendered here and useful without a script."""

from __future__ import annotations

from flask import Flask


def register_pages(app: Flask) -> None:
    """All pages."""
