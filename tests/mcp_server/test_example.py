"""The example of an agent does what its text says, with the server of this checkout."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.mcp_server.talking import ROOT

pytestmark = pytest.mark.thorough


def test_the_agent_is_refuted_then_proven() -> None:
    done = subprocess.run(
        [sys.executable, "examples/agent.py"],
        cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Not proven: level 3 (unit) failed. 1 of 2 tests did not pass")
    assert lines[1].startswith("counter-example: test_median.py::test_even: assert 3 == 2.5")
    assert "Proven to level 5." in lines
    assert "  5 property passed" in done.stdout
    assert "validate: unit tests" in done.stderr
