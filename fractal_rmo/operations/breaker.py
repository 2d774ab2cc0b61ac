"""The circuit breaker of one endpoint, as a value.

Closed, it counts failures in a row; five open it; after a minute it is half
open: one probe goes through, whose ending closes it or opens it anew.  As in
M. Nygard, *Release It!* (2007), with the specification's numbers; a success
resets the count, which the specification's sketch forgets.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

FAILURES = 5
REST_S = 60.0


class Circuit(StrEnum):
    """What a breaker lets through: everything, nothing, one probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


@dataclass(frozen=True, slots=True)
class Breaker:
    """``failures`` in a row; ``opened_at`` is None while closed; ``probe`` is a lease's id."""

    failures: int = 0
    opened_at: float | None = None
    probe: str = ""

    def circuit(self, now: float) -> Circuit:
        """Its state at ``now``, in seconds of the same clock as ``opened_at``."""
        if self.opened_at is None:
            return Circuit.CLOSED
        return Circuit.OPEN if now - self.opened_at < REST_S else Circuit.HALF_OPEN

    def rests_s(self, now: float) -> float:
        """Seconds until a probe may go through; 0 where one may already."""
        return 0.0 if self.opened_at is None else max(self.opened_at + REST_S - now, 0.0)

    def probed_by(self, lease: str) -> Breaker:
        """The same while this call probes it."""
        return replace(self, probe=lease)

    def after(self, *, succeeded: bool, now: float) -> Breaker:
        """What a call's ending makes of it."""
        if succeeded:
            return Breaker()
        failures = self.failures + 1
        opens = self.opened_at is not None or failures >= FAILURES
        return Breaker(failures, now if opens else None)
