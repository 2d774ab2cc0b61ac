"""What one call has tried, kept for learning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fractal_rmo.domain.experience import Experience, Kind, tallied
from fractal_rmo.domain.priors import Symptom
from fractal_rmo.repair.candidates import Proposal, offered
from fractal_rmo.repair.ways import Way

_PLAIN = Way()


@dataclass
class Diary:
    """The kind and the mass of every candidate, in the order of their trial."""

    symptom: Symptom
    judged: list[tuple[Kind, float]] = field(default_factory=list)
    offered: Mapping[str, float] = field(default_factory=dict)

    def offers(self, way: Way, proposals: Sequence[Proposal]) -> None:
        """Note what can be tried on the code as it is; what may follow an edit is not told."""
        if not way.steps:
            self.offered = offered(proposals)

    def note(self, way: Way) -> None:
        """A candidate is tried; of several edits the last one is new."""
        last = way.steps[-1]
        self.judged.append(((last.operator, last.shape), last.mass))

    def until(self, tried: int, way: Way = _PLAIN) -> Experience:
        """The experience of as many candidates as were tried until ``way`` was found."""
        mended = tuple((step.operator, step.shape) for step in way.steps)
        return Experience(self.symptom, self.offered, tallied(self.judged[:tried]), mended)
