"""The sandbox of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fractal_rmo.config.load import settings
from fractal_rmo.domain.run import Tier
from fractal_rmo.ports.sandbox import Sandbox

if TYPE_CHECKING:
    from fractal_rmo.adapters.sandbox import ZygoteSandbox


def make_sandbox() -> ZygoteSandbox:
    """Of the tier that is set, else the strongest; production has a floor."""
    from fractal_rmo.adapters.sandbox import ZygoteSandbox

    wanted = settings().sandbox
    production = settings().system.environment == "production"
    named = [path for path in wanted.pythons.split(":") if path]
    return ZygoteSandbox(
        Tier(wanted.tier) if wanted.tier else None,
        floor=Tier.LANDLOCK if production else Tier.RLIMITS,
        image=wanted.image,
        pythons=named if production or named else None,
    )


@contextmanager
def sandbox() -> Iterator[Sandbox]:
    """The sandbox of this machine, closed afterwards."""
    jail = make_sandbox()
    try:
        yield jail
    finally:
        jail.close()


def sandbox_tiers() -> dict[str, str]:
    """Each tier, with "" where it works here and else the reason."""
    from fractal_rmo.adapters.sandbox.probe import probe

    return {tier.value: trouble for tier, trouble in probe(settings().sandbox.image).items()}
