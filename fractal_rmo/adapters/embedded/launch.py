"""Starting a server so that it outlives its starter and shares nothing with it."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

from fractal_rmo.adapters.embedded.processes import Identity, identify
from fractal_rmo.domain.errors import ErrorCode, InfrastructureError

#: Nothing of the caller's environment reaches a server: a preloaded library or
#: an odd locale there must not decide whether the database starts.
CLEAN_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

_ROTATE_ABOVE_BYTES = 5_000_000
#: ``$0`` is the log; the shell puts the server in the background, tells its
#: number and leaves, so the server is nobody's child but the machine's.
_BACKGROUND = 'umask 077; "$@" >>"$0" 2>&1 </dev/null & echo $!'


def detach(words: list[str], *, log: Path, folder: Path) -> Identity | None:
    """Start a program in a session of its own, with its output appended to ``log``.

    Return its identity; None when it ended at once.
    """
    rotate(log)
    shell = ["/bin/sh", "-c", _BACKGROUND, str(log), *words]
    finished = subprocess.run(
        shell,
        cwd=folder,
        env=CLEAN_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=True,
    )
    return identify(int(finished.stdout))


def rotate(log: Path) -> None:
    """Set a log aside once it is above 5 MB; the one set aside before is dropped."""
    if log.exists() and log.stat().st_size > _ROTATE_ABOVE_BYTES:
        log.replace(log.with_name(log.name + ".1"))


def last_words(log: Path, lines: int = 3) -> str:
    """Return the end of a log in one line, for a sentence that a person reads."""
    try:
        text = log.read_text(errors="replace")
    except OSError:
        return ""
    return " | ".join(line.strip() for line in text.splitlines()[-lines:])


def without_root() -> list[str]:
    """Return the words to put before a program that refuses to run as root.

    Inside a user namespace of its own the program sees itself as an ordinary
    account, while the files it makes stay ours: no account is created and no
    folder opened.  The account has to be one that the machine's list knows,
    since initdb looks its name up; a user without an entry gets one the same way.

    Raises ``InfrastructureError`` (SERVER_FAILED) where the machine refuses.
    """
    if os.geteuid() != 0 and _has_account(os.geteuid()):
        return []
    mapping = ["unshare", "--user", f"--map-user={_some_account()}"]
    try:
        tried = subprocess.run(
            [*mapping, "true"], env=CLEAN_ENVIRONMENT, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        _refused("the program 'unshare' (package util-linux) is missing")
    if tried.returncode != 0:
        _refused(tried.stderr.strip())
    return mapping


def _has_account(number: int) -> bool:
    try:
        pwd.getpwuid(number)
    except KeyError:
        return False
    return True


def _some_account() -> int:
    return next((account.pw_uid for account in pwd.getpwall() if account.pw_uid != 0), 65534)


def _refused(reason: str) -> None:
    raise InfrastructureError(
        ErrorCode.SERVER_FAILED,
        "PostgreSQL does not run as root, and this machine refuses the user namespace that would "
        f"hide it ({reason}). Run as an ordinary user, allow user namespaces, or set DATABASE_URL.",
    )
