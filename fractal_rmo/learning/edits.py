"""A protocol's version as small edits of the one before: rules added, changed and retired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.domain.priors import Rule

TOLERANCE = 0.1
"""A weight that moved by less than this part of itself stays as it is."""


def edits_between(old: Sequence[Rule], new: Sequence[Rule], origin: JsonObject) -> JsonObject:
    """What turns ``old`` rules into ``new`` ones, and where that came from."""
    before = {rule.slot: rule for rule in old}
    after = {rule.slot: rule for rule in new}
    moved = [r for r in new if r.slot not in before or _moved(before[r.slot], r)]
    gone = [rule for rule in old if rule.slot not in after]
    return {
        "set": [rule.as_json() for rule in moved],
        "retire": [rule.as_json() for rule in gone],
        "origin": origin,
    }


def is_empty(edits: Mapping[str, Json]) -> bool:
    """Whether nothing would change."""
    return not edits.get("set") and not edits.get("retire")


def _moved(old: Rule, new: Rule) -> bool:
    return abs(new.weight - old.weight) > TOLERANCE * old.weight
