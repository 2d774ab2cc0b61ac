"""The installed command on its own: a fresh environment, an empty folder, no checkout."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.package.conftest import ROOT, Installed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SHOP = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n\n'
    '[tool.pytest.ini_options]\npythonpath = ["src"]\n',
    "src/shop/__init__.py": "from shop.price import total\n\n__all__ = ['total']\n",
    "src/shop/price.py": '"""Prices."""\n\n\ndef total(net, rate=0.2):\n'
    '    """The sum of ``net`` with tax."""\n    return round(sum(net) * (1 - rate), 2)\n',
    "tests/helper.py": "ROWS = [1, 2, 3]\n",
    "tests/test_price.py": "from helper import ROWS\nfrom shop import total\n\n\n"
    "def test_total():\n    assert total(ROWS) == 7.2\n\n\n"
    "def test_rate():\n    assert total([1], rate=0) == 1\n    assert total([5], rate=1) == 10\n",
}


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """Where somebody begins."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def example(name: str, folder: Path) -> None:
    for path in (ROOT / "examples" / name).iterdir():
        if path.is_file():
            shutil.copy(path, folder)


def test_each_command_works_in_an_empty_folder(installed: Installed, empty: Path) -> None:
    assert installed.run("fractal-rmo", "--version", cwd=empty).stdout.startswith("fractal-rmo")
    doctor = installed.run("fractal-rmo", "doctor", cwd=empty)
    assert doctor.returncode == 0
    assert "fractal-rmo[cluster]" in doctor.stdout
    example("off_by_one", empty)
    code, tests = "solution.py", "test_solution.py"
    assert installed.run("fractal-rmo", "analyze", code, cwd=empty).returncode == 0
    assert (
        installed.run("fractal-rmo", "validate", code, "--tests", tests, cwd=empty).returncode == 1
    )
    fixed = installed.run(
        "fractal-rmo", "fix", code, "--tests", tests, "--proof", "proof.json", cwd=empty
    )
    assert fixed.returncode == 0, fixed.stderr
    diff = fixed.stdout.partition("┏")[0]
    subprocess.run(["git", "apply"], input=diff, text=True, cwd=empty, check=True)
    whole = installed.run(
        "fractal-rmo", "validate", code, "--tests", tests, "--level", "6", "--json", cwd=empty
    )
    assert json.loads(whole.stdout)["proven_level"] == 6, whole.stdout
    assert installed.run("fractal-rmo", "verify", "proof.json", cwd=empty).returncode == 0
    simpler = installed.run("fractal-rmo", "refactor", code, "--tests", tests, cwd=empty)
    assert simpler.returncode == 0, simpler.stdout


def test_what_is_not_installed_says_how_to_get_it(installed: Installed, empty: Path) -> None:
    for words, extra in ((("tasks",), "cluster"), (("mcp", "config", "claude"), "mcp")):
        done = installed.run("fractal-rmo", *words, cwd=empty)
        assert done.returncode == 2
        assert f"pip install 'fractal-rmo[{extra}]'" in done.stderr


def test_a_small_project_is_mended_and_proven_by_its_own_pytest(
    installed: Installed, empty: Path
) -> None:
    for name, text in SHOP.items():
        path = empty / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert installed.run("pytest", "-q", cwd=empty).returncode == 1
    done = installed.run("fractal-rmo", "fix", "src", "--tests", "tests", "--apply", cwd=empty)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 + rate" in (empty / "src/shop/price.py").read_text()
    proven = installed.run("pytest", "-q", "--fractal-level", "6", cwd=empty)
    assert proven.returncode == 0, proven.stdout
    assert "proven to level 6" in proven.stdout


def test_a_proof_of_one_python_holds_under_another(
    install: Callable[[str], Installed], empty: Path
) -> None:
    older, newer = install("3.11"), install("3.12")
    example("off_by_one", empty)
    words = ("--tests", "test_solution.py", "--level", "4", "--proof", "proof.json")
    done = older.run("fractal-rmo", "fix", "solution.py", *words, cwd=empty)
    assert done.returncode == 0, done.stdout + done.stderr
    verified = newer.run("fractal-rmo", "verify", "proof.json", cwd=empty)
    assert verified.returncode == 0, verified.stdout
    assert "python: 3.11" in verified.stdout
    text = (empty / "proof.json").read_text()
    (empty / "proof.json").write_text(text.replace('"outcome": "passed"', '"outcome": "flaky"', 1))
    refused = newer.run("fractal-rmo", "verify", "proof.json", cwd=empty)
    assert refused.returncode == 2
    assert "'/verdicts/0/outcome' was changed" in refused.stderr
