"""The real scripts in a checkout of their own, without the network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
MODULE = "import sys; print('called with', *sys.argv[1:])\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that needs nothing from the network, in a folder with a space."""
    root = tmp_path / "a checkout"
    shutil.copytree(SCRIPTS, root / "scripts", ignore=shutil.ignore_patterns("benchmarks"))
    (root / "requirements.txt").write_text("")
    (root / "scripts" / "benchmarks").mkdir()
    (root / "scripts" / "benchmarks" / "speed.py").write_text(MODULE)
    (root / "fractal_rmo" / "cli").mkdir(parents=True)
    (root / "fractal_rmo" / "cli" / "main.py").write_text(MODULE)
    return root


def bench(
    checkout: Path, *arguments: str, python: str = sys.executable, **extra: str
) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
    return subprocess.run(
        [python, str(checkout / "scripts" / "bench"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**clean, **extra},
    )


def test_the_first_run_sets_up_and_the_second_only_runs(checkout: Path) -> None:
    first = bench(checkout, "speed", "--limit", "3")
    assert (first.returncode, first.stdout) == (0, "called with --limit 3\n")
    assert "Setting up" in first.stderr
    second = bench(checkout, "speed")
    assert second.stderr == ""
    assert second.stdout == "called with\n"


@pytest.mark.slow
def test_the_command_works_from_any_folder(checkout: Path, tmp_path: Path) -> None:
    bench(checkout, "speed")
    command = checkout / ".venv" / "bin" / "fractal-rmo"
    done = subprocess.run([command, "up"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "called with up\n"


@pytest.mark.slow
def test_an_interrupted_setup_is_begun_anew(checkout: Path) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to("/nowhere")
    assert bench(checkout, "speed").returncode == 0


@pytest.mark.slow
def test_a_moved_checkout_gets_a_new_environment(checkout: Path) -> None:
    bench(checkout, "speed")
    moved = checkout.rename(checkout.with_name("moved"))
    assert "Setting up" in bench(moved, "speed").stderr
    command = moved / ".venv" / "bin" / "fractal-rmo"
    done = subprocess.run([command], capture_output=True, text=True, check=True)
    assert done.stdout == "called with\n"


@pytest.mark.slow
def test_changed_pins_are_installed_and_a_missing_network_is_one_sentence(checkout: Path) -> None:
    bench(checkout, "speed")
    (checkout / "requirements.txt").write_text("no-such-package==1\n")
    done = bench(checkout, "speed", PIP_NO_INDEX="1", PIP_FIND_LINKS="")
    assert done.returncode == 3
    assert "error: pip could not install requirements.txt" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_two_scripts_at_once_share_one_setup(checkout: Path) -> None:
    words = [sys.executable, str(checkout / "scripts" / "bench"), "speed"]
    both = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted("Setting up" in text for text in said) == [False, True]


def test_an_unknown_benchmark_lists_what_there_is(checkout: Path) -> None:
    done = bench(checkout, "sped")
    assert done.returncode == 2
    assert "benchmarks: speed" in done.stderr
    assert not (checkout / ".venv").exists()
