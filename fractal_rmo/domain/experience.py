"""What a search for a repair leaves to learn from: kinds of edits and counts, no text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.domain.priors import Shape, Symptom

Kind = tuple[str, Shape]
"""An operator, and the shape of the statement that it edits."""


@dataclass(frozen=True, slots=True)
class Trials:
    """Candidates of one kind: how many were judged, and their scores less their priors added up."""

    count: int = 0
    mass: float = 0.0

    def plus(self, other: Trials) -> Trials:
        """Both together."""
        return Trials(self.count + other.count, self.mass + other.mass)


@dataclass(frozen=True)
class Experience:
    """One search, up to the candidate that ended it.

    ``offered`` maps each operator to its share of what could be tried, in 0..1:
    the scores of its edits less their priors, of those of all.  ``mended`` are the
    kinds of the patch's edits, none where there was no patch.
    """

    symptom: Symptom = Symptom.OTHER
    offered: Mapping[str, float] = field(default_factory=dict)
    tried: Mapping[Kind, Trials] = field(default_factory=dict)
    mended: tuple[Kind, ...] = ()

    @property
    def candidates(self) -> int:
        """How many were judged."""
        return sum(trials.count for trials in self.tried.values())

    def then(self, later: Experience) -> Experience:
        """Both slices of one search."""
        tried = dict(self.tried)
        for kind, trials in later.tried.items():
            tried[kind] = tried.get(kind, Trials()).plus(trials)
        return replace(later, offered=self.offered or later.offered, tried=tried)

    def as_json(self) -> JsonObject:
        """For keeping."""
        tried: list[Json] = [
            [operator, shape.value, trials.count, round(trials.mass, 6)]
            for (operator, shape), trials in self.tried.items()
        ]
        return {
            "symptom": self.symptom.value,
            "offered": {name: round(share, 6) for name, share in self.offered.items()},
            "tried": tried,
            "mended": [[operator, shape.value] for operator, shape in self.mended],
        }


NOTHING = Experience()


def tallied(judged: Iterable[tuple[Kind, float]]) -> dict[Kind, Trials]:
    """Candidates, each with its kind and mass, by kind."""
    tried: dict[Kind, Trials] = {}
    for kind, mass in judged:
        tried[kind] = tried.get(kind, Trials()).plus(Trials(1, mass))
    return tried


def read_experience(value: Json) -> Experience | None:
    """What ``as_json`` gave; None for anything else."""
    try:
        found: dict[str, Any] = dict(value)  # type: ignore[arg-type]
        return Experience(
            Symptom(str(found["symptom"])),
            {str(name): float(share) for name, share in dict(found["offered"]).items()},
            {(str(o), Shape(s)): Trials(int(n), float(m)) for o, s, n, m in found["tried"]},
            tuple((str(operator), Shape(shape)) for operator, shape in found["mended"]),
        )
    except (KeyError, TypeError, ValueError):
        return None
