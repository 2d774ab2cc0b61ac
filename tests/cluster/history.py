"""An earlier version of this project, out of its own history."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

VERSIONS = "migrations/versions"


def before_the_newest_migration(folder: Path) -> Path:
    """The checkout as it was before the newest migration came; skips where there is no history."""
    newest = max(path.name for path in (ROOT / VERSIONS).glob("*.py"))
    brought = _git("log", "--diff-filter=A", "--format=%H", "--", f"{VERSIONS}/{newest}").split()
    commit = f"{brought[-1].decode()}^" if brought else "HEAD"  # it is not committed yet
    archive = _git("archive", commit, "fractal_rmo", "migrations", "workers", "webapp",
                   "celeryconfig.py", "Procfile")  # fmt: skip
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        opened.extractall(folder, filter="data")
    assert newest not in {path.name for path in (folder / VERSIONS).glob("*.py")}
    return folder


def _git(*words: str) -> bytes:
    try:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no git, so no earlier version of this project")
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        pytest.skip(f"the history does not reach back to an earlier version: {said}")
    return done.stdout
