"""Packages that everybody can get, each with a bug planted in it."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.package.conftest import Installed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Planted:
    """A released source archive, and one line of it that is made wrong."""

    package: str
    version: str
    path: str
    right: str
    wrong: str
    code: str
    tests: str
    """As the archive has them; pytest wants its own kind of name."""


PLANTED = [
    Planted(
        "inflection", "0.5.1", "inflection/__init__.py",
        "if number % 100 in (11, 12, 13):", "if number % 100 in (11, 12, 14):",
        "inflection", "test_inflection.py",
    ),
    Planted(
        "roman", "5.2", "src/roman/__init__.py",
        "while n >= integer:", "while n > integer:", "src", "src/tests.py",
    ),
    Planted(
        "boltons", "26.2.0", "boltons/mathutils.py",
        "return min(max(x, lower), upper)", "return min(min(x, lower), upper)",
        "boltons/mathutils.py", "tests/test_mathutils.py",
    ),
]  # fmt: skip


@pytest.fixture(params=PLANTED, ids=lambda planted: planted.package)
def planted(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Planted, Path]:
    """The bug, and the unpacked archive that has it."""
    one: Planted = request.param
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:",
        "--dest", str(tmp_path), f"{one.package}=={one.version}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    folder = tmp_path / f"{one.package}-{one.version}"
    text = (folder / one.path).read_text()
    assert text.count(one.right) == 1
    (folder / one.path).write_text(text.replace(one.right, one.wrong))
    return one, folder


def test_the_planted_bug_is_found_mended_and_proven(
    installed: Installed, planted: tuple[Planted, Path]
) -> None:
    one, folder = planted
    tests = folder / one.tests
    if not tests.name.startswith("test_"):
        tests = tests.rename(tests.with_name(f"test_{one.package}.py"))
    before = (folder / one.path).read_text()
    words = ("fix", one.code, "--tests", tests.relative_to(folder), "--apply")
    done = installed.run("fractal-rmo", *words, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "proven to level 3" in done.stdout
    after = (folder / one.path).read_text()
    assert after != before
    again = installed.run("pytest", "-q", "-p", "no:cacheprovider", tests, cwd=folder,
                          PYTHONPATH=f"{folder}:{folder / 'src'}")  # fmt: skip
    assert again.returncode == 0, again.stdout
