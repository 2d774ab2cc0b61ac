"""What continuous integration, commit hooks and shells use: the files, and the commands in them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.cli.running import EXAMPLES, ROOT, copy, fractal

pytestmark = pytest.mark.thorough

SHELL = "import subprocess\nsubprocess.call(input(), shell=True)\n"
BAD = "import os\n\n\ndef f(x):\n    return undefined_name\n"


@pytest.fixture
def runner_temp(tmp_path: Path) -> Path:
    """A runner's folder in which the command is installed."""
    program = tmp_path / "fractal-rmo" / "bin" / "fractal-rmo"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m fractal_rmo.cli.main "$@"\n')
    program.chmod(0o755)
    return tmp_path


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


def test_the_actions_step_writes_its_reports(runner_temp: Path, tmp_path: Path) -> None:
    action = read("action.yml")
    step = action["runs"]["steps"][1]
    code, tests = copy("off_by_one", tmp_path)
    given = {"path": str(code), "tests": str(tests)}
    for name, described in action["inputs"].items():
        given.setdefault(name, described.get("default", ""))
    values = {
        variable: given[expression.removeprefix("${{ inputs.").removesuffix(" }}")]
        for variable, expression in step["env"].items()
    }
    environment = {**os.environ, **values, "RUNNER_TEMP": str(runner_temp), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr  # the example has its bug
    suite = ET.fromstring((tmp_path / given["junit"]).read_text())  # noqa: S314 - ours
    assert suite.get("failures") == "1"
    log = json.loads((tmp_path / given["sarif"]).read_text())
    assert log["runs"][0]["results"]


def test_the_problem_matcher_reads_the_printed_lines(tmp_path: Path) -> None:
    [matcher] = json.loads((ROOT / ".github/problem-matcher.json").read_text())["problemMatcher"]
    [pattern] = matcher["pattern"]
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "bad.py").write_text(BAD)
    (folder / "test_bad.py").write_text("from bad import f\ndef test_1(): assert f(1) == 1\n")
    done = fractal("validate", folder / "bad.py", "--tests", folder / "test_bad.py", "--lines")
    found = [m for line in done.stdout.splitlines() if (m := re.match(pattern["regexp"], line))]
    rows = [
        (m[pattern["file"]], m[pattern["line"]], m[pattern["severity"]], m[pattern["code"]])
        for m in found
    ]
    name = os.path.relpath(folder / "bad.py", ROOT)
    assert (name, "5", "error", "ruff/F821") in rows
    assert (name, "1", "note", "ruff/F401") in rows


@pytest.mark.slow
def test_the_commit_hooks_run(tmp_path: Path) -> None:
    hooks = {hook["id"]: hook for hook in read(".pre-commit-hooks.yaml")}
    paths = []
    for name, text in {"bad.py": SHELL, "fine.py": "X = 1\n"}.items():
        (tmp_path / name).write_text(text)
        paths.append(name)
    words = shlex.split(hooks["fractal-rmo-analyze"]["entry"])
    assert words[0] == "fractal-rmo"
    done = fractal(*words[1:], *paths, cwd=tmp_path)
    assert done.returncode == 1
    assert "bad.py:2" in done.stdout
    assert fractal(*words[1:], "fine.py", cwd=tmp_path).returncode == 0

    words = shlex.split(hooks["fractal-rmo-validate"]["entry"])
    code, tests = EXAMPLES / "off_by_one" / "solution.py", EXAMPLES / "off_by_one"
    assert fractal(*words[1:], code, "--tests", tests).returncode == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands(shell: str) -> None:
    assert "_FRACTAL_RMO_COMPLETE" in fractal("completion", shell).stdout
    typed = {"COMP_WORDS": "fractal-rmo va", "COMP_CWORD": "va" if shell == "fish" else "1"}
    done = subprocess.run(
        [sys.executable, "-m", "fractal_rmo.cli.main"],
        cwd=ROOT,
        env={**os.environ, **typed, "_FRACTAL_RMO_COMPLETE": f"{shell}_complete"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "validate" in done.stdout


def test_colours_are_for_terminals_alone_and_switch_off() -> None:
    path = EXAMPLES / "off_by_one"
    assert "\x1b" not in fractal("analyze", path, "--tests", path).stdout
    script = f"{sys.executable} -m fractal_rmo.cli.main validate {path} --tests {path} --level 1"
    for setting, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        done = subprocess.run(
            ["script", "-qec", script, "/dev/null"],
            cwd=ROOT, env={**os.environ, "TERM": "xterm-256color", **setting},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert ("\x1b[32m" in done.stdout) is coloured


@pytest.mark.skipif(
    subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode != 0,
    reason="the network cannot be taken away here",
)
def test_nothing_is_sent_anywhere(tmp_path: Path) -> None:
    """It does its whole work where there is no network at all."""
    code, tests = copy("off_by_one", tmp_path)
    command = [sys.executable, "-m", "fractal_rmo.cli.main", "fix", code, "--tests", tests]
    done = subprocess.run(
        ["unshare", "--net", *map(str, command), "--level", "4"],
        cwd=ROOT, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
