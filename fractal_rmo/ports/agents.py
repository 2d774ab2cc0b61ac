"""Agents' states, as the services see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fractal_rmo.domain.agent import AgentState


class AgentStore(Protocol):
    """Keeps every version of every agent's state; the newest is the agent's present one."""

    def load(self, agent_id: str, *, fresh: bool = False) -> AgentState | None:
        """The present state, or None.  Without ``fresh`` it may be one that was overtaken."""

    def save(self, state: AgentState) -> AgentState:
        """Write over ``state.version``; returns the state with its new version and times.

        Raises ``FractalError`` (STALE_VERSION), with nothing written, when
        another version is the present one.
        """

    def history(self, agent_id: str) -> Sequence[AgentState]:
        """All versions, the oldest first."""

    def working(self, limit: int) -> Sequence[AgentState]:
        """The present states of agents whose tasks have not ended, latest change first."""
