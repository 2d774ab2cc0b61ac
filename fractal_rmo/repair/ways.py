"""Ways through the edits: none, one or several of them, and how far each came.

A program with several faults is mended step by step: what one edit brings
without breaking anything is kept, and the search goes on from there (a beam
search; Le Goues et al., "GenProg", TSE 2012, keep a population for the same reason).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.repair.candidates import Proposal

NEARER = 4.0
"""What all the way of one test's value to the right one adds to a merit, in merits."""

Gain = tuple[int, int]
"""Tests that pass more than before, and tests that get further less those that fall back."""


@dataclass(frozen=True)
class Way:
    """Edits in order, each made in what those before it left, and what they gained."""

    steps: tuple[Proposal, ...] = ()
    gain: Gain = (0, 0)
    key: str = ""
    """Names what the tests said: equal for ways that came equally far."""
    nearer: float = 0.0
    """How much nearer the values of tests that still fail in the same line came, added up.

    At most 1 for each: what lies between failing and passing."""
    seen: str = ""
    """Names all that the tests saw: equal for ways that behave alike, as far as tests tell."""
    won: frozenset[str] = frozenset()
    """Tests that failed and pass now, whatever was lost."""
    tried: int = 0
    """Of the edits that may follow, as many as were tried: the likeliest."""
    known: int = 0
    """Of the trail's known edits, as many as counted when those that may follow were ranked."""

    @property
    def score(self) -> float:
        """The product of the scores of its edits, in 0..1."""
        return prod(step.score for step in self.steps)

    @property
    def merit(self) -> float:
        """The score, halved for each edit that only deletes.

        Deleting what a test happens not to check is the commonest overfit (Qi et
        al., "An Analysis of Patch Plausibility and Correctness", ISSTA 2015).
        """
        return self.score * prod(0.5 if step.edit.deletes else 1.0 for step in self.steps)

    @property
    def is_mixed(self) -> bool:
        """Whether it lost as many tests as it won."""
        return bool(self.won) and self.gain[0] <= 0

    @property
    def likelihood(self) -> float:
        """By what ways that gained the same are weighed: merit, and values that came nearer.

        Not these alone: the half of a repair need not come nearer, and what comes nearer by
        chance is no half of it.
        """
        return self.merit * (1 + NEARER * max(0.0, self.nearer))

    @property
    def promise(self) -> float:
        """By what edits that follow are weighed: the merit of an edit, and how many tests are won.

        The mean of the merits, since a way of several edits has won its tests by each.
        """
        passed, further = self.gain
        typical: float = self.merit ** (1 / max(1, len(self.steps)))
        return typical * max(0.25, 1 + passed + further / 2 + self.nearer)

    def tree(self, code: SourceTree) -> SourceTree:
        """The code with all edits made."""
        for step in self.steps:
            code = code.replace(step.path, step.edit.apply(code.files[step.path]))
        return code

    def and_then(self, step: Proposal) -> Way:
        """The way with one edit more."""
        return Way((*self.steps, step))

    def says(self) -> str:
        """All its edits in words, from the top to the bottom; the files where there are several."""
        if len(self.steps) < 2:
            return "".join(step.edit.description for step in self.steps)
        several = len({step.path for step in self.steps}) > 1
        ordered = sorted(self.steps, key=lambda step: (step.path, step.edit.line))
        where = (
            f"{s.path} line {s.edit.line}" if several else f"line {s.edit.line}" for s in ordered
        )
        return "; ".join(f"{w}: {s.edit.description}" for w, s in zip(where, ordered, strict=True))

    def repeats(self, step: Proposal) -> bool:
        """Whether an edit takes back or replaces what the last one put in.

        Those are single edits in other words; one around it that keeps it is none.
        """
        last = self.steps[-1] if self.steps else None
        if last is None or last.path != step.path:
            return False
        start, end = last.edit.start, last.edit.start + len(last.edit.text)
        apart = step.edit.end <= start or step.edit.start >= end
        keeps = (
            step.edit.start <= start and end <= step.edit.end and last.edit.text in step.edit.text
        )
        return not apart and not keeps
