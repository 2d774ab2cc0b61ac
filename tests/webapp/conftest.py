"""The real web server over real, embedded servers; nobody works, so tasks stay where they are."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text

from fractal_rmo.adapters.db.engine import make_engine
from fractal_rmo.adapters.embedded.paths import StatePaths

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Web:
    """A running web server, its environment and its access token."""

    url: str
    environment: Mapping[str, str]
    token: str

    def client(self, **headers: str) -> httpx2.Client:
        """A program with the token."""
        return httpx2.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {self.token}", **headers}
        )

    def browser(self) -> httpx2.Client:
        """A browser without a script that nobody has signed in."""
        return httpx2.Client(base_url=self.url, headers={"Accept": "text/html"})

    def run(self, *arguments: str) -> str:
        """What ``fractal-rmo`` prints."""
        done = self.attempt(*arguments)
        done.check_returncode()
        return done.stdout.strip()

    def attempt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """``fractal-rmo``, whatever comes of it."""
        command = [sys.executable, "-m", "fractal_rmo.cli.main", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="session")
def web(servers: StatePaths) -> Iterator[Web]:
    """Gunicorn as the Procfile starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    ours = {"FRACTAL_STATE": str(servers.root), "PORT": port, "AGENT_TYPE": "web"}
    ours["DATABASE_URL"] = _own_database(servers)
    environment = {**os.environ, **ours}
    command = [sys.executable, "-m", "fractal_rmo.agent"]
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        try:
            found = Web(f"http://127.0.0.1:{port}", environment, "")
            yield Web(found.url, environment, _when_it_answers(found, process))
        finally:
            process.terminate()
            process.wait(30)


def _own_database(servers: StatePaths) -> str:
    """Copies are made of the migrated database, and only while nobody else is connected to it."""
    server = make_engine(servers.database_url.replace("/fractal_rmo?", "/postgres?"))
    with server.connect() as db:
        db.execute(text("CREATE DATABASE web TEMPLATE fractal_rmo"))
    server.dispose()
    return servers.database_url.replace("/fractal_rmo?", "/web?")


def _when_it_answers(web: Web, process: subprocess.Popen[bytes]) -> str:
    for _ in range(150):
        assert process.poll() is None
        try:
            httpx2.get(f"{web.url}/health")
        except httpx2.TransportError:
            time.sleep(0.2)
        else:
            return web.run("token")
    raise AssertionError("the web server does not answer")
