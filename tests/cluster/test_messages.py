"""States and messages on a real cluster: kept, carried, counted and sealed by its own processes."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

import pytest

from tests.cluster.conftest import ROOT, ClusterAtWork

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def proven(cluster: ClusterAtWork) -> dict[str, Any]:
    """A task that was mended."""
    folder = ROOT / "examples" / "off_by_one"
    return cluster.until_ended(cluster.submit(folder, "--tests", folder))


def test_the_executor_keeps_what_it_did(proven: dict[str, Any]) -> None:
    (agent,) = proven["agents"]
    (done,) = agent["completed_actions"]
    assert (done["type"], done["parameters"]["status"]) == ("repair", "repaired")
    assert (agent["current_action"], agent["version"]) == (None, 2)  # taken up, then done
    assert agent["context"]["protocol"] == {"name": "default", "version": 1}


def test_each_message_names_the_step_that_caused_it(proven: dict[str, Any]) -> None:
    told = [(entry["type"], bool(entry["causation_id"])) for entry in proven["log"]]
    assert told == [
        ("task_assignment", False),
        ("analysis_complete", True),
        ("execution_request", True),
        ("validation_result", True),
    ]


@pytest.mark.slow
def test_the_learner_carries_and_the_web_server_counts(cluster: ClusterAtWork) -> None:
    before = audited(cluster)
    folder = ROOT / "examples" / "off_by_one"
    for _ in range(5):  # who only watches misses what was told before
        cluster.until_ended(cluster.submit(folder, "--tests", folder))
        counted = figures(cluster)
        if counted.get('validations_total{proven="yes"}') and audited(cluster) >= before + 4:
            break
        time.sleep(1)
    assert audited(cluster) >= before + 4
    assert counted['validations_total{proven="yes"}'] > 0
    assert counted['messages_total{type="validation_result"}'] > 0


def audited(cluster: ClusterAtWork) -> int:
    """How many messages are sealed, all of which hold."""
    done = cluster.run("audit", "verify", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    position: int = json.loads(done.stdout)["position"]
    return position


def figures(cluster: ClusterAtWork) -> dict[str, float]:
    """What the web server has counted."""
    url = f"http://127.0.0.1:{cluster.environment['PORT']}/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.split()[-1]) for line in lines if line[0] != "#"}


@pytest.mark.slow
def test_the_agents_are_listed(cluster: ClusterAtWork) -> None:
    found = json.loads(cluster.run("agents", "--json").stdout)
    assert {worker["role"] for worker in found["workers"]} >= {"executor", "learner"}
    assert "learner@" in cluster.run("agents").stdout
