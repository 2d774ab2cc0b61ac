"""One embedded Valkey: started, asked, stopped."""

from __future__ import annotations

import signal
import socket
import time

from fractal_rmo.adapters.embedded import launch, processes
from fractal_rmo.adapters.embedded.binaries import find_valkey
from fractal_rmo.adapters.embedded.paths import StatePaths
from fractal_rmo.adapters.embedded.processes import Identity
from fractal_rmo.domain.errors import ErrorCode, InfrastructureError

_START_SECONDS = 60.0  # loading the append-only file after a crash
_ANSWER_SECONDS = 2.0
_POLL_SECONDS = 0.02
_CONFIGURATION = "valkey.conf"
_PID_FILE = "valkey.pid"

_SETTINGS = f"""\
# Written anew at every start; changes made here are lost.
# The socket only: no port that others could reach or occupy.
port 0
unixsocketperm 600
pidfile {_PID_FILE}
# Messages and results outlive a restart; at most one second of them is sent again.
appendonly yes
appendfsync everysec
# The append-only file makes snapshots redundant.
save ""
# A runaway queue is an error that someone sees, not a dead machine; and a
# broker must refuse a message rather than forget another.
maxmemory 512mb
maxmemory-policy noeviction
# The command line is how a later process recognises this one.
set-proc-title no
"""


def _ask(paths: StatePaths, command: bytes) -> bytes:
    """Send one inline command and return what arrives first, up to 64 kB.

    Raises ``OSError`` when nobody answers within 2 s.  The client library
    speaks more, but takes a quarter of a second to load.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as talk:
        talk.settimeout(_ANSWER_SECONDS)
        talk.connect(str(paths.valkey_socket))
        talk.sendall(command + b"\r\n")
        return talk.recv(65536)


def answers(paths: StatePaths) -> bool:
    """Whether the server is up and has loaded its data."""
    try:
        return _ask(paths, b"PING").startswith(b"+PONG")
    except OSError:
        return False


def running(paths: StatePaths) -> Identity | None:
    """Return the server of this data folder, answering or not."""
    try:
        pid = int((paths.valkey_data / _PID_FILE).read_text())
    except (OSError, ValueError):
        return None
    return processes.runs_with_argument(pid, str(paths.valkey_socket))


def ensure(paths: StatePaths) -> None:
    """Start the server if it is missing; the caller holds the lock.

    Raises ``InfrastructureError`` (SERVER_FAILED) with the log's last words.
    """
    server = running(paths)
    if server and not paths.valkey_socket.exists():
        stop(paths)  # someone emptied the socket folder: nobody can reach this one any more
        server = None
    _wait_ready(paths, server or _start(paths))


def _start(paths: StatePaths) -> Identity | None:
    paths.valkey_data.mkdir(exist_ok=True, mode=0o700)
    (paths.valkey_data / _CONFIGURATION).write_text(_SETTINGS)
    # every name but the socket's is relative to the folder, so none needs quoting
    words = [str(find_valkey()), _CONFIGURATION, "--unixsocket", str(paths.valkey_socket)]
    return launch.detach(words, log=paths.logs / "valkey.log", folder=paths.valkey_data)


def _wait_ready(paths: StatePaths, server: Identity | None) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not answers(paths):
        if server is None or not processes.is_alive(server) or time.monotonic() > deadline:
            log = paths.logs / "valkey.log"
            said = launch.last_words(log)
            raise InfrastructureError(
                ErrorCode.SERVER_FAILED, f"Valkey does not answer; {log} ends with: {said}."
            )
        time.sleep(_POLL_SECONDS)


def stop(paths: StatePaths) -> None:
    """Stop the server: its file is written out; by force after 10 s.

    Raises ``InfrastructureError`` (SERVER_FAILED) when it survives even SIGKILL.
    """
    server = running(paths)
    if server and not processes.end(server, (signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)):
        raise InfrastructureError(
            ErrorCode.SERVER_FAILED, f"Valkey (pid {server.pid}) cannot be stopped."
        )


def version(paths: StatePaths) -> str | None:
    """Return the server's own version, such as ``9.1.2``; None when it does not answer."""
    try:
        lines = _ask(paths, b"INFO server").decode(errors="replace").splitlines()
    except OSError:
        return None
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    return facts.get("valkey_version") or facts.get("redis_version")
