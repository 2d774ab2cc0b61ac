"""What is pasted into another agent's configuration starts a server."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.cli.running import ROOT, fractal
from tests.mcp_server.talking import HELLO

pytestmark = pytest.mark.thorough


def _entry(client: str, section: str) -> dict[str, Any]:
    done = fractal("mcp", "config", client)
    assert done.returncode == 0
    assert "paste this into" in done.stderr
    entry: dict[str, Any] = json.loads(done.stdout)[section]["fractal-rmo"]
    return entry


def test_the_printed_command_answers() -> None:
    entry = _entry("claude", "mcpServers")
    assert _entry("cursor", "mcpServers") == entry
    assert _entry("vscode", "servers") == {"type": "stdio", **entry}
    answered = subprocess.run(
        [entry["command"], *entry["args"]],
        input=json.dumps(HELLO) + "\n",
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(answered.stdout.splitlines()[0])["result"]["serverInfo"]["name"] == (
        "fractal-rmo"
    )


def test_another_client_is_refused_with_those_there_are() -> None:
    done = fractal("mcp", "config", "emacs")
    assert done.returncode == 2
    assert "'claude', 'cursor', 'vscode'" in done.stderr
