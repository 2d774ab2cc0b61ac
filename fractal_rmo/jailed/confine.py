"""What a run takes upon itself last: the files it may still reach, the calls it may still make.

It is the run that does so, not its session: the rule for the writable folder
is for this run's own folder only, and the session must still make folders,
read what its runs hold in memory, and answer the host.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from os import getpid
from pathlib import Path

from fractal_rmo.jailed import landlock, seccomp
from fractal_rmo.jailed.landlock import ABI_SCOPES, ABI_TRUNCATE


class Tier(Enum):
    """How a session isolates its runs; the values are the host's words."""

    DOCKER = "docker"
    NAMESPACES = "namespaces"
    LANDLOCK = "landlock"
    RLIMITS = "rlimits"


@dataclass(frozen=True)
class Confinement:
    """How the runs of one session confine themselves.

    ``own_user``: nothing outside the jail belongs to the run's user.
    ``abi``: the version of Landlock, 0 for none.
    """

    tier: Tier
    visible: Sequence[str] = ()
    own_user: bool = False
    abi: int = 0

    @property
    def exposes_files(self) -> bool:
        """Whether runs of other sessions may be able to read what lies in this one's folder."""
        return self.tier is Tier.RLIMITS

    def check(self) -> Confinement:
        """Itself, if it can be had here; raises ``OSError`` that says what is missing."""
        if self.tier is Tier.LANDLOCK and not self.abi:
            raise OSError(
                "this kernel offers no Landlock; it needs Linux 5.13 or later,"
                " with 'landlock' among its security modules (the boot option lsm=)"
            )
        if self.tier is not Tier.RLIMITS:
            self._program()  # for every fork, and an unknown machine is known before any run
        return self

    def apply(self, box: Path) -> None:
        """Confine this process and all it will start, for good."""
        if self.tier is Tier.RLIMITS:
            return
        if self.tier is not Tier.NAMESPACES and self.abi:
            rules = landlock.handled(self.abi, network=self.tier is Tier.LANDLOCK)
            landlock.restrict(self.visible, str(box), rules)
        seccomp.install(self._program())

    def _program(self) -> bytes:
        if self.tier is Tier.NAMESPACES:
            return _with_own_network(0)
        pid = getpid() if self.abi < ABI_SCOPES else 0
        if self.tier is Tier.DOCKER:
            return _with_own_network(pid)
        return _without_network(self.abi, self.own_user, pid)


def confinement(tier: str, visible: Sequence[str], *, own_user: bool) -> Confinement:
    """What ``tier`` means on this machine."""
    found = Confinement(Tier(tier), visible, own_user)
    if found.tier in (Tier.LANDLOCK, Tier.DOCKER):
        found = replace(found, abi=landlock.version())
    return found.check()


@lru_cache(maxsize=2)
def _with_own_network(pid: int) -> bytes:
    signals = seccomp.own_signals_only(pid) if pid else ()
    return seccomp.assembled(*seccomp.BASE, *seccomp.OWN_NETWORK, *signals)


@lru_cache(maxsize=2)
def _without_network(abi: int, own_user: bool, pid: int) -> bytes:
    rules = seccomp.BASE + seccomp.NO_NETWORK
    rules += seccomp.own_signals_only(pid) if pid else ()
    if not own_user:
        rules += seccomp.SAME_USER
        rules += seccomp.NO_TRUNCATION if abi < ABI_TRUNCATE else ()
    return seccomp.assembled(*rules)
