"""``ports.agents.AgentStore`` on PostgreSQL: the truth about agents' states."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from sqlalchemy import Engine, TextClause, text

from fractal_rmo.adapters.db import codec
from fractal_rmo.adapters.db.engine import Row, row, run
from fractal_rmo.adapters.db.prepared import LAZILY, Prepared
from fractal_rmo.domain.agent import AgentState
from fractal_rmo.domain.errors import ErrorCode, FractalError
from fractal_rmo.services.agent_state import content, from_content

_TYPES = {
    "agent": "text",
    "task": "uuid",
    "state": "jsonb",
    "version": "int",
    "updated_at": "timestamptz",
}
_KEPT = f""", kept AS (
    INSERT INTO agent_state_history (agent_id, version, task_id, state, saved_at)
    SELECT agent_id, version, task_id, state, updated_at FROM saved
)
SELECT *, {LAZILY} FROM saved
"""  # noqa: S608 - made of our own words
_INSERT = """
WITH saved AS (
    INSERT INTO agent_states (agent_id, task_id, state, version)
    VALUES (:agent, :task, :state, 1)
    ON CONFLICT (agent_id) DO NOTHING
    RETURNING agent_id, task_id, state, version, created_at, updated_at
)"""
_FIRST = Prepared("first_agent_state", _INSERT + _KEPT, _TYPES)
# the time guards what the version cannot: after a restore, another history has the same numbers
_UPDATE = """
WITH saved AS (
    UPDATE agent_states SET state = :state, version = version + 1, updated_at = now()
    WHERE agent_id = :agent AND version = :version AND updated_at = :updated_at
    RETURNING agent_id, task_id, state, version, created_at, updated_at
)"""
_NEXT = Prepared("next_agent_state", _UPDATE + _KEPT, _TYPES)
_COLUMNS = "SELECT s.agent_id, s.task_id, s.state, s.version, s.created_at, s.updated_at"
_LOAD = text(f"{_COLUMNS} FROM agent_states s WHERE agent_id = :agent")
OF_TASK = text(f"{_COLUMNS} FROM agent_states s WHERE task_id = :id ORDER BY agent_id")
_WORKING = text(f"""
{_COLUMNS} FROM agent_states s JOIN tasks t ON t.id = s.task_id
WHERE t.ending IS NULL ORDER BY s.updated_at DESC LIMIT :limit
""")
_HISTORY = text("""
SELECT h.agent_id, h.task_id, h.state, h.version, s.created_at, h.saved_at AS updated_at
FROM agent_state_history h JOIN agent_states s USING (agent_id)
WHERE h.agent_id = :agent ORDER BY h.version
""")


class SqlAgentStore:
    """Each save is one statement that also keeps the version in the history.

    It does not wait for the disk: the step that it belongs to does, right after.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load(self, agent_id: str, *, fresh: bool = False) -> AgentState | None:
        """See the port; every read here is fresh."""
        del fresh
        found = row(self._engine, _LOAD, {"agent": agent_id})
        return None if found is None else agent_state(found)

    def save(self, state: AgentState) -> AgentState:
        """See the port."""
        values = {
            "agent": state.agent_id,
            "task": state.task_id,
            "state": codec.to_json(content(state)),
            "version": state.version,
            "updated_at": state.updated_at,
        }
        saved = row(self._engine, _NEXT if state.version else _FIRST, values)
        if saved is None:
            detail = f"{state.agent_id} is no longer at version {state.version}."
            raise FractalError(ErrorCode.STALE_VERSION, detail)
        return agent_state(saved)

    def history(self, agent_id: str) -> Sequence[AgentState]:
        """See the port."""
        return self._all(_HISTORY, {"agent": agent_id})

    def working(self, limit: int) -> Sequence[AgentState]:
        """See the port."""
        return self._all(_WORKING, {"limit": limit})

    def _all(self, query: TextClause, values: dict[str, object]) -> Sequence[AgentState]:
        found = run(self._engine, lambda db: db.execute(query, values).mappings().all())
        return [agent_state(each) for each in found]


def agent_state(found: Row) -> AgentState:
    """The state of a row."""
    return from_content(
        found["state"],
        agent_id=found["agent_id"],
        task_id=str(found["task_id"]),
        version=found["version"],
        created_at=found["created_at"].astimezone(UTC),
        updated_at=found["updated_at"].astimezone(UTC),
    )
