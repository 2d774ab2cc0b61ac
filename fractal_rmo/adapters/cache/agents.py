"""``ports.agents.AgentStore`` with a hot copy in Redis in front of the truth.

A copy is a guess that saves a read.  Whether a state may be written over is
decided by the truth alone, so a copy that is stale, missing or wrong costs a
fresh read and nothing else.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

from redis import Redis

from fractal_rmo.adapters.bus.best_effort import BestEffort
from fractal_rmo.adapters.bus.redis_client import PREFIX
from fractal_rmo.adapters.cache.sealed import seal, unseal
from fractal_rmo.domain.agent import AgentState
from fractal_rmo.domain.errors import ErrorCode, FractalError
from fractal_rmo.ports.agents import AgentStore
from fractal_rmo.services.agent_state import document, from_document

KEPT_S = 120
"""An executor at work saves more often than this; what has ended is forgotten."""
_LOG = logging.getLogger(__name__)


class HotAgentStore:
    """The truth's own methods; ``load`` asks Redis first unless it must be fresh."""

    def __init__(self, truth: AgentStore, redis: Redis) -> None:
        self._truth, self._redis = truth, redis
        self._ask = BestEffort("agents' states are read from PostgreSQL for now").ask

    def load(self, agent_id: str, *, fresh: bool = False) -> AgentState | None:
        """See the port."""
        copy = None if fresh else self._read(agent_id)
        if copy is not None:
            return copy
        found = self._truth.load(agent_id)
        if found is not None:
            self._write(found)
        return found

    def save(self, state: AgentState) -> AgentState:
        """See the port."""
        try:
            saved = self._truth.save(state)
        except FractalError as error:
            if error.code is ErrorCode.STALE_VERSION:
                self._ask(lambda: self._redis.delete(key(state.agent_id)))
            raise
        if saved.version > 1:  # who has saved a first version goes on with it, mostly to the end
            self._write(saved)
        return saved

    def history(self, agent_id: str) -> Sequence[AgentState]:
        """See the port."""
        return self._truth.history(agent_id)

    def working(self, limit: int) -> Sequence[AgentState]:
        """See the port."""
        return self._truth.working(limit)

    def _read(self, agent_id: str) -> AgentState | None:
        try:
            text: Any = self._ask(lambda: self._redis.get(key(agent_id)))
            state = unpacked(text) if text else None
        except FractalError as error:
            _LOG.warning("the hot copy of %s is passed over: %s", agent_id, error)
            return None
        return state if state and state.agent_id == agent_id else None

    def _write(self, state: AgentState) -> None:
        self._ask(lambda: self._redis.set(key(state.agent_id), packed(state), ex=KEPT_S))


def key(agent_id: str) -> str:
    """Where the copy lies."""
    return f"{PREFIX}agent:{agent_id}"


def packed(state: AgentState) -> str:
    """A copy that tells when a part of it is not as it was written."""
    return seal(json.dumps(document(state), default=dict))


def unpacked(text: str) -> AgentState:
    """The state in a copy.  Raises ``FractalError`` (BAD_DOCUMENT) for a damaged one."""
    body = unseal(text)
    if body is None:
        raise FractalError(ErrorCode.BAD_DOCUMENT, "Its digest does not fit.")
    try:
        written = json.loads(body)
    except ValueError as error:
        raise FractalError(ErrorCode.BAD_DOCUMENT, f"{error}.") from error
    if not isinstance(written, dict) or not written.get("version"):
        raise FractalError(ErrorCode.BAD_DOCUMENT, "It is no saved state.")
    return from_document(written)
