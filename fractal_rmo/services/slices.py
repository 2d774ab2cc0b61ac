"""Where the last slice of a repair search ended."""

from __future__ import annotations

from collections.abc import Mapping

from fractal_rmo.domain.priors import Priors
from fractal_rmo.domain.step import Claim, Stage
from fractal_rmo.repair.shipped import SHIPPED_PRIORS
from fractal_rmo.repair.trail import BEGINNING, Trail, read_trail
from fractal_rmo.services.known import priors_of
from fractal_rmo.services.performed import Turn
from fractal_rmo.services.tools import Tools


def last_slice(claim: Claim, tools: Tools) -> tuple[int, Trail, Priors]:
    """Position, trail and priors of a search: where it goes on, or the beginning.

    It keeps the priors that it began with, since a position is one in their order.
    """
    slices = claim.slices(Stage.EXECUTE)
    if not slices or slices[-1].get("status") in tuple(Turn):
        return 0, BEGINNING, tools.known.priors()
    last = slices[-1]
    position = last.get("position", 0)
    return (
        position if isinstance(position, int) else 0,
        read_trail(last.get("trail")),
        _begun_with(last, tools),
    )


def best_so_far(claim: Claim) -> str:
    """What the last slice of a search says of the best way that it found; "" for none."""
    slices = claim.slices(Stage.EXECUTE)
    said = slices[-1].get("partly") if slices else ""
    return said if isinstance(said, str) else ""


def _begun_with(last: Mapping[str, object], tools: Tools) -> Priors:
    named, now = last.get("protocol"), tools.known.priors()
    if not isinstance(named, Mapping):  # begun by an older version of the program
        return SHIPPED_PRIORS
    if named == now.named:
        return now
    return priors_of(tools.protocols, str(named["name"]), int(named["version"]))
