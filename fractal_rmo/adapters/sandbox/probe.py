"""Finding the strongest tier that works here, by opening a jail and running in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fractal_rmo.adapters.sandbox import docker
from fractal_rmo.adapters.sandbox.session import ZygoteSession
from fractal_rmo.adapters.sandbox.zygote_process import (
    CannotStartError,
    Zygote,
    ZygoteKey,
    ZygoteProcess,
)
from fractal_rmo.domain.errors import ErrorCode, SandboxUnavailableError
from fractal_rmo.domain.run import RunEnding, RunRequest, Runtime, Tier

Keep = Callable[[ZygoteKey, Zygote], None]
"""Takes the zygote that was tried and works, which is then not ended."""
TIERS = (Tier.DOCKER, Tier.NAMESPACES, Tier.LANDLOCK, Tier.RLIMITS)
"""Strongest first."""
_TRIAL_S = 10.0
"""How long a container may take to be ready when it is only tried."""


def choose(asked: Tier | None, floor: Tier, image: str, keep: Keep | None = None) -> Tier:
    """The tier to use: the one asked for, else the strongest that works.

    A zygote that had to be started to know that is handed to ``keep``.
    Raises ``SandboxUnavailableError`` (FR401) when that is below ``floor``,
    or when the tier asked for does not work here.
    """
    allowed = TIERS[: TIERS.index(floor) + 1]
    if asked is not None and asked not in allowed:
        raise _unavailable(f"The tier '{asked}' is below '{floor}', which is the least allowed.")
    candidates = allowed if asked is None else (asked,)
    trouble = {}
    for tier in candidates:
        if not (why := known_trouble(tier, image, keep)):
            return tier
        trouble[tier] = why
    raise _unavailable(" ".join(f"{tier}: {why}" for tier, why in trouble.items()))


def _unavailable(detail: str) -> SandboxUnavailableError:
    return SandboxUnavailableError(ErrorCode.SANDBOX_UNAVAILABLE, detail)


def probe(image: str = "") -> Mapping[Tier, str]:
    """For each tier "" when it works here, else one sentence on why it does not."""
    return {tier: known_trouble(tier, image) for tier in TIERS}


class _Known:
    """What ``why_not`` said when this process first asked."""

    def __init__(self) -> None:
        self._said: dict[tuple[Tier, str], str] = {}

    def __call__(self, tier: Tier, image: str = "", keep: Keep | None = None) -> str:
        if (tier, image) not in self._said:
            self._said[tier, image] = why_not(tier, image, keep)
        return self._said[tier, image]

    def cache_clear(self) -> None:
        """Ask anew from now on."""
        self._said.clear()


known_trouble = _Known()


def why_not(tier: Tier, image: str = "", keep: Keep | None = None) -> str:
    """Start a thin zygote and run an empty set of tests in a jail of ``tier``.

    The zygote is ended again, but for one of this machine that works and that somebody keeps.
    """
    if tier is Tier.DOCKER and (why := docker.why_no_engine(image)):
        return why
    key = ZygoteKey(Runtime.THIN, tier)
    try:
        zygote: Zygote = (
            docker.ContainerZygote(key, image, _TRIAL_S)
            if tier is Tier.DOCKER
            else ZygoteProcess(key)
        )
    except CannotStartError as error:
        return str(error)
    session = ZygoteSession(tier, lambda _: zygote)
    result = None
    try:
        result = session.run(RunRequest(Runtime.THIN, "unit_tests", {}, {"tests": [], "code": []}))
    finally:
        session.close()
        works = result is not None and result.ending is RunEnding.COMPLETED
        if works and keep is not None and tier is not Tier.DOCKER:
            keep(key, zygote)
        else:
            zygote.close()
    return "" if works else result.detail
