"""What an analyzer says, in the specification's message format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fractal_rmo.domain.action import ActionItem
from fractal_rmo.domain.jsonvalue import Json


class AnalyzerRole(StrEnum):
    """The five members of the swarm."""

    SYNTAX = "syntax"
    LOGIC = "logic"
    DEPENDENCY = "dependency"
    SECURITY = "security"
    PERFORMANCE = "performance"


QUORUM = 3
"""Reports that merge needs at the least, of five."""


class Severity(StrEnum):
    """How bad a finding is."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One observation with its evidence: place (1-based line), snippet, tool and rule."""

    role: AnalyzerRole
    severity: Severity
    rule: str
    message: str
    tool: str
    path: str
    line: int = 0
    column: int = 0
    snippet: str = ""


@dataclass(frozen=True, slots=True)
class AnalysisReport:
    """One analyzer's report; ``failed`` (an error sentence) is a value, never an exception."""

    role: AnalyzerRole
    confidence: float
    findings: tuple[Finding, ...] = ()
    recommendations: tuple[str, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
    metrics: Mapping[str, Json] = field(default_factory=dict)
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two reports disagreed on one thing; what was kept, and why."""

    subject: str
    kept: str
    dropped: str
    reason: str


@dataclass(frozen=True, slots=True)
class MergedAnalysis:
    """The coordinator's answer: ordered action items, and who was missing."""

    action_items: tuple[ActionItem, ...]
    findings: tuple[Finding, ...]
    conflicts: tuple[Conflict, ...] = ()
    present: tuple[AnalyzerRole, ...] = ()
    missing: tuple[AnalyzerRole, ...] = ()

    @property
    def has_quorum(self) -> bool:
        """Whether at least ``QUORUM`` of the five reported."""
        return len(self.present) >= QUORUM
