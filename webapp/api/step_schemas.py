"""What REST gives of steps, within a task and by themselves."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from fractal_rmo.domain.step import StepState

ID_OR_NOTHING = validate.Regexp(r"^([0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12})?$")


class AttemptSchema(Schema):
    """What became of an attempt that failed, and when (ISO 8601, UTC)."""

    attempt = fields.Integer(required=True)
    at = fields.String(required=True)
    said = fields.String(required=True)


class StepSchema(Schema):
    """One step of the pipeline."""

    id = fields.String(required=True)
    stage = fields.String(required=True)
    action = fields.String(required=True)
    round = fields.Integer(required=True)
    state = fields.String(required=True)
    attempts = fields.Integer(required=True)
    error = fields.String(required=True)
    evidence = fields.List(fields.Nested(AttemptSchema), required=True)
    progress = fields.Dict(required=True)
    elapsed_s = fields.Float(required=True, allow_none=True)


class StepLineSchema(StepSchema):
    """The same in a list, with its task and how that ended."""

    task = fields.String(required=True)
    ending = fields.String(required=True, allow_none=True)


class StepQuerySchema(Schema):
    """Which steps, newest first."""

    state = fields.String(load_default="", validate=validate.OneOf(["", *map(str, StepState)]))
    before = fields.String(load_default="", validate=ID_OR_NOTHING)
    limit = fields.Integer(load_default=20, validate=validate.Range(min=1, max=200))


class StepListSchema(Schema):
    """A page of steps; ``before`` fetches the next one, None when there is none."""

    steps = fields.List(fields.Nested(StepLineSchema), required=True)
    before = fields.String(required=True, allow_none=True)


class StepWithOutputSchema(StepSchema):
    """The same with what it handed on."""

    output = fields.Dict(required=True)
