"""Reading a Procfile and turning its lines into something to execute."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from honcho.environ import parse_procfile

from fractal_rmo.domain.errors import ErrorCode, SettingsError

#: Run to completion before the others, as the hosting platforms do.
RELEASE = "release"
DEFAULT_PORTS = {"PORT": 8080, "FLOWER_PORT": 5555}

_NEEDS_A_SHELL = re.compile(r"[;&|()<>`\n]")


def read(path: Path) -> dict[str, str]:
    """Return the commands by process name, in the file's order.

    Raises ``SettingsError`` (BAD_SETTING) when the file is missing or names no process.
    """
    try:
        text = path.read_text()
    except OSError as error:
        raise SettingsError(ErrorCode.BAD_SETTING, f"{path} cannot be read: {error}.") from error
    try:
        found: dict[str, str] = dict(parse_procfile(text).processes)
    except AssertionError as error:  # honcho's way to say that a name occurs twice
        raise SettingsError(ErrorCode.BAD_SETTING, f"{path}: {error}.") from error
    if not found:
        raise SettingsError(ErrorCode.BAD_SETTING, f"{path} names no process ('name: command').")
    return found


def shell_words(command: str) -> list[str]:
    """Return what to execute for a Procfile's command.

    A single command replaces the shell, so that a signal reaches the program
    and not a shell in front of it.  ``env`` because a command may begin with
    ``NAME=value``, which the shell's ``exec`` would take for the program.
    """
    simple = not _NEEDS_A_SHELL.search(command)
    return ["/bin/sh", "-c", f"exec env {command}" if simple else command]


def complete(environment: Mapping[str, str]) -> dict[str, str]:
    """Add what every process of ours expects to an environment."""
    beside = str(Path(sys.executable).parent)  # 'celery' means the one of this installation
    ports = {name: str(default) for name, default in DEFAULT_PORTS.items()}
    return {
        **ports,
        "PYTHONUNBUFFERED": "1",  # else the last words of a crash are lost
        **environment,
        "PATH": f"{beside}:{environment.get('PATH', '/usr/local/bin:/usr/bin:/bin')}",
    }
