"""The sandbox over zygotes: processes of this machine, or containers."""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from fractal_rmo.adapters.sandbox.docker import ContainerZygote
from fractal_rmo.adapters.sandbox.environments import Environment, environment_of
from fractal_rmo.adapters.sandbox.probe import choose
from fractal_rmo.adapters.sandbox.session import ZygoteSession
from fractal_rmo.adapters.sandbox.zygote_process import Zygote, ZygoteKey, ZygoteProcess
from fractal_rmo.domain.run import Runner, Runtime, Tier

_AGAIN = {Runtime.THICK: (Runtime.THICK, Runtime.THIN)}
"""What is started under another hash seed too: tests run twice, with the code in a jail beside."""
_IDLE_ENVIRONMENTS = 2
"""Of so many foreign environments zygotes stay warm between tasks."""


class ZygoteSandbox:
    """Implements ``ports.sandbox.Sandbox``.

    ``tier`` None takes the strongest one that works; nothing below ``floor``
    is ever used.  ``image`` is that of containers, "" for the usual one.
    ``pythons`` are the interpreters that a session may name, None for any.

    Zygotes start on first use, are started anew when they died, and belong to
    the process that started them: after a fork the child starts its own.
    Safe for several threads.
    """

    def __init__(
        self,
        tier: Tier | None = None,
        *,
        floor: Tier = Tier.RLIMITS,
        image: str = "",
        pythons: Collection[str] | None = None,
    ) -> None:
        self._asked, self._floor, self._image, self._pythons = tier, floor, image, pythons
        self._chosen: Tier | None = None
        self._lock = threading.RLock()
        self._zygotes: dict[ZygoteKey, Zygote] = {}
        self._sessions: Counter[Environment] = Counter()
        self._owner = os.getpid()
        atexit.register(_close_if_there, weakref.ref(self))

    @property
    def tier(self) -> Tier:
        """The tier that is used; probed at first.  Raises ``SandboxUnavailableError``."""
        with self._lock:
            if self._chosen is None:
                self._forget_inherited()
                keep = self._zygotes.__setitem__
                self._chosen = choose(self._asked, self._floor, self._image, keep)
            return self._chosen

    @contextmanager
    def session(self, python: str = "") -> Iterator[Runner]:
        """One task's jails; see the port."""
        environment = environment_of(python, self._pythons)
        session = ZygoteSession(self.tier, self.zygote, environment)
        self._make_room(environment)
        try:
            yield session.run
        finally:
            session.close()
            with self._lock:
                self._sessions[environment] -= 1

    def warm(self, *runtimes: Runtime, python: str = "") -> None:
        """Start zygotes without waiting for them, those that are needed last at the end."""
        environment = environment_of(python, self._pythons)
        later = [again for runtime in runtimes for again in _AGAIN.get(runtime, ())]
        for seed, started in ((0, runtimes), (1, later)):
            for runtime in started:
                self.zygote(ZygoteKey.of(runtime, self.tier, environment, seed))

    def zygote(self, key: ZygoteKey) -> Zygote:
        """The living zygote for ``key``; raises ``CannotStartError``."""
        with self._lock:
            self._forget_inherited()
            zygote = self._zygotes.get(key)
            if zygote is not None and not zygote.alive:
                zygote.close()
                zygote = None
            if zygote is None:
                zygote = self._zygotes[key] = self._start(key)
            return zygote

    def close(self) -> None:
        """End the zygotes and everything below them.  The sandbox may be used again."""
        with self._lock:
            self._forget_inherited()
            while self._zygotes:
                self._zygotes.popitem()[1].close()

    def _make_room(self, environment: Environment) -> None:
        """Count a session, and end the zygotes of environments that nobody uses, but a few."""
        with self._lock:
            self._forget_inherited()
            self._sessions[environment] += 1
            kept = [key.environment for key in self._zygotes if key.environment.foreign]
            idle = [e for e in dict.fromkeys(kept) if not self._sessions[e]]
            for unused in idle[:-_IDLE_ENVIRONMENTS]:
                for key in [key for key in self._zygotes if key.environment == unused]:
                    self._zygotes.pop(key).close()
                del self._sessions[unused]

    def _start(self, key: ZygoteKey) -> Zygote:
        if key.tier is Tier.DOCKER:
            return ContainerZygote(key, self._image)
        return ZygoteProcess(key)

    def _forget_inherited(self) -> None:
        if self._owner != os.getpid():
            for zygote in self._zygotes.values():
                zygote.disown()
            self._zygotes.clear()
            self._sessions.clear()
            self._owner = os.getpid()


def _close_if_there(reference: weakref.ref[ZygoteSandbox]) -> None:
    sandbox = reference()
    if sandbox is not None:
        sandbox.close()
