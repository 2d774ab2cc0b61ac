"""Finding the strongest tier that works here, by opening a jail and running in it."""

from __future__ import annotations

from collections.abc import Mapping

from fractal_rmo.adapters.sandbox.session import ZygoteSession
from fractal_rmo.adapters.sandbox.zygote_process import CannotStartError, ZygoteKey, ZygoteProcess
from fractal_rmo.domain.run import RunEnding, RunRequest, Runtime, Tier

BUILT_TIERS = (Tier.NAMESPACES, Tier.LANDLOCK, Tier.RLIMITS)
"""Strongest first.  A tier that is not listed is not built yet and is never chosen."""


def strongest_tier() -> Tier:
    """The first built tier that works; the weakest when none does, where runs say so themselves."""
    return next((tier for tier in BUILT_TIERS if not why_not(tier)), BUILT_TIERS[-1])


def probe() -> Mapping[Tier, str]:
    """For each built tier "" when it works here, else one sentence on why it does not."""
    return {tier: why_not(tier) for tier in BUILT_TIERS}


def why_not(tier: Tier) -> str:
    """Start a thin zygote, run an empty set of tests in a jail of ``tier``, and end it again."""
    if tier not in BUILT_TIERS:
        return f"The tier '{tier}' is not built."
    try:
        zygote = ZygoteProcess(ZygoteKey(Runtime.THIN, tier))
    except CannotStartError as error:
        return str(error)
    session = ZygoteSession(tier, lambda _: zygote)
    try:
        result = session.run(RunRequest(Runtime.THIN, "unit_tests", {}, {"tests": [], "code": []}))
    finally:
        session.close()
        zygote.close()
    return "" if result.ending is RunEnding.COMPLETED else result.detail
