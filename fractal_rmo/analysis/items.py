"""Action items by content: the same advice from two analyzers has one id."""

from __future__ import annotations

import hashlib
import json

from fractal_rmo.domain.action import ActionItem, Priority
from fractal_rmo.domain.finding import AnalyzerRole
from fractal_rmo.domain.jsonvalue import Json


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


def identity(kind: str, parameters: dict[str, Json]) -> str:
    """Twelve hex digits over type and parameters."""
    content = json.dumps([kind, parameters], sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()[:12]
