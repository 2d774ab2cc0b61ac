"""When a worker counts as deaf; a decision only, performed by the worker."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """A worker at one moment.

    ``turns`` counts the rounds of its event loop, ``taken`` the messages it
    took, ``free`` says whether it could take another one, ``waiting`` how many
    wait in its queues, None when the broker did not answer.
    """

    turns: int
    taken: int
    free: bool
    waiting: int | None


class Deafness:
    """Judges looks in their order: ``patience`` bad ones in a row make a worker deaf.

    Looks are counted, not seconds: a process that was stopped for an hour has
    made none of them.
    """

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._bad = 0
        self._last: Look | None = None

    def judge(self, now: Look) -> bool:
        """Whether the worker is deaf: a second start is the only remedy.

        While the broker is away nobody can hear it, and reconnecting has its
        own patience.
        """
        last, self._last = self._last, now
        if last is None or now.waiting is None or _hears(last, now):
            self._bad = 0
        else:
            self._bad += 1
        return self._bad >= self._patience


def _hears(last: Look, now: Look) -> bool:
    """Its loop turns, and it took something, or had no reason or no room to."""
    if now.turns == last.turns:
        return False
    return now.taken != last.taken or not now.free or not now.waiting
