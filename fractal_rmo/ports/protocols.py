"""Versions of the rules that agents work by, and their experiments, as the services see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.protocol import (
    Experiment,
    ProtocolRow,
    ProtocolVersion,
    Status,
    StoredFix,
)


class ProtocolStore(Protocol):
    """Versions are inserted, never changed; only what became of them is."""

    def current(self, name: str) -> ProtocolVersion | None:
        """The version in force, or None when none is installed."""

    def install(self, protocol: ProtocolVersion) -> bool:
        """Put a version in force and tell it as PROTOCOL_UPDATE; False when it is known already."""

    def lineage(self, name: str, version: int) -> Sequence[ProtocolVersion]:
        """A version and those it was made from, oldest first; empty when it is unknown."""

    def rows(self, name: str) -> Sequence[ProtocolRow]:
        """All versions, newest first, with the looks at their experiments."""

    def roll_back(self, name: str) -> ProtocolVersion | None:
        """Put the version before the one in force in its place, and end experiments with it.

        Returns what is in force now; None, and nothing changed, where there is none before.
        """


class ExperimentStore(Protocol):
    """Candidates, and what replays say of them."""

    def propose(self, candidate: ProtocolVersion, control: int, learned_from: int) -> bool:
        """Insert a candidate and its experiment; False when the version exists already."""

    def open(self) -> Sequence[Experiment]:
        """Experiments that go on, oldest first."""

    def last(self, name: str) -> Experiment | None:
        """The newest experiment, ended or not."""

    def take(self, experiment: Experiment) -> StoredFix | None:
        """The next held-out task that this experiment has not replayed; its contents count once.

        A task that was taken and not judged is given again after ten minutes.
        """

    def judged(
        self, experiment: Experiment, task_id: str, efforts: tuple[int, int], difference: float
    ) -> None:
        """Keep the candidates tried under control and candidate, and their difference."""

    def differences(self, experiment: Experiment) -> Sequence[float]:
        """Those of the present phase."""

    def looked(self, experiment: Experiment, figures: JsonObject) -> None:
        """Keep a look; one that saw no more tasks than the last is none."""

    def end(self, experiment: Experiment, becomes: Status) -> bool:
        """Decide: ACTIVE goes on as a watch, REJECTED and RETIRED end it, ROLLED_BACK undoes it.

        In one transaction, with PROTOCOL_UPDATE where what is in force changes.  False, and
        nothing changed, when it was decided already.
        """
