"""One embedded PostgreSQL: made, started, asked, stopped."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator

import psycopg2
from psycopg2.extensions import connection

from fractal_rmo.adapters.embedded import launch, processes
from fractal_rmo.adapters.embedded.binaries import PostgresPrograms
from fractal_rmo.adapters.embedded.paths import DATABASE, SUPERUSER, StatePaths
from fractal_rmo.adapters.embedded.processes import Identity
from fractal_rmo.adapters.embedded.stamp import require_space
from fractal_rmo.domain.errors import ErrorCode, InfrastructureError

#: A fresh cluster is 40 MB and its write-ahead log grows to 128 MB.
SPACE_NEEDED_BYTES = 200_000_000

_START_SECONDS = 90.0  # recovery after a crash replays at most 128 MB of log
_ORPHAN_SECONDS = 10.0  # backends of a killed server notice within a second or so
_POLL_SECONDS = 0.02

_SETTINGS = """\
# Written anew at every start; changes made here are lost.
listen_addresses = ''              # the socket only: no port that others could reach or occupy
unix_socket_directories = '{sockets}'
max_connections = 100              # 1-2 for each worker process, and room for people
shared_buffers = 64MB              # the working set is small, and the machine is shared
fsync = on                         # an accepted task survives a power cut
max_wal_size = 128MB               # bounds the disk used and the time of a recovery
min_wal_size = 32MB
huge_pages = off                   # not worth a reservation at this size
max_parallel_workers_per_gather = 0  # queries are short; the cores belong to the workers
idle_in_transaction_session_timeout = 60s  # a hung client must not hold its locks for ever
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = on             # stderr would grow without bound
log_directory = '../../logs'
log_filename = 'postgres-%a.log'   # one for each weekday: seven at most
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0              # by age alone, else a name could be reused within its day
log_checkpoints = off              # routine, every five minutes
"""
#: Nobody but this user can enter the socket's folder, so who gets there is trusted.
_ACCESS = "local all all trust\n"


@contextlib.contextmanager
def _connected(paths: StatePaths, database: str) -> Iterator[connection]:
    opened = psycopg2.connect(
        host=str(paths.sockets), dbname=database, user=SUPERUSER, connect_timeout=2
    )
    try:
        yield opened
    finally:
        opened.close()


def answers(paths: StatePaths, database: str = DATABASE) -> bool:
    """Whether the server accepts a session with this database, asked for at most 2 s."""
    if not paths.postgres_socket.exists():
        return False
    try:
        with _connected(paths, database):
            return True
    except psycopg2.OperationalError:
        return False


def running(paths: StatePaths) -> Identity | None:
    """Return the server of this data folder, answering or not."""
    try:
        first = (paths.postgres_data / "postmaster.pid").read_text().split("\n", 1)[0]
        pid = int(first)
    except (OSError, ValueError):
        return None
    return processes.runs_with_argument(pid, str(paths.postgres_data))


def ensure(paths: StatePaths, programs: PostgresPrograms) -> None:
    """Make, start and fill the server as far as that is missing; the caller holds the lock.

    Raises ``InfrastructureError``: NO_SPACE, or SERVER_FAILED with the log's last words.
    """
    if not paths.postgres_data.exists():
        initialise(paths, programs)
    server = running(paths)
    if server and not paths.postgres_socket.exists():
        stop(paths)  # someone emptied the socket folder: nobody can reach this one any more
        server = None
    if server:
        _wait_ready(paths, server)
    else:
        _start(paths, programs)
    _create_database(paths)


def initialise(paths: StatePaths, programs: PostgresPrograms) -> None:
    """Make the cluster beside its place and move it there whole, so a half-made one never counts.

    Raises ``InfrastructureError``: NO_SPACE, SERVER_FAILED.
    """
    require_space(paths.data, SPACE_NEEDED_BYTES)
    unfinished = paths.postgres_data.with_name("postgres.unfinished")
    if unfinished.exists():
        shutil.rmtree(unfinished)
    options = ["--username", SUPERUSER, "--auth=trust", "--encoding=UTF8"]
    # byte order sorts alike on every machine; a locale would not
    words = [str(programs.initdb), "--pgdata", str(unfinished), *options, "--locale=C"]
    finished = subprocess.run(
        [*launch.without_root(), *words],
        cwd=paths.data,
        env=launch.CLEAN_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        reason = finished.stderr.strip() or finished.stdout.strip()
        raise InfrastructureError(ErrorCode.SERVER_FAILED, f"initdb failed: {reason}.")
    unfinished.replace(paths.postgres_data)


def _start(paths: StatePaths, programs: PostgresPrograms) -> None:
    """Start the server, again for a while when orphans of a killed one still hold its memory."""
    data = paths.postgres_data
    settings = _SETTINGS.format(sockets=paths.sockets)
    (data / "postgresql.conf").write_text(settings)
    (data / "pg_hba.conf").write_text(_ACCESS)
    words = [*launch.without_root(), str(programs.postgres), "-D", str(data)]
    give_up = time.monotonic() + _ORPHAN_SECONDS
    while True:
        _clear_leftovers(paths)
        server = launch.detach(words, log=paths.logs / "postgres.log", folder=data)
        try:
            _wait_ready(paths, server)
        except InfrastructureError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.5)
        else:
            return


def _clear_leftovers(paths: StatePaths) -> None:
    """Remove the marks of a server that is gone.

    PostgreSQL clears them itself unless their number meanwhile belongs to
    another process, as after a reboot.  A mark whose process is gone is left
    to it, since it also checks for orphans through the memory named there.
    """
    for leftover in paths.sockets.glob(".s.PGSQL.*"):
        leftover.unlink(missing_ok=True)
    mark = paths.postgres_data / "postmaster.pid"
    with contextlib.suppress(OSError, ValueError):
        pid = int(mark.read_text().split("\n", 1)[0])
        if processes.identify(pid) and running(paths) is None:
            mark.unlink()


def _wait_ready(paths: StatePaths, server: Identity | None) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not answers(paths, "postgres"):
        if server is None or not processes.is_alive(server) or time.monotonic() > deadline:
            log = paths.logs / "postgres.log"
            said = launch.last_words(log)
            raise InfrastructureError(
                ErrorCode.SERVER_FAILED, f"PostgreSQL does not answer; {log} ends with: {said}."
            )
        time.sleep(_POLL_SECONDS)


def _create_database(paths: StatePaths) -> None:
    with _connected(paths, "postgres") as session:
        session.autocommit = True
        with session.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE}")


def stop(paths: StatePaths) -> None:
    """Stop the server: sessions are ended and data written; harder after 20 s.

    Raises ``InfrastructureError`` (SERVER_FAILED) when it survives even SIGKILL.
    """
    server = running(paths)
    # SIGINT is PostgreSQL's fast shutdown, SIGQUIT the immediate one that recovers at next start
    steps = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
    if server and not processes.end(server, *steps):
        raise InfrastructureError(
            ErrorCode.SERVER_FAILED, f"PostgreSQL (pid {server.pid}) cannot be stopped."
        )


def version(paths: StatePaths) -> str | None:
    """Return the server's own version, such as ``18.1``; None when it does not answer."""
    try:
        with _connected(paths, "postgres") as session, session.cursor() as cursor:
            cursor.execute("SHOW server_version")
            row = cursor.fetchone()
    except psycopg2.OperationalError:
        return None
    return str(row[0]) if row else None
