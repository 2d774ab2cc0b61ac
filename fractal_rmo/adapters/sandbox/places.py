"""What a jail must show so that this Python and its packages work, and nothing more."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[3]
"""The folder that holds ``fractal_rmo``; never shown in a jail."""
_SYSTEM = (
    "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/bin", "/usr/libexec", "/usr/share/zoneinfo",
    "/lib", "/lib32", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/alternatives",
)  # fmt: skip


def package_folders() -> list[str]:
    """The folders of installed packages on this interpreter's path."""
    names = ("site-packages", "dist-packages")
    return [entry for entry in sys.path if Path(entry).name in names and Path(entry).is_dir()]


def visible_paths() -> list[str]:
    """Existing paths to bind read-only, none inside another, links kept as links.

    The interpreter's own prefix, the virtual environment's, the folders of
    packages, and of the system only libraries and programs.
    """
    wanted = [*_SYSTEM, sys.base_prefix, sys.prefix, sys.base_exec_prefix, *package_folders()]
    found = {p for p in map(Path, wanted) if p.exists() and str(p) not in ("/", "/usr")}
    if Path(sys.base_prefix) == Path("/usr"):
        found |= {p for p in (Path("/usr/local/lib"),) if p.exists()}
    return [str(path) for path in sorted(found) if not _is_inside(path, found)]


def _is_inside(path: Path, others: Iterable[Path]) -> bool:
    return any(other in path.parents and not other.is_symlink() for other in others)


def ruff_program() -> str:
    """The ruff of this environment, else the one on PATH, else its bare name."""
    own = Path(sys.prefix, "bin", "ruff")
    return str(own) if own.exists() else shutil.which("ruff") or "ruff"
