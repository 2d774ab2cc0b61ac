"""A worker, then the broker, dies in the middle of a task: it ends all the same, once.

The faults one by one, and the long ones, are in ``tests/faults``.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path

import psutil
import pytest
import redis

from fractal_rmo.adapters.embedded.paths import StatePaths
from tests.cluster.conftest import ROOT, ClusterAtWork
from tests.faults.work import SEARCH

pytestmark = pytest.mark.cluster

SLOW, TESTS = SEARCH.code.files["solution.py"], SEARCH.tests.files["test_it.py"]


def worker_session(cluster: ClusterAtWork, name: str) -> list[psutil.Process]:
    """Everything in the session of this cluster's worker of that name."""
    below = psutil.Process(cluster.pid).children(recursive=True)
    sessions = {os.getsid(p.pid) for p in below if f"{name}@" in " ".join(p.cmdline())}
    assert len(sessions) == 1, [process.cmdline() for process in below]
    return [process for process in below if os.getsid(process.pid) in sessions]


def broker(cluster: ClusterAtWork) -> list[psutil.Process]:
    """This cluster's Redis-protocol server, which nobody's child is."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            line = " ".join(process.cmdline())
            if str(cluster.state) in line and "valkey" in line:
                found.append(process)
    return found


def submit_slow(cluster: ClusterAtWork, folder: Path) -> str:
    (folder / "solution.py").write_text(SLOW)
    (folder / "test_solution.py").write_text(TESTS)
    return cluster.submit(folder, "--tests", folder)


def assert_ended_once(document: dict[str, object]) -> None:
    assert document["ending"] == "proven", document
    verdicts, steps = document["verdicts"], document["steps"]
    assert isinstance(verdicts, list)
    assert isinstance(steps, list)
    assert [verdict["level"] for verdict in verdicts] == [1, 2, 3]
    assert {step["state"] for step in steps} == {"done"}
    assert all(step["attempts"] <= 3 for step in steps)


def test_a_killed_executor_group_loses_nothing(cluster: ClusterAtWork, tmp_path: Path) -> None:
    task = submit_slow(cluster, tmp_path)
    cluster.until_running(task, "execute")
    for process in worker_session(cluster, "executor"):
        process.kill()
    document = cluster.until_ended(task)
    assert_ended_once(document)
    (execute,) = [s for s in document["steps"] if s["stage"] == "execute"]
    assert execute["attempts"] == 2


@pytest.mark.slow
def test_a_killed_broker_loses_nothing(cluster: ClusterAtWork, tmp_path: Path) -> None:
    task = submit_slow(cluster, tmp_path)
    cluster.until_running(task, "execute")
    servers = broker(cluster)
    assert servers
    for process in servers:
        process.kill()
    document = cluster.until_ended(task)
    assert_ended_once(document)
    assert {step["attempts"] for step in document["steps"]} == {1}  # nobody's work was cancelled


@pytest.mark.slow  # so does a larger one in tests/faults
def test_a_broker_that_forgets_everything_loses_nothing(cluster: ClusterAtWork) -> None:
    folder = ROOT / "examples" / "two_files"
    tasks = [cluster.submit(folder, "--kind", "analyze") for _ in range(2)]
    with redis.Redis(unix_socket_path=str(StatePaths(cluster.state).valkey_socket)) as client:
        client.flushall()
    for task in tasks:
        assert cluster.until_ended(task)["ending"] == "delivered"


@pytest.mark.slow
def test_a_worker_that_is_asked_to_end_puts_its_search_down(
    cluster: ClusterAtWork, tmp_path: Path
) -> None:
    task = submit_slow(cluster, tmp_path)
    cluster.until_running(task, "execute")
    leader = min(worker_session(cluster, "executor"), key=lambda process: process.create_time())
    leader.terminate()
    leader.wait(30)
    document = cluster.until_ended(task)
    assert_ended_once(document)
    assert {step["attempts"] for step in document["steps"]} == {1}


def test_a_cancelled_task_stops_its_search(cluster: ClusterAtWork, tmp_path: Path) -> None:
    task = submit_slow(cluster, tmp_path)
    cluster.until_running(task, "execute")
    assert cluster.run("cancel", task).returncode == 0
    again = cluster.run("cancel", task)
    assert (again.returncode, "FR203" in again.stderr) == (2, True)
    document = cluster.show(task)
    assert (document["ending"], document["state"]) == ("cancelled", "failed")
    assert document["verdicts"] == []
    until_nothing_is_open(cluster, task)


def until_nothing_is_open(cluster: ClusterAtWork, task: str) -> None:
    for _ in range(100):
        states = {step["state"] for step in cluster.show(task)["steps"]}
        if not states & {"queued", "running", "waiting"}:
            return
        time.sleep(0.5)
    raise AssertionError(states)


@pytest.mark.slow
def test_a_killed_database_loses_nothing(cluster: ClusterAtWork, tmp_path: Path) -> None:
    task = submit_slow(cluster, tmp_path)
    cluster.until_running(task, "execute")
    lines = (cluster.state / "data" / "postgres" / "postmaster.pid").read_text().splitlines()
    psutil.Process(int(lines[0])).kill()
    done = cluster.run("watch", task, "--json")
    assert done.returncode == 0, done.stderr
    assert_ended_once(json.loads(done.stdout))


@pytest.mark.slow
def test_without_a_broker_a_task_is_stored_and_waits(cluster: ClusterAtWork) -> None:
    folder = ROOT / "examples" / "off_by_one"
    nowhere = {**cluster.environment, "REDIS_URL": "redis://127.0.0.1:1/0"}
    apart = ClusterAtWork(nowhere, cluster.state, cluster.pid)
    done = apart.run("submit", folder, "--tests", folder)
    assert (done.returncode, "waits for the broker" in done.stderr) == (0, True), done.stderr
    assert_ended_once(cluster.until_ended(done.stdout.strip()))
