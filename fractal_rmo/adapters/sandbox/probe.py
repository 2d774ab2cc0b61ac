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

TIERS = (Tier.DOCKER, Tier.NAMESPACES, Tier.LANDLOCK, Tier.RLIMITS)
"""Strongest first."""
_TRIAL_S = 10.0
"""How long a container may take to be ready when it is only tried."""


Start = Callable[[ZygoteKey], Zygote]
"""Gives a living zygote, which its owner closes; raises ``CannotStartError``."""


def choose(asked: Tier | None, floor: Tier, image: str, start: Start | None = None) -> Tier:
    """The tier to use: the one asked for, else the strongest that works.

    What is not known yet is tried with zygotes of ``start``, if that is given.
    Raises ``SandboxUnavailableError`` (FR401) when that is below ``floor``,
    or when the tier asked for does not work here.
    """
    allowed = TIERS[: TIERS.index(floor) + 1]
    if asked is not None and asked not in allowed:
        raise _unavailable(f"The tier '{asked}' is below '{floor}', which is the least allowed.")
    candidates = allowed if asked is None else (asked,)
    trouble = {}
    for tier in candidates:
        if not (why := _trouble(tier, image, start)):
            return tier
        trouble[tier] = why
    raise _unavailable(" ".join(f"{tier}: {why}" for tier, why in trouble.items()))


def _unavailable(detail: str) -> SandboxUnavailableError:
    return SandboxUnavailableError(ErrorCode.SANDBOX_UNAVAILABLE, detail)


def probe(image: str = "") -> Mapping[Tier, str]:
    """For each tier "" when it works here, else one sentence on why it does not."""
    return {tier: known_trouble(tier, image) for tier in TIERS}


_known: dict[tuple[Tier, str], str] = {}


def known_trouble(tier: Tier, image: str = "") -> str:
    """What ``why_not`` said when this process first asked."""
    return _trouble(tier, image, None)


def forget() -> None:
    """Ask anew from now on."""
    _known.clear()


def _trouble(tier: Tier, image: str, start: Start | None) -> str:
    if (tier, image) not in _known:
        _known[tier, image] = why_not(tier, image, start)
    return _known[tier, image]


def why_not(tier: Tier, image: str = "", start: Start | None = None) -> str:
    """Run an empty set of tests in a jail of ``tier``; "" when it works.

    In a zygote of ``start``, else in one of its own, as always in a container.
    """
    if tier is Tier.DOCKER and (why := docker.why_no_engine(image)):
        return why
    key = ZygoteKey(Runtime.THIN, tier)
    try:
        if start and tier is not Tier.DOCKER:
            return _tried(tier, start(key))
        zygote: Zygote = (
            docker.ContainerZygote(key, image, _TRIAL_S)
            if tier is Tier.DOCKER
            else ZygoteProcess(key)
        )
    except CannotStartError as error:
        return str(error)
    try:
        return _tried(tier, zygote)
    finally:
        zygote.close()


def _tried(tier: Tier, zygote: Zygote) -> str:
    session = ZygoteSession(tier, lambda _: zygote)
    try:
        result = session.run(RunRequest(Runtime.THIN, "unit_tests", {}, {"tests": [], "code": []}))
    finally:
        session.close()
    return "" if result.ending is RunEnding.COMPLETED else result.detail
