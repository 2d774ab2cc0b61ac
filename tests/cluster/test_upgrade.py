"""An earlier version's data under this one, and the earlier version on this one's tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fractal_rmo.adapters.backup.archive import MANIFEST
from fractal_rmo.adapters.db.migrate import HEAD
from fractal_rmo.adapters.embedded.paths import StatePaths
from fractal_rmo.adapters.embedded.servers import purge
from tests.cluster.conftest import ROOT, started
from tests.cluster.history import before_the_newest_migration
from tests.cluster.test_faults import SLOW, TESTS

pytestmark = pytest.mark.cluster
#: Runs under both versions: only what both have.  A worker that runs already migrates nothing.
PRELUDE = """
import json, sys
try:
    from fractal_rmo.bootstrap.servers import addresses
    from fractal_rmo.bootstrap.tools import client, make_heart, make_tools
except ImportError:  # of an earlier version
    from fractal_rmo.bootstrap import addresses, client, make_heart, make_tools
from fractal_rmo.adapters.bus.app import make_app
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Provider, Task, TaskKind
from fractal_rmo.domain.verdict import Level
from fractal_rmo.services.perform import perform
from fractal_rmo.services.submit import submit

def new(tools):
    code, tests = SourceTree({"a.py": "x = 1\\n"}), SourceTree({"test_a.py": "import a\\n"})
    task = Task("made here", code, tests, TaskKind.VALIDATE, Level.SYNTAX, Provider.SIMULATED)
    return tools.tasks.submit(task)

def finish(tools, steps):
    heart = make_heart(tools)
    due = [step.step_id for step in steps]
    for step in due * 3:  # a step that is not due yet does nothing
        perform(step, tools, heart, on_canvas=False)
"""
MAKE = """
tools = client()
ended, steps = new(tools)
finish(tools, steps)
waiting, _ = new(tools)
begun, steps = new(tools)
claim = tools.steps.claim(steps[0].step_id)
ids = {"ended": ended, "waiting": waiting, "begun": begun}
json.dump({**ids, "steps": [step.step_id for step in steps], "fence": claim.fence}, sys.stdout)
"""
GO_ON = """
tools = make_tools(make_app())
task, steps = new(tools)
finish(tools, steps)
json.dump({"task": task, "ending": tools.tasks.show(task).row.ending}, sys.stdout)
"""
FINISH = """
from fractal_rmo.adapters.db.engine import make_engine
from sqlalchemy import text
tools = client()
with make_engine(addresses().database).connect() as db:
    db.execute(text("UPDATE steps SET lease_until = now() - interval '1 s', publish_after = now()"
                    " WHERE state IN ('running', 'queued')"))
    live = "SELECT id FROM tasks WHERE ending IS NULL"
    while db.execute(text(live)).first():
        tools.upkeep.reap()
        db.execute(text("UPDATE steps SET publish_after = now() - interval '1 s'"
                        " WHERE state = 'queued'"))
        finish(tools, tools.upkeep.sweep(100))
"""
LOOK = """
from fractal_rmo.domain.views import TaskQuery
from fractal_rmo.services.documents import view_document
tools = client()
rows = tools.tasks.find(TaskQuery())
json.dump({row.id: view_document(tools.tasks.show(row.id)) for row in rows}, sys.stdout,
          default=dict)
"""


@dataclass(frozen=True)
class Deploy:
    """Two versions over one state folder."""

    old: Path
    state: Path

    @property
    def environment(self) -> dict[str, str]:
        key = str(self.state.parent / "key.pem")
        return {**os.environ, "FRACTAL_STATE": str(self.state), "FRACTAL_SIGNING_KEY": key}

    def run(self, checkout: Path, script: str) -> dict[str, Any]:
        """What a script prints under one of the versions."""
        done = subprocess.run(
            [sys.executable, "-c", PRELUDE + script],
            cwd=checkout, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])
        return found


@pytest.fixture
def deploy(tmp_path: Path) -> Iterator[Deploy]:
    made = Deploy(before_the_newest_migration(tmp_path / "old"), tmp_path / "state")
    yield made
    purge(StatePaths(made.state))


def backup_before(state: Path) -> dict[str, Any]:
    """The manifest of the one backup that was made by itself."""
    (file,) = StatePaths(state).backups.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(file) as opened:
        found: dict[str, Any] = json.loads(opened.read(MANIFEST))
    return found


@pytest.mark.slow
def test_a_deploy_over_an_earlier_versions_data_loses_nothing(deploy: Deploy) -> None:
    made = deploy.run(deploy.old, MAKE)
    found = deploy.run(ROOT, LOOK)  # for which the tables are migrated
    assert {name: found[made[name]]["ending"] for name in ("ended", "waiting", "begun")} == {
        "ended": "proven",
        "waiting": None,
        "begun": None,
    }
    manifest = backup_before(deploy.state)
    assert manifest["revision"] < HEAD
    assert manifest["tables"]["tasks"]["rows"] == 3
    late = deploy.run(deploy.old, GO_ON)  # an old worker that has not been stopped yet
    assert late["ending"] == "proven"
    found = deploy.run(ROOT, FINISH + LOOK)
    assert len(found) == 4
    for task in found.values():
        assert task["ending"] == "proven", task
        assert {step["state"] for step in task["steps"]} == {"done"}
    begun = next(s for s in found[made["begun"]]["steps"] if s["id"] == made["steps"][0])
    assert begun["attempts"] == 2
    assert backup_before(deploy.state) == manifest  # nothing was migrated again


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_earlier_cluster_stopped_under_load_is_continued_by_this_one(deploy: Deploy) -> None:
    folder = deploy.state.parent / "search"
    folder.mkdir()
    (folder / "solution.py").write_text(SLOW)
    (folder / "test_solution.py").write_text(TESTS)
    example = ROOT / "examples" / "off_by_one"
    with started(deploy.state, deploy.old) as before:
        done = before.submit(example, "--tests", example)
        report = before.until_ended(done)
        # the last one is in the swarm's hands at most when the cluster is stopped
        tasks = [before.submit(folder, "--tests", folder) for _ in range(3)]
    with started(deploy.state) as after:
        kept = after.show(done)
        assert {name: kept[name] for name in ("verdicts", "result", "ending", "diff")} == {
            name: report[name] for name in ("verdicts", "result", "ending", "diff")
        }
        for task in tasks:
            assert after.until_ended(task, 200)["ending"] == "proven"
    assert backup_before(deploy.state)["tables"]["tasks"]["rows"] == 4
