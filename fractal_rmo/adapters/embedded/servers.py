"""Both embedded servers together: what the rest of the project calls.

Any process may call ``ensure_running``; the servers outlive it.
"""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from fractal_rmo.adapters.embedded import postgres, processes, stamp, valkey
from fractal_rmo.adapters.embedded.binaries import find_postgres
from fractal_rmo.adapters.embedded.lock import locked
from fractal_rmo.adapters.embedded.paths import StatePaths
from fractal_rmo.adapters.embedded.processes import Identity

_LOCK_SECONDS = 180.0  # above the slowest start that a holder may be busy with


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """One server as it is now; ``pid``, ``version`` and ``uptime_seconds`` are None when down."""

    name: str
    answers: bool
    pid: int | None
    version: str | None
    uptime_seconds: float | None


def ensure_running(paths: StatePaths, *, database: bool = True, broker: bool = True) -> bool:
    """Start what is wanted and does not answer; whether anything had to be started.

    A few milliseconds when all of it answers.

    Safe to call from several processes at once: one starts, the others wait.

    Raises ``InfrastructureError``: SERVER_FAILED (the sentence names the log),
    NO_SPACE (200 MB for a new database), DATA_VERSION (both versions named).
    """
    if _answer(paths, database=database, broker=broker):
        return False
    paths.create()
    with locked(paths.locks / "servers.lock", _LOCK_SECONDS):
        programs = find_postgres()
        stamp.check_or_write(paths, programs.major)
        if database:
            postgres.ensure(paths, programs)
        if broker:
            valkey.ensure(paths)
    return True


def _answer(paths: StatePaths, *, database: bool, broker: bool) -> bool:
    if not paths.sockets.exists():
        return False
    paths.require_private_sockets()
    up = not broker or valkey.answers(paths)
    return up and (not database or postgres.answers(paths))


def stop(paths: StatePaths) -> None:
    """Stop both servers; nothing happens when they are down.

    Raises ``InfrastructureError`` (SERVER_FAILED) when one cannot be stopped.
    """
    if not paths.locks.exists():
        return
    with locked(paths.locks / "servers.lock", _LOCK_SECONDS):
        _stop(paths)


def _stop(paths: StatePaths) -> None:
    valkey.stop(paths)
    postgres.stop(paths)


def purge(paths: StatePaths) -> None:
    """Stop both servers and delete everything of ours, the state folder too when it is empty then.

    Only names that we gave are deleted: the folder may hold someone's files.
    """
    if paths.locks.exists():
        with locked(paths.locks / "servers.lock", _LOCK_SECONDS):
            _stop(paths)
            # while still locked, so that nobody starts a server in a folder that is going away
            for folder in (paths.postgres_data, paths.valkey_data, paths.sockets):
                shutil.rmtree(folder, ignore_errors=True)
            _delete(paths.data, "beat-schedule*", stamp.stamp_path(paths).name)
            _delete(paths.data, paths.web_secrets.name)
            _delete(paths.logs, "*.log*")
            _delete(paths.backups, "before-*.zip", ".before-*.zip.*")  # and drafts of the killed
    _delete(paths.locks, "*.lock", "*.json", "*.pid")
    for folder in (paths.data, paths.logs, paths.locks, paths.backups, paths.root):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _delete(folder: Path, *patterns: str) -> None:
    for pattern in patterns:
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)


def status(paths: StatePaths) -> tuple[ServerStatus, ServerStatus]:
    """Return PostgreSQL's and Valkey's state, without starting anything."""
    return (
        _status("postgres", postgres.running(paths), postgres.version(paths)),
        _status("valkey", valkey.running(paths), valkey.version(paths)),
    )


def _status(name: str, process: Identity | None, version: str | None) -> ServerStatus:
    return ServerStatus(
        name=name,
        answers=version is not None,
        pid=process.pid if process else None,
        version=version,
        uptime_seconds=processes.uptime_seconds(process) if process else None,
    )
