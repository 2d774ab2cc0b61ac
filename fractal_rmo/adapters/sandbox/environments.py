"""The interpreter whose packages a run may import: this one's own, or one that a task names.

Nothing of a named environment is executed outside jails but its interpreter,
without its ``site`` module: no ``.pth`` file, no ``sitecustomize``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fractal_rmo.adapters.sandbox import places
from fractal_rmo.domain.errors import ErrorCode, InputError

OLDEST = (3, 11)
"""What jailed code is written in."""
_ANSWER_S = 20.0
# the scheme is named, for that of Debian's own Python is another one outside of environments
_ASK = """
import json, sys, sysconfig
base = {"base": sys.argv[1], "platbase": sys.argv[1]}
scheme = "venv" if "venv" in sysconfig.get_scheme_names() else "posix_prefix"
own = [sysconfig.get_path(name, scheme, base) for name in ("purelib", "platlib")]
shared = [sysconfig.get_path(name) for name in ("purelib", "platlib")]
print(json.dumps([sys.version_info[:2], [sys.base_prefix, sys.base_exec_prefix], own, shared]))
"""


@dataclass(frozen=True, slots=True)
class Environment:
    """``python`` is started as the zygote; ``folders`` hold its packages, ``shown`` is mounted.

    ``foreign`` is False for the environment of this program, whose packages
    the tools of the thick and static runtimes come from.
    """

    python: str
    version: tuple[int, int]
    folders: tuple[str, ...]
    shown: tuple[str, ...]
    foreign: bool = True


@lru_cache(maxsize=1)
def own_environment() -> Environment:
    """The one that runs this program; jails of code are not shown its packages as importable."""
    shown = tuple(places.visible_paths())
    folders = tuple(places.package_folders())
    return Environment(sys.executable, sys.version_info[:2], folders, shown, foreign=False)


def environment_of(python: str, allowed: Collection[str] | None = None) -> Environment:
    """The environment of an interpreter's path; ``""`` is our own.

    ``allowed`` None means every path.  Raises ``InputError`` (BAD_PYTHON):
    not allowed, not there, another user's, no Python, too old.
    """
    if not python:
        return own_environment()
    if allowed is not None and python not in allowed:
        listed = ", ".join(sorted(allowed)) or "none"
        raise _refused(f"'{python}' is not among the interpreters allowed here: {listed}.")
    configuration = _configuration(python)
    described = [configuration] if configuration.exists() else []
    try:
        found = [file.stat() for file in (Path(python), *described)]
        found += [Path(python).parent.stat(), configuration.parent.stat()] if described else []
    except OSError as error:
        raise _refused(f"'{python}' cannot be used where code is run: {error.strerror}.") from error
    # it is started outside of jails: what a run may have left somewhere is not to be
    if any(one.st_uid not in (0, os.geteuid()) or one.st_mode & 0o002 for one in found):
        raise _refused(f"'{python}' or its environment could have been written by another user.")
    return _examined(python, tuple(one.st_mtime_ns for one in found))


def _configuration(python: str) -> Path:
    """``pyvenv.cfg`` of the environment in whose ``bin`` the interpreter lies."""
    return Path(python).parent.parent / "pyvenv.cfg"


@lru_cache(maxsize=32)
def _examined(python: str, marks: tuple[int, ...]) -> Environment:
    """Ask the interpreter once for each state of its files."""
    del marks
    configuration = _configuration(python)
    virtual = configuration.is_file()
    prefix = str(configuration.parent)
    version, bases, own, shared = _ask(python, prefix)
    if version < OLDEST:
        is_, least = (".".join(map(str, numbers)) for numbers in (version, OLDEST))
        raise _refused(f"'{python}' is Python {is_}; {least} or later is needed.")
    folders = own if virtual else shared
    if virtual and _includes_system(configuration):
        folders = [*own, *shared]
    if "/usr" in bases and folders != own:
        folders = [*folders, "/usr/lib/python3/dist-packages"]  # Debian's own packages
    found = [folder for folder in dict.fromkeys(folders) if Path(folder).is_dir()]
    prefixes = [*bases, prefix] if virtual else bases
    shown = places.shown(prefixes, [*found, *places.package_folders()])
    return Environment(python, version, tuple(found), tuple(shown))


def _ask(python: str, prefix: str) -> tuple[tuple[int, int], list[str], list[str], list[str]]:
    """Version, base prefixes, and the folders of packages of the environment and of its base."""
    try:
        done = subprocess.run(
            [python, "-I", "-S", "-c", _ASK, prefix],
            capture_output=True,
            timeout=_ANSWER_S,
            check=True,
            cwd="/",
            env={"LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
        )
        (major, minor), bases, own, shared = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError, TypeError) as error:
        raise _refused(f"'{python}' does not answer as a Python interpreter does.") from error
    return (major, minor), bases, own, shared


def _includes_system(configuration: Path) -> bool:
    lines = configuration.read_text(encoding="utf-8", errors="replace").splitlines()
    pairs = (line.partition("=") for line in lines)
    return any(
        name.strip() == "include-system-site-packages" and value.strip().lower() == "true"
        for name, _, value in pairs
    )


def _refused(detail: str) -> InputError:
    return InputError(ErrorCode.BAD_PYTHON, detail)
