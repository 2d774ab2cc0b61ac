"""The environment that every script needs: ``.venv`` with the pinned requirements.

Standard library only, and no syntax newer than Python 3.6: this runs on the
system's Python, before anything is installed, and must be able to say that it
is too old.
"""

import fcntl
import hashlib
import os
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

OLDEST = (3, 11)
NEWEST_TRIED = (3, 13)
"""Wheels of everything pinned exist for these; a newer Python may have to compile."""

_TESTS_ADD_TO = {"tests/requirements.txt": ["requirements.txt"]}


class SetupError(Exception):
    """One sentence that names the remedy."""


def ensure(requirements: str = "requirements.txt") -> Path:
    """Create or refresh ``.venv`` when needed; returns its Python.  Raises ``SetupError``.

    Two scripts that start at once share one environment: the second waits.
    """
    _use_fitting_python()
    if _is_ready(requirements):
        return PYTHON
    _check_space()
    lock = os.open(str(ROOT), os.O_RDONLY)  # a folder can be locked, and leaves no file behind
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_ready(requirements):
            _set_up(requirements)
    finally:
        os.close(lock)
    return PYTHON


def _use_fitting_python() -> None:
    """Start this script again under a fitting Python when it runs under another."""
    if OLDEST <= sys.version_info[:2] <= NEWEST_TRIED:
        return
    for minor in range(NEWEST_TRIED[1], OLDEST[1] - 1, -1):
        other = shutil.which(f"python3.{minor}")
        if other and _runs(other):
            os.execv(other, [other, *sys.argv])  # noqa: S606 - takes this one's place
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:2]))
        raise SetupError(f"Python 3.11 or newer is needed, and this is {found}: install it first.")


def _runs(python: str) -> bool:
    """Whether it works: a version manager's shim may be there without its Python."""
    nowhere = subprocess.DEVNULL
    tried = subprocess.run([python, "-c", ""], check=False, stdout=nowhere, stderr=nowhere)
    return tried.returncode == 0


def _is_ready(requirements: str) -> bool:
    stamp = _stamp(requirements)
    return PYTHON.exists() and stamp.exists() and stamp.read_text() == _fingerprint(requirements)


def _stamp(requirements: str) -> Path:
    return VENV / f".ready-{Path(requirements).parent.name or 'run'}"


def _fingerprint(requirements: str) -> str:
    """What an environment depends on: the pins, the Python, and the checkout's place."""
    names = [requirements, *_TESTS_ADD_TO.get(requirements, [])]
    texts = [(ROOT / name).read_bytes() for name in names]
    return hashlib.sha256(_made_for().encode() + b"".join(texts)).hexdigest()


def _made_for() -> str:
    return f"{sys.version}{ROOT}"


def _check_space() -> None:
    free_mb = shutil.disk_usage(str(ROOT)).free // 1_000_000
    if free_mb < NEEDED_MB:
        raise SetupError(f"{free_mb} MB are free in {ROOT}; {NEEDED_MB} MB are needed.")


def _set_up(requirements: str) -> None:
    print(f"Setting up {VENV} from {requirements}: {DOWNLOAD}.", file=sys.stderr, flush=True)
    made = VENV / ".made"
    if (
        not made.exists() or made.read_text() != _made_for()
    ):  # moved, half made, or of another Python
        shutil.rmtree(str(VENV), ignore_errors=True)
        _create()
        made.write_text(_made_for())
    _install(requirements)
    _link_project()
    for name in [requirements, *_TESTS_ADD_TO.get(requirements, [])]:
        _stamp(name).write_text(_fingerprint(name))


def _create() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if made.returncode:
        said = made.stdout.decode(errors="replace").strip()
        remedy = (
            "Python's venv module is incomplete; on Debian: apt-get install python3-venv."
            if "ensurepip" in said or "No module named" in said
            else said
        )
        raise SetupError(f"The virtual environment {VENV} could not be made. {remedy}")


def _install(requirements: str) -> None:
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    command = [str(PYTHON), "-m", "pip", "install", *quiet, "-r", str(ROOT / requirements)]
    if subprocess.run(command, check=False, stdout=sys.stderr).returncode:
        raise SetupError(
            f"pip could not install {requirements} (its own words are above): check the network "
            "connection and run again; what was done is kept."
        )


def _link_project() -> None:
    """Make the checkout importable and give it its command, without a build or a download."""
    site = subprocess.check_output(
        [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    )
    (Path(site.decode().strip()) / "fractal_rmo_checkout.pth").write_text(f"{ROOT}\n")
    command = VENV / "bin" / "fractal-rmo"
    command.write_text(
        "#!/bin/sh\n"
        '# sh finds Python beside itself: a "#!" line may hold no blanks and 127 bytes at most\n'
        'exec "$(dirname "$0")/python" -P -m fractal_rmo.cli.main "$@"\n'
    )
    command.chmod(0o755)


def main(action: "Callable[[], int]") -> None:
    """Exit with what ``action`` returns; a ``SetupError`` is printed and exits with 3."""
    try:
        sys.exit(action())
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(3)
    except KeyboardInterrupt:
        sys.exit(130)
