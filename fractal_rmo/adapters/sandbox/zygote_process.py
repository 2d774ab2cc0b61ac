"""One zygote as the host sees it: started by exec, asked for sessions, ended."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from fractal_rmo.adapters.sandbox import places, wire
from fractal_rmo.adapters.sandbox.environments import Environment, own_environment
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Runtime, Tier

_START = (
    "import sys; sys.path.insert(0, {root!r}); "
    "from fractal_rmo.jailed.zygote import main; main(sys.argv[1])"
)
READY_S = 60.0
SESSION_S = 15.0
_END_S = 3.0


class CannotStartError(Exception):
    """A zygote or one of its sessions could not be started; the text says why."""


@dataclass(frozen=True, slots=True)
class ZygoteKey:
    """What tells zygotes apart.  A hash seed is fixed when an interpreter starts."""

    runtime: Runtime
    tier: Tier
    hash_seed: int = 0
    environment: Environment = field(default_factory=own_environment)

    @classmethod
    def of(
        cls, runtime: Runtime, tier: Tier, environment: Environment, hash_seed: int = 0
    ) -> ZygoteKey:
        """The key of a run; tools that only read code always are our own."""
        own = runtime in (Runtime.STATIC, Runtime.SCHEMA, Runtime.MUTANTS)
        return cls(runtime, tier, hash_seed, own_environment() if own else environment)

    @property
    def tools(self) -> tuple[str, ...]:
        """The folders from which the runtime's own tools are imported, once."""
        return () if self.runtime is Runtime.THIN else own_environment().folders

    @property
    def site(self) -> tuple[str, ...]:
        """The folders of packages that runs can import from."""
        return self.environment.folders if self.environment.foreign else self.tools


class Zygote(Protocol):
    """What opens sessions of one kind: a process of this machine, or containers."""

    ready: bool
    """Whether a session could be opened before."""

    @property
    def pid(self) -> int:
        """The process to watch."""

    @property
    def alive(self) -> bool:
        """Whether it can be asked for sessions."""

    def open_session(self) -> socket.socket:
        """A new session's line, ready for requests; raises ``CannotStartError``."""

    def hang_up(self) -> None:
        """Let it end, and do not wait for that."""

    def close(self) -> None:
        """End it and every session."""

    def disown(self) -> None:
        """After a fork: let go of another process's zygote without ending it."""


class ZygoteProcess:
    """A started zygote.  Starting does not wait; the first session does.

    One session is always built ahead, since that takes longer than a short
    run in it; the next task takes it, and so it is nobody's before.

    Two threads may use it at once.  A process that was forked from the one
    which started it must not: ``disown`` lets go without ending it.
    """

    def __init__(self, key: ZygoteKey) -> None:
        self._lock = threading.Lock()
        self.ready = False
        # mkstemp would leave a file behind when the host is killed; this one has no name
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._ahead: socket.socket | None = None
        self._control, theirs = socket.socketpair()
        with theirs:
            # by the socket: what stands on a command line can be read by every run
            wire.send_json(self._control, _setup(key))
            self._process = _spawn(key, theirs.fileno(), self._errors.fileno())

    @property
    def pid(self) -> int:
        """The process id of the zygote."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def open_session(self) -> socket.socket:
        """A new session's socket, ready for requests; raises ``CannotStartError``."""
        try:
            return self._opened()
        except wire.PeerGoneError as error:
            raise CannotStartError(f"{error}{self._last_words()}") from error

    def _opened(self) -> socket.socket:
        with self._lock:
            self._await_ready()
            ahead, self._ahead = self._ahead, None
        if ahead is not None:
            with suppress(wire.PeerGoneError):  # it has been ended since
                return self._taken(ahead)
        with self._lock:
            fresh = self._begin()
        return self._taken(fresh)

    def _taken(self, line: socket.socket) -> socket.socket:
        """The line once its session is ready; then another is begun."""
        try:
            _check_ready(wire.receive_json(line, SESSION_S))
            wire.check_alive(line)
            with self._lock:
                self._ahead = self._ahead or self._begin()
        except BaseException:
            line.close()
            raise
        return line

    def _begin(self) -> socket.socket:
        """Ask for a session, whose first message says that it is ready."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                wire.send_fd(self._control, theirs.fileno())
            except wire.PeerGoneError:
                ours.close()
                raise
        return ours

    def _drop_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead.close()
            self._ahead = None

    def hang_up(self) -> None:
        """Close its lines, at which it ends by itself."""
        self._drop_ahead()
        self._control.close()

    def close(self) -> None:
        """End it and, with it, every session."""
        self.hang_up()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def disown(self) -> None:
        """Close this process's copies of another's zygote, and leave that running."""
        self._drop_ahead()
        self._control.close()
        self._errors.close()
        self._process.returncode = 0  # not our child: there is nothing to wait for

    def _await_ready(self) -> None:
        if self.ready:
            return
        _check_ready(wire.receive_json(self._control, READY_S))
        self.ready = True

    def _last_words(self) -> str:
        with suppress(OSError, ValueError, subprocess.TimeoutExpired):
            self._process.wait(1)
            self._errors.seek(0)
            lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
            return f"; it said: {lines[-1]}" if lines else ""
        return ""


def _check_ready(answer: Mapping[str, Json]) -> None:
    if "error" in answer:
        raise CannotStartError(str(answer["error"]))


def _setup(key: ZygoteKey) -> dict[str, Json]:
    """What a zygote is told; raises ``CannotStartError`` without a place for its cache."""
    try:
        cache = places.cache_folder() if key.runtime is Runtime.STATIC else ""
    except OSError as error:
        raise CannotStartError(str(error)) from error
    return {
        "runtime": key.runtime.value,
        "host_pid": os.getpid(),
        "tier": key.tier.value,
        "visible": [*key.environment.shown, *([cache] if cache else [])],
        "tools": key.tools,
        "site": key.site,
        "ruff": places.ruff_program(),
        "cache": cache,
    }


def _spawn(key: ZygoteKey, control_fd: int, errors_fd: int) -> subprocess.Popen[bytes]:
    start = _START.format(root=str(places.PROJECT_ROOT))
    # -I would ignore PYTHONHASHSEED; with an environment of our own, -P -s -S isolate as well.
    command = [key.environment.python, "-P", "-s", "-S", "-c", start, str(control_fd)]
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors_fd,
            pass_fds=[control_fd],
            cwd=Path("/"),
            env={
                "LANG": "C.UTF-8",
                "HOME": "/",
                "PYTHONHASHSEED": str(key.hash_seed),
                # else it imports what any installed package declares, outside of every jail
                "HYPOTHESIS_NO_PLUGINS": "1",
            },
            start_new_session=True,
        )
    except OSError as error:
        raise CannotStartError(str(error)) from error
