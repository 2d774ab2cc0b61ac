"""``/api/v1/health``: the same answer as ``/health``."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint

from webapp.api.schemas import HealthSchema
from webapp.system import health_document

blueprint = Blueprint("api-system", __name__, url_prefix="/api/v1", description="The installation")


@blueprint.get("/health")
@blueprint.response(200, HealthSchema)
@blueprint.alt_response(503, schema=HealthSchema, description="A server does not answer.")
def health() -> ResponseReturnValue:
    """Whether database and broker answer."""
    document = health_document()
    return document, 200 if document["status"] == "ok" else 503
