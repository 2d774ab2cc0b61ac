"""The payload of each of the seven messages, checked where it is stored and where it arrives.

Producers are held to the whole schema.  Consumers let pass what they do not
know, so that a newer version may say more while both are at work.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from types import MappingProxyType
from typing import Any, Literal

from marshmallow import Schema, ValidationError, fields, validate

from fractal_rmo.domain.errors import ErrorCode, FractalError
from fractal_rmo.domain.finding import AnalyzerRole
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.message import Cause, Envelope, Message, MessageType
from fractal_rmo.domain.task import TaskKind
from fractal_rmo.domain.verdict import Level, Outcome

_NAME = validate.Regexp(r"^[A-Za-z][A-Za-z0-9_.-]{0,79}\Z")
"""A word of ours; no text of a task fits."""
_POSITIVE = validate.Range(min=1)


def _count(**options: Any) -> fields.Integer:
    return fields.Integer(strict=True, required=True, validate=validate.Range(min=0), **options)


def _one_of(names: Any) -> fields.String:
    return fields.String(required=True, validate=validate.OneOf([str(name) for name in names]))


def _level() -> fields.Integer:
    return fields.Integer(
        strict=True, required=True, validate=validate.OneOf([int(each) for each in Level])
    )


class TaskAssignment(Schema):
    """A task was handed in, or begun anew in a later round."""

    kind = _one_of(TaskKind)
    level = _level()
    round = fields.Integer(strict=True, validate=_POSITIVE)


class AnalysisComplete(Schema):
    """The swarm's reports are merged."""

    round = _count()
    action_items = _count()
    missing = fields.List(_one_of(AnalyzerRole), required=True)


class ExecutionRequest(Schema):
    """The coordinator asks the executor for these types of action."""

    round = _count()
    actions = fields.List(fields.String(validate=_NAME), required=True)


class ValidationResult(Schema):
    """What the validator found: an outcome by level."""

    round = _count()
    proven = fields.Boolean(required=True, truthy={True}, falsy={False})
    levels = fields.Dict(
        keys=fields.String(validate=validate.OneOf([str(int(each)) for each in Level])),
        values=_one_of(Outcome),
        required=True,
    )


class ErrorReport(Schema):
    """An error was logged; its words stay in the log."""

    role = fields.String(required=True, validate=_NAME)
    level = fields.Integer(strict=True, required=True, validate=validate.Range(min=0, max=6))
    error_type = fields.String(required=True, validate=_NAME)


class PatternDiscovered(Schema):
    """Errors of a type keep coming back."""

    type = fields.String(required=True, validate=_NAME)
    support = _count()
    confidence = fields.Float(validate=validate.Range(min=0, max=1), allow_nan=False)


class ProtocolUpdate(Schema):
    """Another version of the agents' rules is in force."""

    name = fields.String(required=True, validate=_NAME)
    version = fields.Integer(strict=True, required=True, validate=_POSITIVE)
    status = fields.String(required=True, validate=_NAME)


_SCHEMAS: Mapping[MessageType, Schema] = MappingProxyType(
    {
        MessageType.TASK_ASSIGNMENT: TaskAssignment(),
        MessageType.ANALYSIS_COMPLETE: AnalysisComplete(),
        MessageType.EXECUTION_REQUEST: ExecutionRequest(),
        MessageType.VALIDATION_RESULT: ValidationResult(),
        MessageType.ERROR_REPORT: ErrorReport(),
        MessageType.PATTERN_DISCOVERED: PatternDiscovered(),
        MessageType.PROTOCOL_UPDATE: ProtocolUpdate(),
    }
)


class EnvelopeSchema(Schema):
    """What surrounds a payload on its way."""

    id = fields.Integer(strict=True, required=True, validate=_POSITIVE)
    type = _one_of(MessageType)
    correlation_id = fields.UUID(required=True)
    causation_id = fields.UUID(required=True, allow_none=True)
    timestamp = fields.AwareDateTime(required=True, default_timezone=UTC)
    payload = fields.Dict(keys=fields.String(), required=True)


_ENVELOPE = EnvelopeSchema()


def check(message: Message) -> Message:
    """The message, when its payload fits.  Raises ``FractalError`` (BAD_DOCUMENT) with the path."""
    _validate(_SCHEMAS[message.type], message.payload, message.type.value, "raise")
    return message


def document(envelope: Envelope) -> dict[str, Json]:
    """The message as it travels."""
    return {
        "id": envelope.id,
        "type": envelope.message.type.value,
        "correlation_id": envelope.cause.correlation_id,
        "causation_id": envelope.cause.causation_id,
        "timestamp": envelope.timestamp.isoformat(),
        "payload": envelope.message.payload,
    }


def read(written: object) -> Envelope:
    """The message that arrived.  Raises ``FractalError`` (BAD_DOCUMENT) with the path."""
    if not isinstance(written, Mapping):
        raise FractalError(ErrorCode.BAD_DOCUMENT, "message: Not an object.")
    found = _validate(_ENVELOPE, written, "message", "exclude")
    kind = MessageType(found["type"])
    payload = _validate(_SCHEMAS[kind], found["payload"], kind.value, "exclude")
    causation = found["causation_id"]
    cause = Cause(str(found["correlation_id"]), str(causation) if causation else None)
    return Envelope(found["id"], Message(kind, payload), cause, found["timestamp"])


def _validate(
    schema: Schema, given: Mapping[str, Any], name: str, unknown: Literal["raise", "exclude"]
) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(given, unknown=unknown)
    except ValidationError as error:
        raise FractalError(ErrorCode.BAD_DOCUMENT, _first(error.messages, name)) from error
    return loaded


def _first(found: Any, path: str) -> str:
    """The first violation, as ``validation_result.levels.3.value: Must be one of: ...``."""
    while isinstance(found, Mapping):
        key, found = next(iter(found.items()))
        path = path if key == "_schema" else f"{path}.{key}"
    return f"{path}: {' '.join(map(str, found)) if isinstance(found, list) else found}"
