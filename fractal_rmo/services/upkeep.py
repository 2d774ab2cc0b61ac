"""Maintenance: what keeps the tables moving when messages or workers were lost."""

from __future__ import annotations

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.services.route import deliver, relay
from fractal_rmo.services.tools import Tools

_BATCH = 500
"""Steps of one queue published again at once."""


def maintain(tools: Tools) -> dict[str, Json]:
    """Bury or re-queue lost steps, end overdue tasks, publish what is due, carry messages.

    Calls of language models whose processes died are charged.
    """
    reaped = tools.upkeep.reap()
    overdue = tools.upkeep.end_overdue()
    due = tools.upkeep.sweep(_BATCH, tools.cluster.queue_depths())
    for step in due:
        tools.bell.ring(step)
    lost = tools.ledger.close_lost()
    sealed, told = relay(tools)
    found = deliver(tools)
    return {
        "reaped": reaped,
        "overdue": overdue,
        "published": len(due),
        "lost_calls": lost,
        "sealed": sealed,
        "told": told,
        "new_patterns": found,
    }
