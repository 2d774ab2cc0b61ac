"""Workers that are killed, frozen and asked to end; steps that kill whoever takes them."""

from __future__ import annotations

import contextlib
import random
import time
from functools import partial

import psutil
import pytest

from fractal_rmo.domain.step import MAX_ATTEMPTS, Stage, StepRef
from tests.faults.faults import Fault, deliver_again, end_worker, freeze_broker, kill_worker
from tests.faults.rig import ROLES, Rig
from tests.faults.work import (
    ANALYZE,
    FIX,
    HOG,
    LONG_SEARCH,
    NEVER_RIGHT,
    QUICK,
    SEARCH,
    spinning,
)

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(600)]
_LATE = """
SELECT max(e.fence) AS fence, count(*) AS effects FROM journal.effects e WHERE e.step_id = :step
"""


_LAST_VERDICT = """
SELECT level, outcome, evidence->>'ending' AS ending FROM verdicts WHERE task_id = :task
ORDER BY id DESC LIMIT 1
"""


def fault(role: str, seconds: float = 0.0) -> Fault:
    return Fault(0.0, "", role, seconds, 0)


def attempts(rig: Rig, *tasks: str) -> int:
    return max(int(step.attempts) for task in tasks for step in rig.steps(task))


def busy_seconds(rig: Rig, role: str) -> float:
    """Processor seconds of everything below a worker, jails included."""
    total = 0.0
    for process in psutil.Process(rig.pid(role)).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def spins(rig: Rig, role: str) -> bool:
    before = busy_seconds(rig, role)
    time.sleep(0.3)
    return busy_seconds(rig, role) - before > 0.1


def test_01_a_killed_analyzer_process_loses_no_analysis(rig: Rig) -> None:
    rng, tasks = random.Random(1), []  # noqa: S311
    for _ in range(20):
        tasks.append(rig.submit(ANALYZE))
        time.sleep(rng.uniform(0, 0.3))
        if pool := rig.children("analyzer"):
            rng.choice(pool).kill()
    assert {rig.until_ended(task) for task in tasks} == {"delivered"}


def test_02_a_killed_worker_is_replaced_and_its_finished_slices_are_kept(rig: Rig) -> None:
    task = rig.submit(LONG_SEARCH)
    rig.until(lambda: len(rig.steps(task, "execute")) >= 3, 60)
    for role in ("executor", "executor_b"):
        kill_worker(rig, fault(role))
    assert rig.until_ended(task, 200) == "proven"
    slices = [step for step in rig.steps(task, "execute") if step.state == "done"]
    positions = [step.output["position"] for step in slices]
    assert positions[:-1] == sorted(set(positions[:-1]))  # each goes on behind the one before
    assert attempts(rig, task) == 2


def test_02_a_zombies_late_write_changes_nothing(rig: Rig) -> None:
    rig.until(lambda: {"executor", "executor_b"} <= rig.serving(), 60)
    task = rig.submit(SEARCH)
    rig.until_running(task, "execute")
    (step,) = [s for s in rig.steps(task, "execute") if s.state == "running"]
    holder = _holder(rig)
    members = rig.session(holder)
    for process in members:
        process.suspend()
    rig.until(lambda: rig.ask(_LATE, step=step.id)[0].effects, 60)
    for process in members:
        process.resume()
    assert rig.until_ended(task, 200) == "proven"
    (late,) = rig.ask(_LATE, step=step.id)
    assert (late.fence, late.effects) == (2, 1)


def _holder(rig: Rig) -> str:
    """Which of the executors runs jails just now."""
    return max(("executor", "executor_b"), key=lambda role: _growth(rig, role))


def _growth(rig: Rig, role: str) -> float:
    before = busy_seconds(rig, role)
    time.sleep(0.3)
    return busy_seconds(rig, role) - before


def test_03_a_worker_that_dies_between_its_commit_and_its_acknowledgement(rig: Rig) -> None:
    task = rig.submit(SEARCH)
    rig.until_running(task, "execute")
    broker = psutil.Process(int((rig.paths.valkey_data / "valkey.pid").read_text()))
    broker.suspend()
    try:
        rig.until(lambda: rig.steps(task, "execute")[0].state == "done", 60)
        for role in ("executor", "executor_b"):
            kill_worker(rig, fault(role))
    finally:
        broker.resume()
    deliver_again(rig, fault("executor"))
    assert rig.until_ended(task, 200) == "proven"
    assert rig.steps(task, "execute")[0].attempts == 1


def test_09_a_step_that_kills_whoever_takes_it_is_given_up_and_its_neighbours_go_on(
    rig: Rig,
) -> None:
    poison, neighbours = rig.submit(spinning()), []
    for number in range(MAX_ATTEMPTS):
        rig.until(partial(_tried, rig, poison, number + 1), 90)
        for process in rig.children("validator"):
            process.kill()
        neighbours.append(rig.submit(QUICK))
    assert rig.until_ended(poison) == "infrastructure"
    assert {rig.until_ended(task) for task in neighbours} == {"proven"}
    (step,) = rig.steps(poison, "validate")
    assert (step.state, step.attempts) == ("dead", MAX_ATTEMPTS)


def _tried(rig: Rig, task: str, times: int) -> bool:
    (step,) = rig.steps(task, "validate")
    return bool(step.state == "running" and step.attempts == times)


def test_09_code_that_takes_all_memory_ends_with_its_jail_and_its_neighbours_go_on(
    rig: Rig,
) -> None:
    workers = {process.pid for process in rig.session("validator")}
    hog = rig.submit(HOG)
    neighbours = [rig.submit(task) for task in (QUICK, FIX)]
    assert rig.until_ended(hog) == "not_proven"
    assert {rig.until_ended(task) for task in neighbours} == {"proven"}
    (verdict,) = rig.ask(_LAST_VERDICT, task=hog)
    assert (verdict.level, verdict.outcome, verdict.ending) == (3, "failed", "out_of_memory")
    assert attempts(rig, hog) == 1
    assert {process.pid for process in rig.session("validator")} == workers


@pytest.mark.parametrize("role", ROLES)
def test_14_a_worker_that_is_asked_to_end_costs_one_attempt_at_most(rig: Rig, role: str) -> None:
    tasks = [rig.submit(task) for task in (SEARCH, FIX, FIX, ANALYZE, ANALYZE, QUICK, QUICK)]
    rig.until(lambda: any(s.state == "running" for t in tasks for s in rig.steps(t)), 60)
    before = rig.pid(role)
    end_worker(rig, fault(role))
    rig.until(lambda: not psutil.pid_exists(before), 30)
    assert {rig.until_ended(task, 200) for task in tasks} <= {"proven", "delivered"}
    assert attempts(rig, *tasks) <= 2


def test_14_a_search_is_put_down_at_once_and_goes_on_where_it_was(rig: Rig) -> None:
    task = rig.submit(SEARCH)
    rig.until_running(task, "execute")
    for role in ("executor", "executor_b"):
        end_worker(rig, fault(role))
    assert rig.until_ended(task, 200) == "proven"
    assert attempts(rig, task) == 1


def test_13_a_validator_that_always_fails_is_asked_a_bounded_number_of_times(rig: Rig) -> None:
    task = rig.submit(NEVER_RIGHT)
    assert rig.until_ended(task, 200) == "not_proven"
    judged = rig.steps(task, "validate")
    assert 2 <= len(judged) <= 1 + NEVER_RIGHT.budget.retries
    assert {step.state for step in rig.steps(task)} == {"done"}
    assert attempts(rig, task) == 1
    rejected = [step.output["rejected"] for step in judged]
    assert len(set(rejected)) == len(rejected)  # no result is judged twice
    before = len(rig.steps(task))
    rig.bell.ring(StepRef(str(judged[-1].id), task, Stage.VALIDATE))  # and nothing wakes it
    assert rig.until_ended(rig.submit(QUICK)) == "proven"
    assert len(rig.steps(task)) == before


def test_13_a_cancelled_task_keeps_no_jail_running(rig: Rig) -> None:
    task = rig.submit(spinning())
    rig.until_running(task, "validate")
    rig.until(lambda: spins(rig, "validator"), 30)
    rig.tasks.cancel(task)
    rig.until(lambda: not spins(rig, "validator"), 10)
    assert rig.ending(task) == "cancelled"


def test_13_a_task_past_its_deadline_keeps_no_jail_running(rig: Rig) -> None:
    task = rig.submit(spinning(seconds=6.0))
    rig.until_running(task, "validate")
    assert rig.until_ended(task, 30) in {"deadline", "not_proven"}
    rig.until(lambda: not spins(rig, "validator"), 10)


def test_a_frozen_broker_does_not_end_a_search(rig: Rig) -> None:
    task = rig.submit(SEARCH)
    rig.until_running(task, "execute")
    freeze_broker(rig, fault("executor", 5.0))
    assert rig.until_ended(task, 200) == "proven"
    assert attempts(rig, task) == 1
