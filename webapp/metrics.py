"""Figures of this process, counted as requests pass."""

from __future__ import annotations

import time

from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram

_REQUESTS = Counter("http_requests_total", "Requests answered.", ["method", "endpoint", "status"])
_SECONDS = Histogram(
    "http_request_duration_seconds", "From the first byte to the answer's head.", ["endpoint"]
)


def register(app: Flask) -> None:
    """Count every request.  Endpoints are labels, never paths: their number is bounded."""
    app.before_request(_begin)
    app.after_request(_count)


def _begin() -> None:
    g.begun = time.monotonic()


def _count(response: Response) -> Response:
    endpoint = request.endpoint or "none"
    method = request.method if request.method in _METHODS else "other"
    _REQUESTS.labels(method, endpoint, str(response.status_code)).inc()
    if "begun" in g:  # a host that is not trusted is refused before any request begins
        _SECONDS.labels(endpoint).observe(time.monotonic() - g.begun)
    return response


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
