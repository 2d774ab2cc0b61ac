"""``/api/v1/health``, the same answer as ``/health``; agents; the JSON Schema of reports."""

from __future__ import annotations

import json

from flask import Response
from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint

from fractal_rmo.services.agents import agents_document
from fractal_rmo.services.report_schema import report_schema
from webapp.api.schemas import AgentsSchema, HealthSchema
from webapp.system import health_document
from webapp.tools import tools

blueprint = Blueprint("api-system", __name__, url_prefix="/api/v1", description="The installation")


@blueprint.get("/health")
@blueprint.response(200, HealthSchema)
@blueprint.alt_response(503, schema=HealthSchema, description="A server does not answer.")
def health() -> ResponseReturnValue:
    """Whether database and broker answer."""
    document = health_document()
    return document, 200 if document["status"] == "ok" else 503


@blueprint.get("/agents")
@blueprint.response(200, AgentsSchema)
def agents() -> ResponseReturnValue:
    """Workers that answer within a second, queues, and agents with their present state."""
    return agents_document(tools())


@blueprint.get("/report.schema.json")
@blueprint.doc(security=[])  # open to everybody, as the OpenAPI document is
@blueprint.response(200, {"type": "object"}, content_type="application/schema+json")
def report_schema_json() -> ResponseReturnValue:
    """The JSON Schema of a task's report, and of what the commands print with ``--json``."""
    return Response(json.dumps(report_schema()), content_type="application/schema+json")
