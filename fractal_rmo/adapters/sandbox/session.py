"""One task's jails on the host's side."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

from fractal_rmo.adapters.sandbox import wire
from fractal_rmo.adapters.sandbox.environments import Environment, own_environment
from fractal_rmo.adapters.sandbox.zygote_process import CannotStartError, Zygote, ZygoteKey
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import RunCancelledError, RunEnding, RunRequest, RunResult, Tier

_GRACE_S = 10.0
"""How long after its wall clock a run's jail may take to say how it ended."""
_REMEDY = "'fractal-rmo doctor' says which tier fails and why."
_KEPT_CONTROLS = "\n\t"
_Place = tuple[ZygoteKey, bool]
"""A zygote, and whether the run goes beside another."""


class ZygoteSession:
    """Opens one jail for each zygote it needs, on first use, and keeps it until ``close``.

    ``payload["hash_seed"]`` (0 or 1, default 0) chooses among zygotes that
    were started under different hash seeds.
    """

    def __init__(
        self,
        tier: Tier,
        zygote: Callable[[ZygoteKey], Zygote],
        environment: Environment | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        self._tier, self._zygote = tier, zygote
        self._environment = environment or own_environment()
        self._stop = stop
        self._jails: dict[_Place, _Jail] = {}
        self._lock = threading.Lock()
        self._open = True

    def run(self, request: RunRequest) -> RunResult:
        """Perform one run; raises ``RuntimeError`` after the end of the session.

        Raises ``RunCancelledError`` once ``stop`` says so.
        """
        if request.beside is None:
            return self._run(request, None)
        # two jails, also where both come from one zygote: they run at the same time
        ours, theirs = socket.socketpair()
        with ThreadPoolExecutor(1) as pool:
            beside = pool.submit(self._run, request.beside, theirs, is_beside=True)
            try:
                result = self._run(request, ours)
            except RunCancelledError:
                raise  # the other run is told as well
            except BaseException:  # of a signal, such as Ctrl-C: nobody wants the other run's end
                self.close()
                raise
            return replace(result, beside=beside.result())

    def _run(
        self, request: RunRequest, link: socket.socket | None, *, is_beside: bool = False
    ) -> RunResult:
        seed = 1 if request.payload.get("hash_seed") else 0
        key = ZygoteKey.of(request.runtime, self._tier, self._environment, seed)
        try:
            return self._jail((key, is_beside)).run(request, link, self._stop)
        except RunCancelledError:
            self._forget((key, is_beside))
            raise
        except (CannotStartError, wire.PeerGoneError, ValueError, RecursionError) as error:
            self._forget((key, is_beside))
            detail = f"The {self._tier} jail could not be used: {error}. {_REMEDY}"
            return RunResult(RunEnding.UNAVAILABLE, detail=detail, tier=self._tier)
        finally:
            if link is not None:  # else the other run would not see this one end
                link.close()

    def close(self) -> None:
        """End all jails of this task."""
        with self._lock:
            self._open = False
            while self._jails:
                self._jails.popitem()[1].close()

    def _jail(self, place: _Place) -> _Jail:
        with self._lock:
            if not self._open:
                raise RuntimeError("This sandbox session has ended.")
            if place not in self._jails:
                self._jails[place] = _Jail(self._open_session(place[0]), self._tier)
            return self._jails[place]

    def _open_session(self, key: ZygoteKey) -> socket.socket:
        """A new session; one that fails on a zygote which worked before is tried on a fresh one."""
        zygote = self._zygote(key)
        worked = zygote.ready
        try:
            return zygote.open_session()
        except CannotStartError:
            if not worked:
                raise
            return self._zygote(key).open_session()

    def _forget(self, place: _Place) -> None:
        with self._lock:
            jail = self._jails.pop(place, None)
        if jail is not None:
            jail.close()


class _Jail:
    """One open fork server.  Its runs follow one another; threads wait their turn."""

    def __init__(self, sock: socket.socket, tier: Tier) -> None:
        self._sock, self._tier = sock, tier
        self._lock = threading.Lock()

    def run(
        self, request: RunRequest, link: socket.socket | None, stop: Callable[[], bool] | None
    ) -> RunResult:
        message: dict[str, Any] = {
            "linked": link is not None,
            "program": request.program,
            "files": dict(request.files),
            "payload": dict(request.payload),
            "limits": asdict(request.limits),
        }
        with self._lock:
            wire.send_json(self._sock, message)
            if link is not None:
                wire.send_fd(self._sock, link.fileno())
                link.close()
            patience_s = request.limits.wall_s + _GRACE_S
            if stop and not wire.await_answer(self._sock, patience_s, stop):
                raise RunCancelledError
            header = wire.receive_json(self._sock, patience_s)
            value = wire.receive_frame(self._sock, _GRACE_S)
        return _read(header, json.loads(value) if value else None, self._tier)

    def close(self) -> None:
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)  # wakes a thread that waits for an answer
        self._sock.close()


def _read(header: Mapping[str, Json], value: Json, tier: Tier) -> RunResult:
    return RunResult(
        ending=RunEnding(str(header["ending"])),
        value=value,
        output=escape_controls(str(header["output"])),
        detail=escape_controls(str(header["detail"])),
        duration_s=float(str(header["duration_s"])),
        tier=tier,
    )


def escape_controls(text: str) -> str:
    r"""Show terminal controls as ``\x1b`` and the like, so that the text is safe to print."""
    return "".join(
        c if c.isprintable() or c in _KEPT_CONTROLS else c.encode("unicode_escape").decode()
        for c in text
    )
