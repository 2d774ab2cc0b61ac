"""The drill: back up under load, lose everything, restore elsewhere, go on."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import text

from fractal_rmo.adapters.db.audit import content_digest
from fractal_rmo.adapters.db.engine import make_engine
from fractal_rmo.adapters.embedded.paths import StatePaths
from fractal_rmo.domain.audit import GENESIS, chain_hash
from tests.cluster.conftest import ROOT, ClusterAtWork, started
from tests.cluster.test_faults import worker_session

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(600)]
EXAMPLE = ROOT / "examples" / "off_by_one"
MOVING = ("elapsed_s",)
HAND_IN = """
import json
from fractal_rmo.bootstrap.tools import client
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Task
from fractal_rmo.services.submit import submit
from tests.cluster.test_faults import SLOW, TESTS
task = Task("search", SourceTree({"solution.py": SLOW}), SourceTree({"test_solution.py": TESTS}))
print(json.dumps([submit(task, client()) for _ in range(3)]))
"""
UNDER_WAY = """
SELECT count(*) FILTER (WHERE s.state = 'running' AND s.stage = 'execute'),
       count(DISTINCT t.id) FILTER (WHERE t.ending IS NULL)
FROM tasks t JOIN steps s ON s.task_id = t.id WHERE t.id = ANY(CAST(:ids AS uuid[]))
"""


def hold(cluster: ClusterAtWork, tasks: list[str]) -> None:
    """Stop the executor's processes in the middle of a task: what is under way stays so."""
    engine = make_engine(StatePaths(cluster.state).database_url)
    with engine.connect() as db:
        while not (found := db.execute(text(UNDER_WAY), {"ids": tasks}).one())[0]:
            assert found[1], "all have ended"
            time.sleep(0.05)
        for process in worker_session(cluster, "executor"):
            process.suspend()
        assert db.execute(text(UNDER_WAY), {"ids": tasks}).one()[1] >= 2
    engine.dispose()


def lose(cluster: ClusterAtWork) -> None:
    """Kill every process of the cluster, then delete its folder, data and broker and all."""
    for process in psutil.process_iter():
        try:
            ours = str(cluster.state) in " ".join(process.cmdline()) or (
                process.environ().get("FRACTAL_STATE") == str(cluster.state)
            )
        except psutil.Error:
            continue
        if ours or process.pid == cluster.pid:
            process.kill()
    shutil.rmtree(cluster.state)


def assert_audited(state: Path) -> int:
    """Every sealed message is in the chain as it was, and nothing else is."""
    engine = make_engine(StatePaths(state).database_url)
    with engine.connect() as db:
        links = db.execute(
            text(
                "SELECT a.position, a.content_sha256, a.previous_hash, a.hash, m.id,"
                " m.correlation_id, m.causation_id, m.type, m.payload, m.created_at"
                " FROM audit_log a LEFT JOIN messages m ON m.id = a.message_id ORDER BY position"
            )
        ).mappings()
        previous, position = GENESIS, 0
        for position, link in enumerate(links, 1):
            columns = ("id", "correlation_id", "causation_id", "type", "payload", "created_at")
            digest = content_digest({name: link[name] for name in columns})
            assert (link["position"], link["previous_hash"]) == (position, previous)
            assert (link["content_sha256"], link["hash"]) == (digest, chain_hash(previous, digest))
            previous = link["hash"]
    engine.dispose()
    return position


def still(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in MOVING}


def test_everything_comes_back_and_what_was_under_way_ends(tmp_path: Path) -> None:
    key, file = tmp_path / "key.pem", tmp_path / "backup.zip"
    with started(tmp_path / "here", FRACTAL_SIGNING_KEY=str(key)) as here:
        proof = tmp_path / "proof.json"
        here.run("fix", EXAMPLE, "--tests", EXAMPLE, "--proof", proof)
        secret, token = key.read_bytes(), here.run("token").stdout
        ended = [here.submit(EXAMPLE, "--tests", EXAMPLE) for _ in range(3)]
        reports = [here.until_ended(task) for task in ended]
        slow = json.loads(here.python("-c", HAND_IN).stdout)
        hold(here, slow)
        saved = here.run("backup", file, "--json")
        assert saved.returncode == 0, saved.stderr
        rows = json.loads(saved.stdout)["rows"]
        assert rows["tasks"] == 6
        after = here.submit(EXAMPLE, "--tests", EXAMPLE)
        lose(here)
    key.unlink()
    there = ClusterAtWork({**here.environment, "FRACTAL_STATE": str(tmp_path / "there")},
                          tmp_path / "there", 0)  # fmt: skip
    restored = there.run("restore", file, "--json")
    assert restored.returncode == 0, restored.stderr
    assert json.loads(restored.stdout)["rows"] == rows
    assert (key.read_bytes(), there.run("token").stdout) == (secret, token)
    assert [still(there.show(task)) for task in ended] == [still(report) for report in reports]
    with started(tmp_path / "there", FRACTAL_SIGNING_KEY=str(key)) as again:
        for task in slow:
            found = again.until_ended(task, 200)
            assert found["ending"] == "proven", found
            assert max(step["attempts"] for step in found["steps"]) <= 2
        assert "FR201" in again.run("show", after).stderr  # came after the backup
        busy = again.run("restore", file, "--replace")
        assert (busy.returncode, "FR605" in busy.stderr) == (2, True), busy.stderr
        new = again.until_ended(again.submit(EXAMPLE, "--tests", EXAMPLE))
        assert new["ending"] == "proven"
        assert assert_audited(tmp_path / "there") >= rows["audit_log"] > 0
    assert again.run("down", "--purge").returncode == 0
    assert not (tmp_path / "there").exists()
