"""The plugin in other projects: a pytest of its own, as a person starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).resolve().parents[1]
CODE = "def double(n):\n    return 2 * n\n"
GOOD = "from shop import double\n\ndef test_double():\n    assert double(3) == 6\n"
WEAK = "from shop import double\n\ndef test_double():\n    double(3)\n"


def run(folder: Path, files: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    """Exit code and output of pytest in a project of these files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "fractal_rmo.pytest_plugin", *arguments]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{folder / 'src'}"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"shop.py": CODE, "test_shop.py": GOOD}, marks=pytest.mark.slow),
        {"src/shop/__init__.py": "from .n import double\n", "src/shop/n.py": CODE,
         "tests/test_shop.py": f"from helper import THREE\n{GOOD}",
          "tests/helper.py": "THREE=3\n",
         "tests/data.txt": "x"},
        pytest.param(
            {"shop/__init__.py": CODE, "shop/test_inside.py": GOOD, "conftest.py": ""},
            marks=pytest.mark.slow,
        ),
    ],
    ids=["flat", "src", "inside"],
)  # fmt: skip
def test_a_projects_code_is_found_and_proven(tmp_path: Path, files: Mapping[str, str]) -> None:
    code, output = run(tmp_path, files, "--fractal-level", "4")
    assert code == 0, output
    assert "proven to level 4" in output


@pytest.mark.slow
def test_weak_tests_fail_the_session_with_the_question(tmp_path: Path) -> None:
    code, output = run(tmp_path, {"shop.py": CODE, "test_shop.py": WEAK}, "--fractal-level", "6")
    assert code == 1
    assert "6 mutation     failed" in output
    assert "double(" in output.partition("6 mutation")[2]
    assert "NOT proven; the levels passed end at" in output


@pytest.mark.slow
def test_without_the_option_and_after_failures_nothing_is_proven(tmp_path: Path) -> None:
    files = {"shop.py": CODE, "test_shop.py": GOOD}
    code, output = run(tmp_path, files)
    assert (code, "proven" in output) == (0, False)
    files["test_shop.py"] = GOOD.replace("6", "7")
    code, output = run(tmp_path, files, "--fractal-level", "1")
    assert (code, "proven" in output) == (1, False)


@pytest.mark.slow
def test_what_cannot_be_found_is_asked_for(tmp_path: Path) -> None:
    files = {"test_alone.py": "def test_1(): pass\n", "other/shop.py": CODE}
    code, output = run(tmp_path, files, "--fractal-level", "1")
    assert code == 1
    assert "name the code with --fractal-code" in output
    code, output = run(tmp_path, files, "--fractal-level", "1", "--fractal-code", "other/shop.py")
    assert code == 0, output
    assert "1 syntax       passed   2 files parse." in output


@pytest.mark.slow
def test_a_distributed_run_is_proven_once_by_who_distributes(tmp_path: Path) -> None:
    files = {"src/shop.py": CODE, "tests/test_shop.py": GOOD, "tests/test_more.py": GOOD}
    code, output = run(tmp_path, files, "--fractal-level", "3", "-n", "2")
    assert code == 0, output
    assert output.count("proven to level 3") == 1
    assert "1 syntax       passed   3 files parse." in output


@pytest.mark.slow
def test_nothing_is_proven_where_nothing_ran(tmp_path: Path) -> None:
    files = {"shop.py": CODE, "test_shop.py": "import nowhere_at_all\n"}
    code, output = run(tmp_path, files, "--fractal-level", "1")
    assert (code, "proven to" in output) == (2, False)
    files["test_shop.py"] = ""
    code, output = run(tmp_path, files, "--fractal-level", "1")
    assert (code, "proven to" in output) == (5, False)
