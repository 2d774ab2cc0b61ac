"""REST under ``/api/v1``, described by its OpenAPI document."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Api

from fractal_rmo.version import VERSION
from webapp import problems
from webapp.api import steps, system, tasks
from webapp.api.schemas import ProblemSchema


class ProblemApi(Api):  # type: ignore[misc]
    """flask-smorest, with RFC 9457 problems for its errors."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_RESPONSE_CONTENT_TYPE = "application/json"

    def _register_responses(self) -> None:
        """Everything registered here is an error, so it is a problem document."""
        usual = self.DEFAULT_RESPONSE_CONTENT_TYPE
        self.DEFAULT_RESPONSE_CONTENT_TYPE = problems.PROBLEM
        super()._register_responses()
        self.DEFAULT_RESPONSE_CONTENT_TYPE = usual


def register_api(app: Flask) -> None:
    """The endpoints and ``/api/v1/openapi.json``."""
    app.config.update(
        API_TITLE="FRACTAL-RMO",
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "components": {
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer"},
                }
            },
            "security": [{"token": []}],
        },
    )
    api = ProblemApi(app)
    api.register_blueprint(tasks.blueprint)
    api.register_blueprint(steps.blueprint)
    api.register_blueprint(system.blueprint)
