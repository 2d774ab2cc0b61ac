"""``/health`` and ``/metrics``: for load balancers and Prometheus, open to all who reach us."""

from __future__ import annotations

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from webapp.security.access import has_token, is_signed_in

blueprint = Blueprint("system", __name__)


@blueprint.get("/health")
def health() -> ResponseReturnValue:
    """200 when database and broker answer, else 503; with the token also why."""
    document = health_document()
    if not (has_token() or is_signed_in()):
        del document["trouble"]  # it names servers
    return document, 200 if document["status"] == "ok" else 503


def health_document() -> dict[str, object]:
    """``status`` (ok or down), ``version`` and ``trouble``, a list of sentences."""
    from fractal_rmo.bootstrap.health import server_trouble
    from fractal_rmo.version import VERSION

    trouble = server_trouble()
    return {"status": "down" if trouble else "ok", "version": VERSION, "trouble": trouble}


@blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    """The figures of this process in Prometheus' text format."""
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)
