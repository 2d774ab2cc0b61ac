"""What a jail must show so that this Python and its packages work, and nothing more."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[3]
"""The folder that holds ``fractal_rmo``; never shown in a jail."""
_SYSTEM = (
    "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/bin", "/usr/libexec", "/usr/share/zoneinfo",
    "/lib", "/lib32", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/alternatives",
)  # fmt: skip
_PARTS = ("bin", "lib", "lib32", "lib64", "pyvenv.cfg")


def package_folders() -> list[str]:
    """The folders of installed packages on this interpreter's path."""
    names = ("site-packages", "dist-packages")
    return [entry for entry in sys.path if Path(entry).name in names and Path(entry).is_dir()]


def visible_paths() -> list[str]:
    """Existing paths to bind read-only, none inside another, links kept as links.

    What Python keeps below its prefixes, the folders of packages, and of the
    system only libraries and programs.
    """
    return shown([sys.base_prefix, sys.base_exec_prefix, sys.prefix], package_folders())


def shown(prefixes: Sequence[str], folders: Sequence[str]) -> list[str]:
    """The same for an interpreter with these prefixes and folders of packages.

    Of a prefix only what Python keeps there: some are the folder of a whole project.
    """
    parts = [f"{prefix}/{part}" for prefix in prefixes for part in _PARTS]
    debian = ["/usr/local/lib"] if "/usr" in prefixes else []
    found = {p for p in map(Path, [*_SYSTEM, *debian, *parts, *folders]) if p.exists()}
    return [str(path) for path in sorted(found) if not _is_inside(path, found)]


def _is_inside(path: Path, others: Iterable[Path]) -> bool:
    return any(other in path.parents and not other.is_symlink() for other in others)


def cache_folder() -> str:
    """A lasting folder that only this user can write to; raises ``OSError`` where none can be had.

    The user's folder for caches, else one below that for temporary files.
    """
    base = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    usual = Path(base, "fractal-rmo")
    spare = Path(tempfile.gettempdir(), f"fractal-rmo-cache-{os.geteuid()}")
    for folder in (usual, spare):
        with suppress(OSError):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            found = folder.lstat()
            if found.st_uid == os.geteuid() and not found.st_mode & 0o022 and folder.is_dir():
                return str(folder)
    raise OSError(f"neither '{usual}' nor '{spare}' can be used as a folder of one's own")


def ruff_program() -> str:
    """The ruff of this environment, else the one on PATH, else its bare name."""
    own = Path(sys.prefix, "bin", "ruff")
    return str(own) if own.exists() else shutil.which("ruff") or "ruff"
