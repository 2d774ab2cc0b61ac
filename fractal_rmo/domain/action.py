"""Action items: what the swarm asks the executor to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fractal_rmo.domain.jsonvalue import Json


class Priority(StrEnum):
    """How soon an action item is taken up, most urgent first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the most urgent."""
        return list(Priority).index(self)


class Strategy(StrEnum):
    """The executor's four ways to perform an action."""

    DIRECT = "direct"
    SANDBOXED = "sandboxed"
    API = "api"
    SIMULATED = "simulated"


@dataclass(frozen=True, slots=True)
class ActionItem:
    """One thing to do.

    ``id`` is unique within a round and derived from the content, so that the
    same advice from two analyzers is one item.  ``dependencies`` are ids that
    come first.  ``sources`` names the roles that asked for it.
    """

    id: str
    type: str
    priority: Priority
    parameters: Mapping[str, Json] = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ExecutionResult:
    """What one action came to; an exception becomes ``error`` and ``error_type``."""

    success: bool
    output: Mapping[str, Json] = field(default_factory=dict)
    tokens_used: int = 0
    error: str = ""
    error_type: str = ""
