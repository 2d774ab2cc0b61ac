"""Ten thousand tasks wait while the workers are restarted again and again."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import cycle

import pytest

from fractal_rmo.domain.budget import Budget
from tests.faults.faults import Fault, end_worker, resume, suspend
from tests.faults.rig import ROLES, Rig
from tests.faults.work import QUICK

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(3600)]
QUEUED = 10_000
STILL_S = 120.0
"""A queue of which nothing ends for so long is stuck; how fast it empties is the machine's."""
PATIENT = replace(QUICK, budget=Budget(seconds=3600))
_LEFT = "SELECT count(*) FROM tasks WHERE ending IS NULL"


def largest_mb(rig: Rig) -> float:
    """Resident megabytes of the largest process of any worker."""
    found = [process.memory_info().rss for role in ROLES for process in rig.session(role)]
    return float(max(found)) / 1e6


def test_12_ten_thousand_queued_tasks_outlive_their_workers(rig: Rig) -> None:
    rig.until_ended(rig.submit(QUICK))
    before = largest_mb(rig)
    suspend(rig)
    try:
        with ThreadPoolExecutor(6) as pool:
            tasks = list(pool.map(rig.submit, [PATIENT] * QUEUED))
    finally:
        resume(rig)
    fewest, moved = QUEUED, time.monotonic()
    for role in cycle(ROLES):
        left = rig.ask(_LEFT)[0][0]
        if not left:
            break
        if left < fewest:
            fewest, moved = left, time.monotonic()
        assert time.monotonic() < moved + STILL_S, f"{left} of {QUEUED} tasks are left"
        end_worker(rig, Fault(0.0, "", role, 0.0, 0))
        time.sleep(10)
    query = "SELECT DISTINCT ending FROM tasks WHERE CAST(id AS text) = ANY(:tasks)"
    assert [row.ending for row in rig.ask(query, tasks=tasks)] == ["proven"]
    assert largest_mb(rig) < 1.5 * before
