"""One real cluster for this folder, started as a person starts it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class ClusterAtWork:
    """A running cluster and the commands to talk to it."""

    environment: dict[str, str]
    state: Path
    pid: int
    checkout: Path = ROOT

    def run(self, *arguments: str | Path, seconds: float = 100) -> subprocess.CompletedProcess[str]:
        """``fractal-rmo`` with these arguments."""
        return self.python("-m", "fractal_rmo.cli.main", *map(str, arguments), seconds=seconds)

    def python(self, *arguments: str, seconds: float = 100) -> subprocess.CompletedProcess[str]:
        """The interpreter with these arguments, in the checkout."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.checkout,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )

    def submit(self, *arguments: str | Path) -> str:
        """The id of a submitted task."""
        done = self.run("submit", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def show(self, task: str) -> dict[str, Any]:
        """Everything known of a task."""
        found: dict[str, Any] = json.loads(self.run("show", task, "--json").stdout)
        return found

    def until_ended(self, task: str, seconds: float = 100) -> dict[str, Any]:
        """The task once it has ended, heard by a single process."""
        try:
            done = self.run("watch", task, "--json", seconds=seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"not ended after {seconds} s: {self.show(task)}") from None
        assert done.stdout, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def until_running(self, task: str, stage: str) -> dict[str, Any]:
        """The task while a step of this stage is performed."""
        for _ in range(300):
            found = self.show(task)
            if any(s["stage"] == stage and s["state"] == "running" for s in found["steps"]):
                return found
            time.sleep(0.1)
        raise AssertionError(f"never reached {stage}: {found}")


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@contextmanager
def started(state: Path, checkout: Path = ROOT, **more: str) -> Iterator[ClusterAtWork]:
    """A cluster with state and ports of its own; its data are kept.

    It is ended as a person ends it, unless the test has killed it.
    """
    ours = {"FRACTAL_STATE": str(state), "PORT": _free_port(), "FLOWER_PORT": _free_port()}
    ours |= {"FRACTAL_LEASE_S": "9", "FRACTAL_HEARTBEAT_S": "3"}  # a death is seen sooner
    environment = {**os.environ, **ours, "FLOWER_BASIC_AUTH": "team:secret", **more}
    log = state.parent / "up.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "fractal_rmo.cli.main", "up"],
            cwd=checkout, env=environment, stdout=output, stderr=output,
        )  # fmt: skip
        at_work = ClusterAtWork(environment, state, process.pid, checkout)
        try:
            _until_served(at_work, process, log)
            yield at_work
        finally:
            if process.poll() != -signal.SIGKILL:
                process.send_signal(signal.SIGINT)
                assert process.wait(60) == 0, log.read_text()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterAtWork]:
    """One for all tests of this folder."""
    at_work = None
    try:
        with started(tmp_path_factory.mktemp("cluster") / "state") as at_work:
            yield at_work
    finally:
        if at_work:
            at_work.run("down", "--purge")


def _until_served(at_work: ClusterAtWork, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(60):
        assert process.poll() is None, log.read_text()
        found = at_work.run("status", "--json")
        if found.returncode == 0 and len(json.loads(found.stdout)["workers"]) == 5:
            return
        time.sleep(0.5)
    raise AssertionError(log.read_text())
