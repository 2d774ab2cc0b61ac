"""Tasks over REST: submit, list, read, follow, fetch, cancel, retry."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from flask import Response, current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint
from werkzeug.exceptions import BadRequest, ServiceUnavailable, UnsupportedMediaType

from fractal_rmo.domain.errors import ErrorCode, LifecycleError
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Provider, Task, TaskKind
from fractal_rmo.domain.verdict import Level
from fractal_rmo.domain.views import TaskQuery
from fractal_rmo.services import submit as services
from fractal_rmo.services.documents import (
    diff,
    revision,
    rows_document,
    status_document,
    view_document,
)
from fractal_rmo.services.follow import page_of, status_of
from webapp.api import schemas
from webapp.events import TooManyStreamsError, Watcher
from webapp.tools import tools

blueprint = Blueprint("tasks", __name__, url_prefix="/api/v1/tasks", description="Coding tasks")


@blueprint.before_request
def _refuse_what_is_no_json() -> None:
    """415 for other types, 400 for what the parser cannot read, whatever it raises."""
    if request.method != "POST" or request.endpoint != "tasks.create":
        return
    if not request.is_json:
        raise UnsupportedMediaType("Send the task as application/json.")
    try:
        json.loads(request.get_data())
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"This is no JSON that can be read: {error}.") from None


def to_task(given: Mapping[str, Any]) -> Task:
    """A task out of what ``TaskInSchema`` has loaded.  Raises ``InputError``."""
    return Task(
        description=given["description"],
        code=SourceTree(given["code"]),
        tests=SourceTree(given["tests"]),
        kind=TaskKind(given["kind"]),
        level=Level(given["level"]),
        provider=Provider(given["provider"]),
        budget=services.budget(given["budget"], tools().settings.limits),
        python=given["python"],
    )


@blueprint.post("")
@blueprint.arguments(schemas.TaskInSchema)
@blueprint.arguments(schemas.KeySchema, location="headers")
@blueprint.response(
    202, schemas.CreatedSchema, headers={"Location": {"schema": {"type": "string"}}}
)
def create(given: dict[str, Any], headers: dict[str, str]) -> ResponseReturnValue:
    """Submit a task; the answer comes before the work."""
    task_id = services.submit(to_task(given), tools(), headers["key"])
    url = url_for("tasks.read", task_id=task_id)
    return {"id": task_id, "url": url}, 202, {"Location": url}


@blueprint.get("")
@blueprint.arguments(schemas.TaskQuerySchema, location="query")
@blueprint.response(200, schemas.TaskListSchema)
def listing(given: dict[str, Any]) -> Mapping[str, object]:
    """A page of tasks."""
    query = TaskQuery(**given)
    rows, more = page_of(query, tools())
    return {"tasks": rows_document(rows), "before": rows[-1].id if more else None}


@blueprint.get("/<task_id>")
@blueprint.response(200, schemas.TaskStatusSchema)
@blueprint.alt_response(304, description="Nothing has changed since the If-None-Match.")
def read(task_id: str) -> ResponseReturnValue:
    """How far a task is.  Its ETag changes with the task, so asking often costs little."""
    document = status_document(status_of(task_id, tools()))
    tag = revision(document)
    if request.if_none_match.contains(tag):
        return Response(status=304, headers={"ETag": f'"{tag}"'})
    return document, 200, {"ETag": f'"{tag}"'}


@blueprint.get("/<task_id>/events")
@blueprint.arguments(schemas.LastEventSchema, location="headers")
@blueprint.response(200, {"type": "string"}, content_type="text/event-stream")
@blueprint.alt_response(204, description="The task has ended and its last event was seen.")
def events(headers: dict[str, str], task_id: str) -> ResponseReturnValue:
    """``status`` events, each with the whole status, then ``end``.  Ids are revisions."""
    document = status_document(status_of(task_id, tools()))
    if document["ending"] and headers["last_id"] == revision(document):
        return Response(status=204)  # tells a browser to stop
    watcher: Watcher = current_app.extensions["watcher"]
    try:
        stream = watcher.open(str(document["id"]), headers["last_id"])
    except TooManyStreamsError:
        raise ServiceUnavailable(
            "Too many streams are open. Ask for the task itself from time to time.", retry_after=5
        ) from None
    response = Response(
        watcher.events(stream), mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )
    response.call_on_close(lambda: watcher.close(stream))  # even if nothing was ever read
    return response


@blueprint.get("/<task_id>/report")
@blueprint.response(200, schemas.ReportSchema)
def report(task_id: str) -> Mapping[str, object]:
    """Everything about a task."""
    return view_document(tools().tasks.show(task_id))


@blueprint.get("/<task_id>/artifact")
@blueprint.arguments(schemas.ArtifactQuerySchema, location="query")
@blueprint.response(200, {"type": "string"}, content_type="text/x-diff")
@blueprint.alt_response(
    200, schema={"type": "string", "format": "binary"}, content_type="application/zip"
)
def artifact(given: dict[str, str], task_id: str) -> ResponseReturnValue:
    """The proven result: a patch that ``git apply`` takes, or the files."""
    view = tools().tasks.show(task_id)
    if view.result is None:
        raise LifecycleError(ErrorCode.NO_RESULT)
    patch = given["form"] == "patch"
    body = diff(view.code, view.result).encode() if patch else _zip(view.result)
    kind, suffix = ("text/x-diff", "patch") if patch else ("application/zip", "zip")
    name = f'attachment; filename="{view.row.id}.{suffix}"'
    return Response(body, content_type=kind, headers={"Content-Disposition": name})


@blueprint.post("/<task_id>/cancel")
@blueprint.response(200, schemas.TaskStatusSchema)
def cancel(task_id: str) -> Mapping[str, object]:
    """End a task; what it has reached is kept."""
    tools().tasks.cancel(task_id)
    return status_document(status_of(task_id, tools()))


@blueprint.post("/<task_id>/retry")
@blueprint.response(202, schemas.TaskStatusSchema)
def retry(task_id: str) -> Mapping[str, object]:
    """Begin an ended task anew, with its whole budget."""
    services.retry(task_id, tools())
    return status_document(status_of(task_id, tools()))


def _zip(tree: SourceTree) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in tree.files.items():
            archive.writestr(path, text)
    return buffer.getvalue()
