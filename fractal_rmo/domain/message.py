"""The seven messages that agents exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from fractal_rmo.domain.jsonvalue import Json


class MessageType(StrEnum):
    """The specification's seven types."""

    TASK_ASSIGNMENT = "task_assignment"
    ANALYSIS_COMPLETE = "analysis_complete"
    EXECUTION_REQUEST = "execution_request"
    VALIDATION_RESULT = "validation_result"
    ERROR_REPORT = "error_report"
    PATTERN_DISCOVERED = "pattern_discovered"
    PROTOCOL_UPDATE = "protocol_update"


@dataclass(frozen=True, slots=True)
class Message:
    """What is said; who it concerns and what caused it is known where it is stored."""

    type: MessageType
    payload: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cause:
    """What a message belongs to and comes from.

    ``correlation_id`` is the task's, inherited from message to message; work
    of the clock begins one of its own.  ``causation_id`` names a step, or a
    message by its ``message_uuid``; None where a person or the clock caused it.
    """

    correlation_id: str
    causation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message that is stored: ``id`` is unique and the same however often it is delivered."""

    id: int
    message: Message
    cause: Cause
    timestamp: datetime

    @property
    def consequence(self) -> Cause:
        """The cause of what a consumer does about this message."""
        return Cause(self.cause.correlation_id, message_uuid(self.id))


def message_uuid(message_id: int) -> str:
    """A message's id where a UUID is wanted: of no version, so it is never a step's."""
    return str(UUID(int=message_id))
