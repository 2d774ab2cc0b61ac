"""The sandbox over zygotes: processes of this machine, or containers."""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

from fractal_rmo.adapters.sandbox import docker
from fractal_rmo.adapters.sandbox.environments import Environment, environment_of
from fractal_rmo.adapters.sandbox.probe import choose
from fractal_rmo.adapters.sandbox.session import ZygoteSession
from fractal_rmo.adapters.sandbox.zygote_process import Zygote, ZygoteKey, ZygoteProcess
from fractal_rmo.domain.run import Runner, Runtime, Tier

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
                self._chosen = choose(self._asked, self._floor, self._image, self.zygote)
                self._end(key for key in self._zygotes if key.tier is not self._chosen)
            return self._chosen

    @contextmanager
    def session(self, python: str = "", stop: Callable[[], bool] | None = None) -> Iterator[Runner]:
        """One task's jails; see the port."""
        environment = environment_of(python, self._pythons)
        session = ZygoteSession(self.tier, self.zygote, environment, stop)
        self._make_room(environment)
        try:
            yield session.run
        finally:
            session.close()
            with self._lock:
                self._sessions[environment] -= 1

    def warm(self, *runtimes: Runtime, python: str = "", hash_seeds: Sequence[int] = (0,)) -> None:
        """Start zygotes without waiting for them."""
        environment, tier = environment_of(python, self._pythons), self._likely_tier()
        for seed in hash_seeds:
            for runtime in runtimes:
                self.zygote(ZygoteKey.of(runtime, tier, environment, seed))

    def _likely_tier(self) -> Tier:
        """What will be chosen here, unless something is wrong: trying it takes its time."""
        if self._chosen or self._asked or docker.may_answer():
            return self.tier
        return Tier.NAMESPACES

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
            self._end(self._zygotes)

    def _end(self, keys: Iterable[ZygoteKey]) -> None:
        zygotes = [self._zygotes.pop(key) for key in list(keys)]
        for zygote in zygotes:
            zygote.hang_up()  # all end side by side
        for zygote in zygotes:
            zygote.close()

    def _make_room(self, environment: Environment) -> None:
        """Count a session, and end the zygotes of environments that nobody uses, but a few."""
        with self._lock:
            self._forget_inherited()
            self._sessions[environment] += 1
            kept = [key.environment for key in self._zygotes if key.environment.foreign]
            idle = [e for e in dict.fromkeys(kept) if not self._sessions[e]]
            for unused in idle[:-_IDLE_ENVIRONMENTS]:
                self._end(key for key in self._zygotes if key.environment == unused)
                del self._sessions[unused]

    def _start(self, key: ZygoteKey) -> Zygote:
        if key.tier is Tier.DOCKER:
            return docker.ContainerZygote(key, self._image)
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
