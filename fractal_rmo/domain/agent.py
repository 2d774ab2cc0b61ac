"""What an agent knows between two actions: the specification's ``AgentState``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fractal_rmo.domain.action import ActionItem
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.pattern import ErrorRecord, Pattern


@dataclass(frozen=True, slots=True)
class AgentState:
    """One version of an agent's state.

    It is saved only over the ``version`` that it was read at; 0 was never
    saved and has no times.  Both times are UTC and the database's.
    """

    agent_id: str
    task_id: str
    current_action: ActionItem | None = None
    completed_actions: tuple[ActionItem, ...] = ()
    error_history: tuple[ErrorRecord, ...] = ()
    learned_patterns: tuple[Pattern, ...] = ()
    context: Mapping[str, Json] = field(default_factory=dict)
    version: int = 0
    created_at: datetime | None = None
    updated_at: datetime | None = None
