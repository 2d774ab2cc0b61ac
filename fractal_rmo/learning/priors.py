"""From searches to priors: how often a candidate of each kind mends, shrunk towards what was held.

A fix is an event among candidates that were tried, so its rate is events over
exposure, and the estimate is that of the Gamma-Poisson model (Gelman et al., "Bayesian
Data Analysis", section 2.6): ``(mended + STRENGTH) / (mass + STRENGTH / held)``.  It
is made for each operator, then for the shapes of statements that it edits, then for
symptoms, each shrunk towards the one before: what has few records moves little.

What is held of an operator before: the shipped number, halfway (the geometric
mean) between being the chance of the operator and that of each of its candidates.
The first reading divides it by how many candidates the operator offers, which
only experience tells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

from fractal_rmo.domain.experience import Experience, Kind
from fractal_rmo.domain.priors import Rule, Slot, Symptom

STRENGTH = 8.0
"""Fixes that what was held before counts as."""
SUBMITTERS = 2
"""From whom fixes must come, at least, to be believed."""


@dataclass(frozen=True, slots=True)
class Record:
    """One search, and who or what it counts for: its submitter, or its content's digest."""

    experience: Experience
    source: str


@dataclass
class _Evidence:
    """What was seen of one slot."""

    mass: float = 0.0
    tried: int = 0
    mended: int = 0
    sources: set[str] = field(default_factory=set)
    menders: set[str] = field(default_factory=set)

    @property
    def is_enough(self) -> bool:
        """No single submitter carries it, neither its fixes nor its failures."""
        carried = 0 < len(self.menders) < SUBMITTERS
        return len(self.sources) >= SUBMITTERS and not carried

    def rate(self, held: float) -> float:
        """Fixes for each unit of mass."""
        return (self.mended + STRENGTH) / (self.mass + STRENGTH / held)


def learned(records: Sequence[Record], shipped: Mapping[str, float]) -> list[Rule]:
    """A rule for each slot that the records tell something of, weights scaled to at most 1.

    A search that mended nothing says nothing of the order in which to try, and
    counts for nothing.
    """
    fixes = [record for record in records if record.experience.mended]
    if not fixes:
        return []
    # an operator of another version of the program is not known here
    seen = {slot: found for slot, found in _evidence(fixes).items() if slot[0] in shipped}
    rates: dict[Slot, float] = {(name, None, None): r for name, r in _held(fixes, shipped).items()}
    for slot in sorted(seen, key=_order):
        held = rates[_parent(slot)] if slot[1] else rates[slot]
        rates[slot] = seen[slot].rate(held) if seen[slot].is_enough else held
    most = max(rates.values())
    told = [slot for slot in sorted(rates, key=_order) if not slot[1] or seen[slot].is_enough]
    return [_rule(slot, rates[slot] / most, seen.get(slot, _Evidence())) for slot in told]


def _rule(slot: Slot, weight: float, seen: _Evidence) -> Rule:
    operator, shape, symptom = slot
    return Rule(
        operator=operator,
        weight=max(float(f"{weight:.4g}"), 1e-9),
        shape=shape,
        symptom=symptom,
        mended=seen.mended,
        tried=seen.tried,
        submitters=len(seen.sources),
    )


def _evidence(fixes: Sequence[Record]) -> dict[Slot, _Evidence]:
    found: dict[Slot, _Evidence] = defaultdict(_Evidence)
    for record in fixes:
        experience = record.experience
        for kind, trials in experience.tried.items():
            for slot in _slots(kind, experience.symptom):
                found[slot].mass += trials.mass
                found[slot].tried += trials.count
                found[slot].sources.add(record.source)
        for kind in experience.mended:
            for slot in _slots(kind, experience.symptom):
                found[slot].mended += 1
                found[slot].menders.add(record.source)
    return dict(found)


def _held(fixes: Sequence[Record], shipped: Mapping[str, float]) -> dict[str, float]:
    """The rate of each operator before its fixes are looked at; over all, as many as there are.

    What an operator offers is shrunk as well: towards all offering alike.
    """
    shares = dict.fromkeys(shipped, STRENGTH / len(shipped))
    for fix in fixes:
        for name, share in fix.experience.offered.items():
            shares[name] = shares.get(name, 0.0) + share
    held = {name: prior / sqrt(shares[name]) for name, prior in shipped.items()}
    tried = [item for fix in fixes for item in fix.experience.tried.items()]
    expected = sum(trials.mass * held.get(name, 0.0) for (name, _), trials in tried)
    mended = sum(len(fix.experience.mended) for fix in fixes)
    scale = mended / expected if expected else 1.0
    return {name: rate * scale for name, rate in held.items()}


def _slots(kind: Kind, symptom: Symptom) -> Iterator[Slot]:
    """From the widest to the narrowest."""
    operator, shape = kind
    yield operator, None, None
    yield operator, shape, None
    yield operator, shape, symptom


def _parent(slot: Slot) -> Slot:
    operator, shape, symptom = slot
    return (operator, shape, None) if symptom else (operator, None, None)


def _order(slot: Slot) -> tuple[bool, bool, str, str, str]:
    """Wider slots first, then by their words."""
    operator, shape, symptom = slot
    return shape is not None, symptom is not None, operator, shape or "", symptom or ""
