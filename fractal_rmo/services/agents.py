"""The agents: who works, what waits for them, and what each keeps of its task."""

from __future__ import annotations

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.views import WorkerRow
from fractal_rmo.services.agent_state import document
from fractal_rmo.services.tools import Tools

MOST = 200
"""States that are listed, those that changed last."""


def agents_document(tools: Tools) -> dict[str, Json]:
    """``workers`` that answer, ``queues`` with what waits in each, ``states`` of live tasks."""
    return {
        "workers": [_worker(row) for row in tools.cluster.workers()],
        "queues": dict(tools.cluster.queue_depths()),
        "states": [document(state) for state in tools.agents.working(MOST)],
    }


def _worker(row: WorkerRow) -> dict[str, Json]:
    return {
        "name": row.name,
        "role": row.role,
        "queues": list(row.queues),
        "size": row.size,
        "sandbox": row.sandbox,
        "python": row.python,
        "version": row.version,
        "doing": [{"task": now.task, "step_id": now.step_id} for now in row.doing],
    }
