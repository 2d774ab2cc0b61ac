"""Flower, ``celery inspect`` and the cluster view, asked of a real cluster."""

from __future__ import annotations

import base64
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from fractal_rmo.config.settings import Agents
from fractal_rmo.domain.step import QUEUES
from tests.cluster.conftest import ROOT, ClusterAtWork
from tests.cluster.test_faults import submit_slow

pytestmark = pytest.mark.cluster
SANDBOXED = {"executor", "validator"}
ROLES = {"analyzer", "executor", "executor_llm", "validator", "learner"}
LOOK = """
import dataclasses, json
from fractal_rmo.bootstrap.tools import client
view = client().cluster
print(json.dumps([[dataclasses.asdict(row) for row in view.workers()], view.queue_depths()]))
"""


def flower(environment: Mapping[str, str], path: str) -> Any:
    """What Flower answers to its login."""
    login = base64.b64encode(environment["FLOWER_BASIC_AUTH"].encode()).decode()
    url = f"http://127.0.0.1:{environment['FLOWER_PORT']}{path}"
    opener = urllib.request.build_opener()
    opener.addheaders = [("Authorization", f"Basic {login}")]
    with opener.open(url, timeout=10) as answer:
        return json.load(answer)


def all_workers(cluster: ClusterAtWork) -> dict[str, Any]:
    """What Flower knows of the workers, once it knows them all: it finds them again by itself."""
    for _ in range(20):
        found: dict[str, Any] = flower(cluster.environment, "/api/workers?refresh=1")
        if {name.partition("@")[0] for name in found} == ROLES:
            return found
        time.sleep(1)
    raise AssertionError(found)


def inspect(cluster: ClusterAtWork, *words: str) -> dict[str, Any]:
    command = ("-m", "celery", "-A", "workers", "inspect", *words, "--json", "--timeout", "2")
    done = cluster.python(*command)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return {name.partition("@")[0]: answer for name, answer in found.items()}


def test_flower_knows_the_queues_the_workers_and_a_finished_task(cluster: ClusterAtWork) -> None:
    folder = ROOT / "examples" / "two_files"
    task = cluster.submit(folder, "--kind", "analyze")
    cluster.until_ended(task)
    workers = all_workers(cluster)
    served = {queue["name"] for worker in workers.values() for queue in worker["active_queues"]}
    assert served == set(QUEUES)
    for _ in range(50):
        seen = flower(cluster.environment, "/api/tasks").values()
        ours = [found for found in seen if task in (found["kwargs"] or "")]
        if {found["name"] for found in ours if found["state"] == "SUCCESS"} >= {"analyze", "merge"}:
            return
        time.sleep(0.2)
    raise AssertionError(seen)


def test_flower_tells_nothing_without_its_login(cluster: ClusterAtWork) -> None:
    url = f"http://127.0.0.1:{cluster.environment['FLOWER_PORT']}/api/tasks"
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(url, timeout=10)


def test_every_worker_says_what_it_is(cluster: ClusterAtWork) -> None:
    about = inspect(cluster, "about")
    assert set(about) == ROLES
    assert {role: answer["role"] for role, answer in about.items()} == {r: r for r in ROLES}
    assert {role for role, answer in about.items() if answer["sandbox"]} == SANDBOXED
    assert {queue for answer in about.values() for queue in answer["queues"]} == set(QUEUES)
    assert about["executor_llm"]["queues"] == ["execute.llm"]


@pytest.mark.slow
def test_a_running_step_is_named_without_its_code(cluster: ClusterAtWork, tmp_path: Path) -> None:
    task = submit_slow(cluster, tmp_path)
    cluster.until_running(task, "execute")
    for _ in range(10):  # between two slices of a long search nobody works on it
        rows, depths = json.loads(cluster.python("-c", LOOK).stdout)
        active = inspect(cluster, "active")
        doing = next(row for row in rows if row["role"] == "executor")["doing"]
        if doing and active["executor"]:
            break
    cluster.run("cancel", task)
    (work,) = doing
    (seen,) = active["executor"]
    assert set(depths) == set(QUEUES)
    assert (work["task"], seen["name"], seen["args"]) == ("execute", "execute", [])
    assert seen["kwargs"] == {"task_id": task, "step_id": work["step_id"], "on_canvas": True}


def test_the_model_worker_forks_nothing_and_opens_no_jail(cluster: ClusterAtWork) -> None:
    stats = inspect(cluster, "stats", "--destination", f"executor_llm@{socket.gethostname()}")
    assert stats["executor_llm"]["pool"]["max-concurrency"] == Agents().executor_llm.count
    assert psutil.Process(stats["executor_llm"]["pid"]).children() == []


def test_waiting_messages_are_counted_in_their_queue(cluster: ClusterAtWork) -> None:
    program = """
import os
from fractal_rmo.adapters.bus.cluster_view import CeleryClusterView
from fractal_rmo.bootstrap.servers import addresses
from workers.app import app
app.conf.broker_transport_options["global_keyprefix"] = "elsewhere:"
before = CeleryClusterView(app).queue_depths()
app.send_task("execute", queue="execute.llm")
after = CeleryClusterView(app).queue_depths()
app.control.purge()
print(sum(before.values()), after["execute.llm"], sum(after.values()))
"""
    done = cluster.python("-c", program)
    assert done.stdout == "0 1 1\n", done.stderr


def test_a_broker_that_does_not_answer_is_named(cluster: ClusterAtWork) -> None:
    program = """
from fractal_rmo.adapters.bus.app import make_app
from fractal_rmo.adapters.bus.cluster_view import CeleryClusterView
from fractal_rmo.domain.errors import InfrastructureError
view = CeleryClusterView(make_app())
for ask in (view.workers, view.queue_depths):
    try:
        ask()
    except InfrastructureError as error:
        print(error.code)
"""
    nowhere = {**cluster.environment, "REDIS_URL": "redis://127.0.0.1:1/0"}
    done = ClusterAtWork(nowhere, cluster.state, cluster.pid).python("-c", program)
    assert done.stdout == "FR302\nFR302\n", done.stderr
