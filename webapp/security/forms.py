"""Forms and scripts of our own pages carry a token that other sites cannot know."""

from __future__ import annotations

import hmac
import secrets

from flask import Flask, request, session
from markupsafe import Markup
from werkzeug.exceptions import Forbidden

from webapp.security.access import has_token

HEADER = "X-CSRF-Token"
FIELD = "csrf_token"
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def register(app: Flask) -> None:
    """Check what changes something; ``csrf_token()`` and ``csrf_field()`` for templates."""
    app.before_request(_check)
    app.add_template_global(csrf_token)
    app.add_template_global(csrf_field)


def csrf_token() -> str:
    """The session's token, made on first use."""
    token = session.get("csrf")
    if not isinstance(token, str):
        token = session["csrf"] = secrets.token_urlsafe(24)
    return token


def csrf_field() -> Markup:
    """The hidden field of a form."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, csrf_token())


def _check() -> None:
    """A bearer token is never sent by a browser on its own, so it needs no second one."""
    if request.method not in _UNSAFE or request.endpoint is None or has_token():
        return
    given = request.headers.get(HEADER) or request.form.get(FIELD, "")
    known = session.get("csrf")
    if not isinstance(known, str) or not hmac.compare_digest(given.encode(), known.encode()):
        raise Forbidden("The form is too old or not ours. Go back, reload the page, send it again.")
