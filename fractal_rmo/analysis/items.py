"""Findings in order, and action items named by their content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from fractal_rmo.domain.action import ActionItem, Priority
from fractal_rmo.domain.finding import AnalyzerRole, Finding, Severity
from fractal_rmo.domain.jsonvalue import Json

MAX_FINDINGS = 200
"""Findings of one report: a megabyte of ``eval(x)`` must not become gigabytes of JSON."""
MAX_PLACES = 50
MAX_ITEMS = 20
"""Action items of one kind in one report."""
MAX_FIGURES = 300
"""Entries of one table among the metrics."""
_SEVERITIES = list(Severity)


def item(
    kind: str, priority: Priority, role: AnalyzerRole, reason: str, **parameters: Json
) -> ActionItem:
    """An action item with the id that its type and parameters give it."""
    return ActionItem(
        id=identity(kind, parameters),
        type=kind,
        priority=priority,
        parameters=parameters,
        sources=(role.value,),
        reason=reason,
    )


def identity(kind: str, parameters: Mapping[str, Json]) -> str:
    """Twelve hex digits over type and parameters: equal advice has one id."""
    return hashlib.sha256(canonical([kind, plain(parameters)]).encode()).hexdigest()[:12]


def canonical(value: Json) -> str:
    """One text for equal JSON values, whatever the order of their keys."""
    return json.dumps(plain(value), sort_keys=True)


def plain(value: Json) -> Json:
    """The value in dicts and lists only, as it comes back from a JSON text."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, str) or not isinstance(value, Iterable):
        return value
    return [plain(inner) for inner in value]


def worst_first(findings: Iterable[Finding], limit: int | None = MAX_FINDINGS) -> list[Finding]:
    """Each finding once, the gravest first, then by place; at most ``limit``."""
    return sorted(set(findings), key=_place)[:limit]


def _place(finding: Finding) -> tuple[object, ...]:
    grave = _SEVERITIES.index(finding.severity)
    place = (finding.path, finding.line, finding.column)
    return grave, *place, finding.rule, finding.message, finding.role, finding.tool, finding.snippet


def places(findings: Iterable[Finding]) -> list[Json]:
    """``path:line`` of the findings, without repetition, at most ``MAX_PLACES``."""
    named = dict.fromkeys(f"{found.path}:{found.line}" for found in findings)
    return list[Json](named)[:MAX_PLACES]
