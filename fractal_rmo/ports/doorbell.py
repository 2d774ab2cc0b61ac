"""The broker, as the services see it: a doorbell, never the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fractal_rmo.domain.step import StepRef


class Doorbell(Protocol):
    """Publishes after commit.  A bell that does not ring delays work; it loses none."""

    def ring_round(self, steps: Sequence[StepRef]) -> None:
        """Publish a whole round as one canvas: chord(analyzers -> merge) | execute | validate."""

    def ring(self, step: StepRef) -> None:
        """Publish a single step."""
