"""The application factory: what there is, in the order in which a request meets it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flask import Flask

from fractal_rmo.bootstrap.secrets import LOOPBACK, web_secrets
from fractal_rmo.config.load import settings
from fractal_rmo.domain.views import TaskStatus
from webapp import figures, metrics, problems, system
from webapp.api import register_api
from webapp.events import Watcher
from webapp.pages import register_pages
from webapp.security import access, forms, headers
from webapp.tools import tools

_LARGEST_REQUEST = 8 * 1024 * 1024
"""Bytes: two trees of 1 MB of text, as a form or JSON escapes them."""


def create_app() -> Flask:
    """The application.  Raises ``SettingsError`` where others could reach it and no secret is set.

    Waits for nothing: servers that are down are an answer, not a failed start.
    """
    secrets = web_secrets()
    app = Flask("webapp")
    app.config.update(
        SECRET_KEY=secrets.secret_key,
        ACCESS_TOKEN=secrets.access_token,
        MAX_CONTENT_LENGTH=_LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=_LARGEST_REQUEST,
        SESSION_COOKIE_NAME=access.cookie_name(secrets.secret_key),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings().system.environment != "development",
        TRUSTED_HOSTS=list(LOOPBACK) if settings().web.host in LOOPBACK else None,
    )
    app.extensions["watcher"] = Watcher(_statuses)
    metrics.register(app)
    figures.register()
    headers.register(app)
    access.register(app)
    forms.register(app)
    register_api(app)
    problems.register(app)
    app.register_blueprint(system.blueprint)
    register_pages(app)
    return app


def _statuses(task_ids: Collection[str]) -> Mapping[str, TaskStatus]:
    return tools().tasks.statuses(task_ids)
