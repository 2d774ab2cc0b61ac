"""The command as a person runs it: a real process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


def fractal(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run it in the project's folder and wait."""
    command = [sys.executable, "-m", "fractal_rmo.cli.main", *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110
    )


def copy(example: str, folder: Path) -> tuple[Path, Path]:
    """An example's code and tests in a folder."""
    code, tests = folder / "solution.py", folder / "test_solution.py"
    for path in (code, tests):
        path.write_text((EXAMPLES / example / path.name).read_text())
    return code, tests
