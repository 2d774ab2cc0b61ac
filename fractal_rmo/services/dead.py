"""Dead steps: a page of steps, and putting one back."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from fractal_rmo.domain.errors import InfrastructureError
from fractal_rmo.domain.views import StepLine, StepQuery
from fractal_rmo.services.tools import Tools

_LOG = logging.getLogger(__name__)


def steps_page(query: StepQuery, tools: Tools) -> tuple[Sequence[StepLine], bool]:
    """The steps of a page, and whether there are more behind it."""
    lines = tools.dead.find(replace(query, limit=query.limit + 1))
    return lines[: query.limit], len(lines) > query.limit


def requeue(step_id: str, tools: Tools) -> str:
    """Put a dead step back and ring for it; returns its task's id.  Raises as the port does.

    A broker that does not answer delays the work until the sweeper finds it.
    """
    task_id, due = tools.dead.put_back(step_id)
    try:
        for step in due:
            tools.bell.ring(step)
    except InfrastructureError as error:
        _LOG.warning("step %s is put back and waits for the broker: %s", step_id, error)
    return task_id
