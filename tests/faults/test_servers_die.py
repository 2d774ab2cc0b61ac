"""A broker that dies, forgets and falls silent; a database that crashes; messages out of order."""

from __future__ import annotations

import threading
import time

import pytest

from fractal_rmo.domain.step import Stage, StepRef
from tests.faults.faults import (
    Fault,
    flush_broker,
    freeze_broker,
    kill_broker,
    kill_database,
    resume,
    suspend,
)
from tests.faults.rig import Rig
from tests.faults.work import ANALYZE, FIX, QUICK, SEARCH

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(600)]
NOBODY = Fault(0.0, "", "", 0.0, 0)
_STEPS = "SELECT id, task_id, stage, action FROM steps WHERE task_id = :task ORDER BY id"


def most_attempts(rig: Rig, tasks: list[str]) -> int:
    query = "SELECT max(attempts) FROM steps WHERE CAST(task_id AS text) = ANY(:tasks)"
    ((most,),) = rig.ask(query, tasks=tasks)
    return int(most)


def refs(rig: Rig, task: str) -> list[StepRef]:
    rows = rig.ask(_STEPS, task=task)
    return [StepRef(str(r.id), str(r.task_id), Stage(r.stage), r.action) for r in rows]


def test_04_a_broker_that_is_killed_twelve_times_loses_nothing_and_costs_no_attempt(
    rig: Rig,
) -> None:
    tasks = [rig.submit(SEARCH)]
    for _ in range(12):
        tasks += [rig.submit(task) for task in (FIX, ANALYZE, QUICK)]
        kill_broker(rig, NOBODY)
        time.sleep(2)
    assert {rig.until_ended(task, 240) for task in tasks} == {"proven", "delivered"}
    assert most_attempts(rig, tasks) == 1
    for _ in range(12):  # nobody has work now, so nothing hides how long reconnecting takes
        kill_broker(rig, NOBODY)
        time.sleep(1)
    assert rig.until_ended(rig.submit(QUICK), 10) == "proven"


def test_05_a_broker_that_forgets_everything_with_200_tasks_in_flight(rig: Rig) -> None:
    suspend(rig)
    try:
        tasks = [rig.submit(QUICK) for _ in range(200)]
        flush_broker(rig, NOBODY)
    finally:
        resume(rig)
    time.sleep(10)
    flush_broker(rig, NOBODY)
    assert {rig.until_ended(task, 240) for task in tasks} == {"proven"}
    assert most_attempts(rig, tasks) == 1


def test_06_a_broker_that_is_silent_for_a_minute(rig: Rig) -> None:
    before = [rig.submit(task) for task in (FIX, ANALYZE, QUICK)]
    freeze_broker(rig, Fault(0.0, "", "", 60.0, 0))
    after = rig.submit(QUICK)
    assert {rig.until_ended(task, 120) for task in [*before, after]} == {"proven", "delivered"}


def test_07_a_database_that_crashes_five_times(rig: Rig) -> None:
    tasks = []
    for _ in range(5):
        tasks += [rig.submit(task) for task in (SEARCH, FIX, ANALYZE, QUICK, QUICK)]
        time.sleep(2)
        kill_database(rig, NOBODY)
        time.sleep(3)
    assert {rig.until_ended(task, 240) for task in tasks} == {"proven", "delivered"}


def test_08_every_message_comes_three_times_at_once(rig: Rig) -> None:
    tasks = [rig.submit(task) for task in (ANALYZE, FIX, QUICK)]
    ending = threading.Event()

    def ring_again() -> None:
        while not ending.is_set():
            for step in [step for task in tasks for step in refs(rig, task)]:
                rig.bell.ring(step)

    threads = [threading.Thread(target=ring_again) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        assert {rig.until_ended(task) for task in tasks} == {"proven", "delivered"}
    finally:
        ending.set()
        for thread in threads:
            thread.join()
    for task in tasks:
        (merge,) = rig.steps(task, "merge")
        assert len(set(merge.output["present"])) == 5
    assert most_attempts(rig, tasks) == 1


def test_09_messages_that_nobody_can_read_hold_nobody_up(rig: Rig) -> None:
    workers = {role: rig.pid(role) for role in ("analyzer", "executor", "validator")}
    rig.app.send_task("no_such_task", queue="validate")
    rig.app.send_task("validate", args=("one", "too", "many", "words"), queue="validate")
    (message,) = rig.until(lambda: _a_message(rig), 30)
    for queue in ("analyze.syntax", "execute.cpu", "validate"):
        rig.broker.rpush(f"fractal:{queue}", message.replace('"body": "', '"body": "!!'))
    tasks = [rig.submit(task) for task in (FIX, ANALYZE, QUICK)]
    assert {rig.until_ended(task) for task in tasks} == {"proven", "delivered"}
    assert {role: rig.pid(role) for role in workers} == workers


def _a_message(rig: Rig) -> list[str]:
    """Any message as it lies in the broker."""
    rig.app.send_task("no_such_task", queue="execute.llm")  # which has no worker here
    found = rig.broker.lpop("fractal:execute.llm")
    return [found] if isinstance(found, str) else []


def test_10_a_step_that_outlives_the_visibility_timeout_is_not_run_twice(rig: Rig) -> None:
    task = rig.submit(SEARCH)
    rig.until_running(task, "execute")
    for _ in range(5):  # every message in hands becomes visible again, as after the timeout
        for tag in rig.broker.zrange("fractal:unacked_index", 0, -1):
            rig.broker.zadd("fractal:unacked_index", {str(tag): 0})
        time.sleep(1)
    assert rig.until_ended(task, 200) == "proven"
    assert most_attempts(rig, [task]) == 1
