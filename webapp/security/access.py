"""Who may come in: a browser by a one-time link or the access token, a program by the token.

One token for everybody: people with rights of their own come with access
control.  On a laptop the token is made for the checkout and lies in its state
folder; elsewhere it is a setting.
"""

from __future__ import annotations

import hashlib
import hmac
import time

from flask import (
    Blueprint,
    Flask,
    current_app,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Unauthorized

from fractal_rmo.services.sign_in import open_link
from webapp.tools import tools

_OPEN = frozenset(
    {
        "static",
        "system.health",
        "system.metrics",
        "access.link",
        "access.sign_in",
        "api-docs.openapi_json",
        "api-system.report_schema_json",
    }
)
"""Endpoints for everybody; what matches no endpoint is answered with 404, by anybody's leave."""

_LARGEST_FROM_STRANGERS = 8192
"""Bytes: a token and where to go."""

blueprint = Blueprint("access", __name__)


def register(app: Flask) -> None:
    """Let nobody but the signed-in pass; the links and the form to sign in."""
    app.before_request(_let_pass)
    app.register_blueprint(blueprint)
    app.add_template_global(is_signed_in)


def cookie_name(secret_key: str) -> str:
    """Cookies know no ports: two clusters on one machine must not sign each other out."""
    return f"fractal_{hashlib.sha256(secret_key.encode()).hexdigest()[:8]}"


def is_signed_in() -> bool:
    """Whether this browser has signed in."""
    return session.get("signed_in") == _seal()


def _seal() -> str:
    """What a session holds: it ends when the access token is changed."""
    return hashlib.sha256(current_app.config["ACCESS_TOKEN"].encode()).hexdigest()[:32]


def has_token() -> bool:
    """Whether the request carries the access token as a bearer token."""
    given = request.authorization
    return bool(given and given.type == "bearer" and _is_token(given.token or ""))


def _is_token(given: str) -> bool:
    return hmac.compare_digest(given.encode(), current_app.config["ACCESS_TOKEN"].encode())


def _let_pass() -> ResponseReturnValue | None:
    if request.endpoint in _OPEN:
        request.max_content_length = _LARGEST_FROM_STRANGERS
    if request.endpoint is None or request.endpoint in _OPEN or has_token() or is_signed_in():
        return None
    if request.path.startswith("/api/") or request.method not in ("GET", "HEAD"):
        raise Unauthorized(
            "Send the access token: 'Authorization: Bearer TOKEN'. "
            "'fractal-rmo token' prints it on the machine that serves."
        )
    return redirect(url_for("access.sign_in", next=request.full_path.rstrip("?")))


@blueprint.get("/open/<token>")
def link(token: str) -> ResponseReturnValue:
    """The one-time link: it signs this browser in."""
    if request.method == "HEAD":  # a preview must not use it up
        return ""
    if open_link(token, current_app.config["SECRET_KEY"], tools().links, time.time()):
        return _welcome("/")
    return _form("This link was used before or is too old.", 401)


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """The form that takes the access token."""
    if request.method == "GET":
        return _form("", 200)
    if _is_token(request.form.get("token", "").strip()):
        return _welcome(request.form.get("next", "/"))
    return _form("This is not the access token.", 401)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Forget this browser."""
    session.clear()
    return redirect(url_for("access.sign_in"))


def _welcome(target: str) -> ResponseReturnValue:
    if not is_signed_in():  # a session from before signing in is nobody's
        session.clear()
    session["signed_in"] = _seal()
    return redirect(_local(target))


def _local(target: str) -> str:
    """The target when it is a path of ours, else the first page."""
    plain = target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if plain and target.isprintable() else "/"


def _form(trouble: str, status: int) -> ResponseReturnValue:
    target = _local(request.values.get("next", "/"))
    return render_template("sign_in.html", trouble=trouble, next=target), status
