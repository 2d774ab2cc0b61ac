"""A schedule of faults follows from its seed alone, and no worker dies more often than it may."""

from __future__ import annotations

from fractal_rmo.adapters.supervisor import restarts
from tests.faults.faults import KINDS, schedule

SEEDS = range(1, 40)


def test_a_schedule_is_a_function_of_its_seed() -> None:
    assert schedule(7, 50, 60.0) == schedule(7, 50, 60.0)
    assert schedule(7, 50, 60.0) != schedule(8, 50, 60.0)
    assert len(schedule(7, 50, 60.0)) == 50


def test_every_kind_of_fault_is_drawn() -> None:
    assert {fault.kind for seed in SEEDS for fault in schedule(seed, 50, 60.0)} == set(KINDS)


def test_no_worker_dies_so_often_that_its_supervisor_gives_it_up() -> None:
    for seed in SEEDS:
        deaths: dict[str, list[float]] = {}
        for fault in schedule(seed, 50, 60.0):
            if fault.kind in ("kill_worker", "end_worker"):
                deaths.setdefault(fault.role, []).append(fault.at)
                assert restarts.delay_seconds(deaths[fault.role], fault.at) is not None
