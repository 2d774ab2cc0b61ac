"""What REST takes and gives.  Shapes only: what they mean is decided in the services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.task import Provider, TaskKind
from fractal_rmo.domain.verdict import Level, Outcome
from fractal_rmo.domain.views import RUNNING
from fractal_rmo.services.questions import Kind
from webapp.api.step_schemas import ID_OR_NOTHING, StepSchema, StepWithOutputSchema


def _one_of(names: Any) -> validate.OneOf:
    return validate.OneOf([str(name) for name in names])


class Tree(fields.Field[dict[str, str]]):
    """Files by relative path; a bare text stands for one file under its usual name."""

    def __init__(self, usual_name: str, **kwargs: Any) -> None:
        self.usual_name = usual_name
        shape = {
            "oneOf": [
                {"type": "string"},
                {"type": "object", "additionalProperties": {"type": "string"}},
            ],
        }
        super().__init__(**kwargs, metadata={**shape, **(kwargs.pop("metadata", {}))})

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, str]:
        if isinstance(value, str):
            return {self.usual_name: value} if value else {}
        if isinstance(value, Mapping) and all(isinstance(text, str) for text in value.values()):
            return dict(value)
        raise ValidationError("Give a text, or an object of texts by relative path.")


class BudgetSchema(Schema):
    """What a task may use; what is left out is as much as the installation allows."""

    seconds = fields.Float(
        validate=validate.Range(min=0, min_inclusive=False, max=86_400), allow_nan=False
    )
    tokens = fields.Integer(strict=True, validate=validate.Range(min=0, max=2**31 - 1))
    dollars = fields.Float(validate=validate.Range(min=0, max=1_000_000), allow_nan=False)
    retries = fields.Integer(strict=True, validate=validate.Range(min=0, max=100))


class TaskInSchema(Schema):
    """A coding task."""

    kind = fields.String(load_default=TaskKind.FIX.value, validate=_one_of(TaskKind))
    description = fields.String(load_default="", validate=validate.Length(max=20_000))
    code = Tree("solution.py", load_default={})
    tests = Tree("test_solution.py", load_default={})
    level = fields.Integer(
        strict=True, load_default=int(Level.UNIT), validate=validate.Range(min=1, max=6)
    )
    provider = fields.String(load_default=Provider.AUTO.value, validate=_one_of(Provider))
    budget = fields.Nested(BudgetSchema, load_default={})
    python = fields.String(load_default="", validate=validate.Length(max=1024))

    @validates_schema(pass_original=True)
    def _needs_code(self, given: Any, original: Any, **_: Any) -> None:
        """Only new code begins without any."""
        if given.get("kind") != TaskKind.GENERATE and "code" not in original:
            raise ValidationError("Missing data for required field.", "code")


class CreatedSchema(Schema):
    """A task that was taken, or was there already under its key."""

    id = fields.String(required=True)
    url = fields.String(required=True)


class TaskRowSchema(Schema):
    """One line of a list.  Times are UTC, durations seconds."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=_one_of(TaskKind))
    description = fields.String(required=True)
    level = fields.Integer(required=True)
    provider = fields.String(required=True)
    python = fields.String(required=True)
    state = fields.String(required=True, validate=_one_of(TaskState))
    ending = fields.String(required=True, allow_none=True)
    proven_level = fields.Integer(required=True)
    round = fields.Integer(required=True)
    created_at = fields.String(required=True)
    elapsed_s = fields.Float(required=True)
    levels = fields.Dict(
        keys=fields.String(), values=fields.String(validate=_one_of(Outcome)), required=True
    )
    tokens = fields.Integer(required=True)
    dollars = fields.Float(required=True)


class TaskStatusSchema(TaskRowSchema):
    """How far a task is."""

    summary = fields.String(required=True)
    steps = fields.List(fields.Nested(StepSchema), required=True)


class VerdictSchema(Schema):
    """What the validator said of one level."""

    round = fields.Integer(required=True)
    level = fields.Integer(required=True)
    outcome = fields.String(required=True, validate=_one_of(Outcome))
    summary = fields.String(required=True)
    evidence = fields.Dict(required=True)
    duration_s = fields.Float(required=True)
    tier = fields.String(required=True)
    tools = fields.Dict(required=True)
    shared_process = fields.Boolean(required=True)


class QuestionSchema(Schema):
    """What the latest round leaves to a person, and the test that would answer it."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=_one_of(Kind))
    question = fields.String(required=True)
    path = fields.String(required=True)
    line = fields.Integer(required=True)
    function = fields.String(required=True)
    test = fields.String(required=True)
    why_not = fields.String(required=True)


class LogEntrySchema(Schema):
    """A message that was sent about the task."""

    id = fields.Integer(required=True)
    at_s = fields.Float(required=True)
    type = fields.String(required=True)
    payload = fields.Dict(required=True)
    causation_id = fields.String(required=True, allow_none=True)


class AgentStateSchema(Schema):
    """The present state of an agent that works on a task."""

    agent_id = fields.String(required=True)
    task_id = fields.String(required=True)
    current_action = fields.Dict(required=True, allow_none=True)
    completed_actions = fields.List(fields.Dict(), required=True)
    error_history = fields.List(fields.Dict(), required=True)
    learned_patterns = fields.List(fields.Dict(), required=True)
    context = fields.Dict(required=True)
    version = fields.Integer(required=True)
    created_at = fields.String(required=True)
    updated_at = fields.String(required=True)


class ReportSchema(TaskRowSchema):
    """Everything about a task; ``/api/v1/report.schema.json`` says it as JSON Schema."""

    schema_version = fields.Integer(required=True)
    summary = fields.String(required=True)
    budget = fields.Dict(required=True)
    code = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    tests = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    result = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True, allow_none=True
    )
    diff = fields.String(required=True)
    verdicts = fields.List(fields.Nested(VerdictSchema), required=True)
    questions = fields.List(fields.Nested(QuestionSchema), required=True)
    profile = fields.List(fields.Dict(), required=True)
    steps = fields.List(fields.Nested(StepWithOutputSchema), required=True)
    log = fields.List(fields.Nested(LogEntrySchema), required=True)
    agents = fields.List(fields.Nested(AgentStateSchema), required=True)


class TaskQuerySchema(Schema):
    """Which tasks, newest first."""

    kind = fields.String(load_default="", validate=validate.OneOf(["", *map(str, TaskKind)]))
    ending = fields.String(
        load_default="", validate=validate.OneOf(["", RUNNING, *map(str, Ending)])
    )
    words = fields.String(load_default="", validate=validate.Length(max=200))
    before = fields.String(load_default="", validate=ID_OR_NOTHING)
    limit = fields.Integer(load_default=20, validate=validate.Range(min=1, max=200))


class TaskListSchema(Schema):
    """A page of tasks; ``before`` fetches the next one, None when there is none."""

    tasks = fields.List(fields.Nested(TaskRowSchema), required=True)
    before = fields.String(required=True, allow_none=True)


class ArtifactQuerySchema(Schema):
    """In which form."""

    form = fields.String(load_default="patch", validate=validate.OneOf(["patch", "zip"]))


class KeySchema(Schema):
    """The idempotency key: the same key is the same task."""

    key = fields.String(
        data_key="Idempotency-Key", load_default="", validate=validate.Length(max=200)
    )


class LastEventSchema(Schema):
    """The id of the last event that the client has seen."""

    last_id = fields.String(
        data_key="Last-Event-ID", load_default="", validate=validate.Length(max=64)
    )


class WorkNowSchema(Schema):
    """A piece of work under way."""

    task = fields.String(required=True)
    step_id = fields.String(required=True)


class WorkerSchema(Schema):
    """A worker that answered."""

    name = fields.String(required=True)
    role = fields.String(required=True)
    queues = fields.List(fields.String(), required=True)
    size = fields.Integer(required=True)
    sandbox = fields.String(required=True)
    python = fields.String(required=True)
    version = fields.String(required=True)
    doing = fields.List(fields.Nested(WorkNowSchema), required=True)


class AgentsSchema(Schema):
    """Who works, what waits, and the present state of each agent of a task that has not ended."""

    workers = fields.List(fields.Nested(WorkerSchema), required=True)
    queues = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    states = fields.List(fields.Nested(AgentStateSchema), required=True)


class HealthSchema(Schema):
    """Whether the servers answer."""

    status = fields.String(required=True, validate=validate.OneOf(["ok", "down"]))
    version = fields.String(required=True)
    trouble = fields.List(fields.String(), required=True)


class ProblemSchema(Schema):
    """RFC 9457.  ``code`` and ``remedy`` come with errors that ``explain`` knows."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True)
    code = fields.String()
    remedy = fields.String()
    errors = fields.Dict()
