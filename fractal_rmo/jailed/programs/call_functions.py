"""``call_functions``: call functions of the code with plain arguments, one after the other."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.programs.calling import Job, ask

TOTAL_S = 3.0
_KEPT_FREE = 128 << 20
"""Address space that a fork leaves unused: it meets ``MemoryError`` before the run is ended."""


def run(box: Box, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Answers in the order of ``payload["calls"]``, as in ``calling``; null for those not reached.

    ``problem`` says why the code cannot be imported.
    """
    job = Job(payload["calls"])
    ask(box, [job], _KEPT_FREE, 1, time.monotonic() + TOTAL_S)
    unreached = [None] * (len(job.calls) - len(job.answers))
    return {"answers": [*job.answers, *unreached], "problem": job.problem}
