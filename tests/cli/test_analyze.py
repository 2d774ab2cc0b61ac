"""Analysis from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fractal_rmo.cli.main import cli
from tests.cli.running import fractal

UNSAFE = "import subprocess\n\ndef f(x):\n    subprocess.call(x, shell=True)\n    return eval(x)\n"
BROKEN = "def f(:\n"


@pytest.fixture
def unsafe(tmp_path: Path) -> Path:
    path = tmp_path / "unsafe.py"
    path.write_text(UNSAFE)
    return path


@pytest.mark.thorough
def test_findings_and_actions_are_shown_and_told_by_the_exit_code(unsafe: Path) -> None:
    done = fractal("analyze", unsafe)
    assert done.returncode == 1
    assert "unsafe.py:5" in done.stdout
    assert "1. validate_syntax (high)" in done.stdout
    assert fractal("analyze", unsafe, "--fail-on", "never").returncode == 0


@pytest.mark.thorough
def test_programs_get_json_and_sarif(unsafe: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.sarif"
    document = json.loads(fractal("analyze", unsafe, "--json", "--sarif", log).stdout)
    assert document["missing"] == []
    severities = {finding["severity"] for finding in document["findings"]}
    [run] = json.loads(log.read_text())["runs"]
    assert len(run["results"]) == len(document["findings"])
    assert ("critical" in severities) <= ("error" in {r["level"] for r in run["results"]})
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == (
        "unsafe.py"
    )


def test_broken_code_is_analyzed_too(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text(BROKEN)
    done = fractal("analyze", path, "--json")
    assert done.returncode == 1
    assert any(f["role"] == "syntax" for f in json.loads(done.stdout)["findings"])


@pytest.mark.thorough
def test_honest_code_has_nothing_to_fail_for(tmp_path: Path) -> None:
    path = tmp_path / "fine.py"
    path.write_text('"""One."""\n\n\ndef one() -> int:\n    """1."""\n    return 1\n')
    assert fractal("analyze", path).returncode == 0


def test_every_command_is_where_it_is_looked_for() -> None:
    import importlib

    for module, names in cli._elsewhere.items():
        assert tuple(importlib.import_module(module).COMMANDS) == tuple(names)
