"""The seven messages that agents exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

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
    """One message; its correlation id is the task's and is given when it is stored."""

    type: MessageType
    payload: Mapping[str, Json] = field(default_factory=dict)
