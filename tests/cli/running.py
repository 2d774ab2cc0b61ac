"""The command as a person runs it: a real process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


def fractal(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run it in a folder, that of the project if no other is named, and wait."""
    return subprocess.run(
        [sys.executable, "-m", "fractal_rmo", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


def copy(example: str, folder: Path) -> tuple[Path, Path]:
    """An example's code and tests in a folder."""
    code, tests = folder / "solution.py", folder / "test_solution.py"
    for path in (code, tests):
        path.write_text((EXAMPLES / example / path.name).read_text())
    return code, tests
