"""Every error as RFC 9457 problem+json for programs, as a page for people."""

from __future__ import annotations

import logging
from contextlib import suppress

from flask import Flask, Response, json, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from fractal_rmo.domain.errors import (
    CATALOGUE,
    ErrorCode,
    FractalError,
    InfrastructureError,
    LifecycleError,
)

PROBLEM = "application/problem+json"
_LOG = logging.getLogger(__name__)
_STATUS = {
    ErrorCode.NO_SUCH_TASK: 404,
    ErrorCode.NO_SUCH_STEP: 404,
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.KEY_TAKEN: 409,
}


def register(app: Flask) -> None:
    """Answer our own errors; those of HTTP are handed over by the API's handler."""
    app.register_error_handler(FractalError, _of_ours)
    app.register_error_handler(HTTPException, of_http)


def status_of(error: FractalError) -> int:
    """The HTTP status of an error of ours."""
    if error.code in _STATUS:
        return _STATUS[error.code]
    if isinstance(error, LifecycleError):
        return 409
    return 503 if isinstance(error, InfrastructureError) else 422


def _of_ours(error: FractalError) -> ResponseReturnValue:
    status = status_of(error)
    return answer(
        {
            "type": f"urn:fractal-rmo:error:{error.code}",
            "title": CATALOGUE[error.code].title,
            "status": status,
            "detail": error.detail,
            "code": error.code.value,
            "remedy": error.remedy,
        },
        {"Retry-After": "5"} if status == 503 else {},
    )


def of_http(error: HTTPException) -> ResponseReturnValue:
    """An error that HTTP itself names; a crash of ours is logged and says nothing of itself."""
    if error.response is not None:
        return error.response
    status = error.code or 500
    if status == 500:
        _LOG.error(
            "%s %s failed",
            request.method,
            request.path,
            exc_info=getattr(error, "original_exception", None),
        )
    data = getattr(error, "data", None) or {}
    problem: dict[str, object] = {
        "type": "about:blank",
        "title": error.name,
        "status": status,
        "detail": str(data.get("message") or error.description or error.name),
    }
    if data.get("messages"):
        problem |= {
            "type": "urn:fractal-rmo:error:invalid",
            "detail": "The request does not fit its schema; 'errors' names each place.",
            "errors": data["messages"],
        }
    kept = {k: v for k, v in error.get_headers() if k in ("Allow", "Retry-After")}
    if status == 401:
        kept["WWW-Authenticate"] = 'Bearer realm="fractal-rmo"'
    return answer(problem, kept)


def answer(problem: dict[str, object], extra: dict[str, str]) -> Response:
    """The problem as JSON, or as a page for a browser that reads pages."""
    status = int(str(problem["status"]))
    problem["instance"] = request.path
    typed = _typed() if request.method == "POST" else {}
    if wants_page():
        body, kind = (
            render_template("problem.html", problem=problem, typed=typed),
            "text/html; charset=utf-8",
        )
    else:
        body, kind = json.dumps(problem), PROBLEM
    return Response(body, status, extra, content_type=kind)


def _typed() -> dict[str, str]:
    """What a person had typed into the form that is refused, so that it can be taken up again."""
    with suppress(HTTPException):  # too large to be read
        return {
            name: text
            for name, text in request.form.items()
            if text.strip() and name not in _SECRET_FIELDS
        }
    return {}


_SECRET_FIELDS = ("token", "csrf_token", "key", "next", "do")


def wants_page() -> bool:
    """Whether a person in a browser is asking."""
    accepted = request.accept_mimetypes
    return not request.path.startswith("/api/") and (
        accepted["text/html"] > accepted["application/json"]
    )
