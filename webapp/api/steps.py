"""Steps over REST: list them, put a dead one back."""

from __future__ import annotations

from collections.abc import Mapping

from flask_smorest import Blueprint

from fractal_rmo.domain.views import StepQuery
from fractal_rmo.services.dead import requeue as put_back
from fractal_rmo.services.dead import steps_page
from fractal_rmo.services.documents import lines_document, status_document
from fractal_rmo.services.follow import status_of
from webapp.api import step_schemas
from webapp.api.schemas import TaskStatusSchema
from webapp.tools import tools

blueprint = Blueprint("steps", __name__, url_prefix="/api/v1/steps", description="Steps of tasks")


@blueprint.get("")
@blueprint.arguments(step_schemas.StepQuerySchema, location="query")
@blueprint.response(200, step_schemas.StepListSchema)
def listing(given: dict[str, object]) -> Mapping[str, object]:
    """A page of steps; ``state=dead`` are those that were given up."""
    lines, more = steps_page(StepQuery(**given), tools())  # type: ignore[arg-type]  # the schema's
    return {"steps": lines_document(lines), "before": lines[-1].step.id if more else None}


@blueprint.post("/<step_id>/requeue")
@blueprint.response(202, TaskStatusSchema)
def requeue(step_id: str) -> Mapping[str, object]:
    """Put a dead step back: the task that ended by it goes on from there, in the same round."""
    return status_document(status_of(put_back(step_id, tools()), tools()))
