"""The wheel, built once, and fresh environments of several Pythons in which it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = ("3.11", "3.12", "3.13")


@dataclass(frozen=True)
class Installed:
    """An environment that holds the wheel; ``run`` starts its programs as a person would."""

    folder: Path

    def run(self, *words: str | Path, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
        """A program of the environment's with its arguments, in a folder; nothing is checked."""
        program = self.folder / "bin" / str(words[0])
        return subprocess.run(
            [program, *map(str, words[1:])],
            cwd=cwd,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "TERM": "dumb", **more},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    left_out = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, source, ignore=left_out)
    _pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", folder, source)
    (built,) = folder.glob("fractal_rmo-*.whl")
    return built


@pytest.fixture(scope="session")
def install(
    wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Installed]]:
    """Makes an environment with the wheel, once a version; skips where there is no such Python."""
    made: dict[str, Installed] = {}

    def make(version: str) -> Installed:
        if version not in made:
            folder = tmp_path_factory.mktemp(f"python{version}") / "env"
            subprocess.run([_interpreter(version), "-m", "venv", folder], check=True, timeout=120)
            _pip(folder / "bin" / "python", "install", wheel)
            made[version] = Installed(folder)
        return made[version]

    yield make
    for one in made.values():
        shutil.rmtree(one.folder)


@pytest.fixture(params=PYTHONS)
def installed(request: pytest.FixtureRequest, install: Callable[[str], Installed]) -> Installed:
    """The wheel under each Python."""
    return install(request.param)


def _interpreter(version: str) -> str:
    if sys.version.startswith(f"{version}."):
        return os.path.realpath(Path(sys.base_prefix, "bin", f"python{version}"))
    known = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    found = [shutil.which(f"python{version}"), *map(str, known.glob(f"{version}.*/bin/python"))]
    for path in filter(None, found):
        if subprocess.run([path, "-c", "pass"], check=False, capture_output=True).returncode == 0:
            return str(path)
    pytest.skip(f"there is no Python {version} on this machine")


def _pip(python: str | Path, *words: str | Path) -> None:
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
