"""How a command ends that is not let to its end."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.cli.running import EXAMPLES, ROOT, copy, fractal

pytestmark = pytest.mark.thorough

ENDLESS = (
    "def f(a=1, b=2, c=3):\n    while a or b:\n        a = a + b - c\n        b = a * c + 1\n"
    "        c = max(b, a) - 2\n        a, b = b + 1, a - 1\n    return [a, b, c]\n"
)
MEETS_IT = "from endless import f\n\ndef test_1():\n    assert f() == object()\n"
"""What no edit makes true, so that a search goes on."""
HERE = {**os.environ, "PYTHONPATH": str(ROOT)}
COMMAND = [sys.executable, "-m", "fractal_rmo.cli.main"]


@pytest.mark.parametrize("command", [pytest.param("validate", marks=pytest.mark.slow), "fix"])
def test_an_interrupted_command_leaves_nothing_and_says_so(tmp_path: Path, command: str) -> None:
    """The signal goes to the one process, as from an editor: nobody else ends its children."""
    (tmp_path / "endless.py").write_text(ENDLESS)
    (tmp_path / "test_endless.py").write_text(MEETS_IT)
    with subprocess.Popen(
        [*COMMAND, command, "endless.py", "--tests", "test_endless.py"],
        cwd=tmp_path, env=HERE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr
        process.stderr.readline()  # the first stage has begun
        time.sleep(3)
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=10)
    assert process.returncode == 130
    assert said.endswith("interrupted\n")
    assert "Traceback" not in said
    assert family
    assert not psutil.wait_procs(family, timeout=5)[1]


@pytest.mark.parametrize("output", ["| head -c 1 >/dev/null", "> /dev/full", ">&-"])
def test_output_that_nobody_takes_gives_no_traceback(output: str) -> None:
    path = EXAMPLES / "off_by_one"
    words = shlex.join([*COMMAND, "validate", str(path), "--tests", str(path), "--level", "1"])
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {words} {output}"],
        cwd=ROOT, env=HERE, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    if "full" in output:
        assert (done.returncode, "No space left on device" in done.stderr) == (3, True)


def test_a_proof_that_could_not_be_written_is_refused_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, tests = copy("off_by_one", tmp_path)
    done = fractal("fix", code, "--tests", tests, "--proof", tmp_path / "nowhere" / "p.json")
    assert done.returncode == 2
    assert "FR116" in done.stderr
    assert done.stdout == ""
    (tmp_path / "file").touch()
    monkeypatch.setenv("FRACTAL_SIGNING_KEY", str(tmp_path / "file" / "key"))
    done = fractal("fix", code, "--tests", tests, "--proof", tmp_path / "p.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "FR120" in done.stderr
