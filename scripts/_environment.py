"""The environment that every script needs: ``.venv`` with the pinned requirements.

Standard library only: this runs on the system's Python, before anything is installed.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NEEDED_MB = 900
DOWNLOAD = "about 180 MB to download, 500 MB on disk, usually under two minutes"


class SetupError(Exception):
    """One sentence that names the remedy."""


def ensure(requirements: str = "requirements.txt") -> Path:
    """Create or refresh ``.venv`` when needed; returns its Python.  Raises ``SetupError``."""
    _check_python()
    wanted = _fingerprint(requirements)
    stamp = VENV / f".ready-{Path(requirements).parent.name or 'run'}"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return PYTHON
    _check_space()
    print(f"Setting up {VENV} from {requirements}: {DOWNLOAD}.", file=sys.stderr, flush=True)
    if not _is_of_this_python():
        shutil.rmtree(VENV, ignore_errors=True)
        _create()
    _install(requirements)
    _link_project()
    stamp.write_text(wanted)
    return PYTHON


def _check_python() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - this runs on whatever Python is there
        found = ".".join(map(str, sys.version_info[:2]))
        raise SetupError(f"Python 3.11 or newer is needed, and this is {found}: install it first.")


def _check_space() -> None:
    free_mb = shutil.disk_usage(ROOT).free // 1_000_000
    if free_mb < NEEDED_MB:
        raise SetupError(f"{free_mb} MB are free in {ROOT}; {NEEDED_MB} MB are needed.")


def _fingerprint(requirements: str) -> str:
    texts = [(ROOT / name).read_bytes() for name in {"requirements.txt", requirements}]
    where = f"{sys.version}{ROOT}".encode()
    return hashlib.sha256(where + b"".join(sorted(texts))).hexdigest()


def _is_of_this_python() -> bool:
    """Whether ``.venv`` was finished by this same Python (a moved or half-made one is rebuilt)."""
    made = VENV / ".made"
    return made.exists() and made.read_text() == f"{sys.version}{ROOT}"


def _create() -> None:
    result = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False)
    if result.returncode:
        raise SetupError(
            "The virtual environment could not be made. On Debian: apt-get install python3-venv."
        )
    (VENV / ".made").write_text(f"{sys.version}{ROOT}")


def _install(requirements: str) -> None:
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    command = [str(PYTHON), "-m", "pip", "install", *quiet, "-r", str(ROOT / requirements)]
    if subprocess.run(command, check=False, stdout=sys.stderr).returncode:
        raise SetupError(
            f"pip could not install {requirements}: check the network connection and run again."
        )


def _link_project() -> None:
    """Make the checkout importable and give it its command, without a build or a download."""
    site = subprocess.check_output(
        [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    ).strip()
    (Path(site) / "fractal_rmo_checkout.pth").write_text(f"{ROOT}\n")
    command = VENV / "bin" / "fractal-rmo"
    command.write_text(
        "#!/bin/sh\n"
        '# sh finds Python beside itself: a "#!" line may hold no blanks and 127 bytes at most\n'
        'exec "$(dirname "$0")/python" -m fractal_rmo.cli.main "$@"\n'
    )
    command.chmod(0o755)


def main(action: Callable[[], int]) -> None:
    """Exit with what ``action`` returns; a ``SetupError`` is printed and exits with 3."""
    try:
        sys.exit(action())
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(3)
    except KeyboardInterrupt:
        sys.exit(130)
