"""The package alone, as its wheel holds it, reaches a cluster that runs elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fractal_rmo.adapters.embedded.paths import StatePaths
from tests.cluster.conftest import ROOT, ClusterAtWork

pytestmark = pytest.mark.cluster
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def alone(tmp_path: Path) -> Command:
    """Runs the command of a copy of the package that has no checkout around it."""
    left_out = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "fractal_rmo", tmp_path / "site" / "fractal_rmo", ignore=left_out)
    home = tmp_path / "home"
    home.mkdir()

    def run(*words: str | Path, **servers: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "fractal_rmo.cli.main", *map(str, words)],
            cwd=home,
            env={
                "PATH": os.environ["PATH"], "HOME": str(home),
                "PYTHONPATH": str(tmp_path / "site"), **servers,
            },
            capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip

    return run


def test_a_task_is_handed_to_the_cluster(alone: Command, cluster: ClusterAtWork) -> None:
    paths = StatePaths(cluster.state)
    servers = {"DATABASE_URL": paths.database_url, "REDIS_URL": paths.redis_url}
    folder = ROOT / "examples" / "off_by_one"
    done = alone("submit", folder, "--tests", folder, "--wait", "--json", **servers)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["ending"], document["proven_level"]) == ("proven", 3)
    assert document["id"] in cluster.run("tasks").stdout
    assert "executor" in alone("status", **servers).stdout


def test_without_a_cluster_it_says_what_names_one(alone: Command, tmp_path: Path) -> None:
    done = alone("tasks")
    assert done.returncode == 2
    assert "FR504 DATABASE_URL and REDIS_URL do not name the servers of one" in done.stderr
    assert not (tmp_path / "home" / ".local").exists()
