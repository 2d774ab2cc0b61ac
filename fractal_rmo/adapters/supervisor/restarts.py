"""When a process that died is started again; a decision only, performed by the supervisor."""

from __future__ import annotations

from collections.abc import Sequence

#: So many deaths within the window mean a fault that another start will not mend.
DEATHS_TO_GIVE_UP = 5
WINDOW_SECONDS = 30.0

_FIRST_DELAY_SECONDS = 0.5
_LONGEST_DELAY_SECONDS = 10.0


def recent(deaths: Sequence[float], now: float) -> int:
    """Count the deaths within the window that ends ``now`` (seconds of one clock)."""
    return sum(1 for moment in deaths if now - moment <= WINDOW_SECONDS)


def delay_seconds(deaths: Sequence[float], now: float) -> float | None:
    """Return how long to wait before the next start; None means: leave it down.

    0.5 s after the first death of the window, doubling with each further one
    up to 10 s.
    """
    count = recent(deaths, now)
    if count >= DEATHS_TO_GIVE_UP:
        return None
    doubled = _FIRST_DELAY_SECONDS * 2.0 ** max(0, count - 1)
    return min(doubled, _LONGEST_DELAY_SECONDS)
