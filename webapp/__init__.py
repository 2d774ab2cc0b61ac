"""The Flask front.  So far it answers one question: whether the cluster's servers are there."""

from __future__ import annotations

from flask import Flask
from flask.typing import ResponseReturnValue


def create_app() -> Flask:
    """The application factory."""
    app = Flask(__name__)
    app.get("/health")(health)
    return app


def health() -> ResponseReturnValue:
    """200 when database and broker answer, else 503 with the code of what does not."""
    from fractal_rmo.bootstrap import server_trouble
    from fractal_rmo.version import VERSION

    trouble = server_trouble()
    if trouble:
        return {"status": "down", "version": VERSION, "trouble": trouble}, 503
    return {"status": "ok", "version": VERSION}, 200
