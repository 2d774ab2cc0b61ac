"""Which endpoint takes the next call: the least loaded of those that may.

Load is what the calls under way are estimated to weigh, in tokens, divided by
the endpoint's weight.  A call holds its share by a lease that ends by itself
when nobody renews it, so that a process which dies gives back what it held.
Everything is a value: two stores keep it, and neither decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from fractal_rmo.domain.model import Endpoint
from fractal_rmo.operations.breaker import Breaker, Circuit

LEASE_S = 30.0
"""Longer than a living call waits before it renews, by far."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A call under way: where, how heavy in tokens, and until when it counts."""

    endpoint: str
    load: float
    until: float


@dataclass(frozen=True, slots=True)
class Board:
    """All calls under way by their lease's id, and the breakers by their endpoint's name."""

    leases: Mapping[str, Lease] = field(default_factory=dict)
    breakers: Mapping[str, Breaker] = field(default_factory=dict)

    def breaker(self, endpoint: str) -> Breaker:
        """The endpoint's breaker; one that was never heard of is closed."""
        return self.breakers.get(endpoint, Breaker())

    def alive(self, now: float) -> Board:
        """Without the leases that ran out."""
        kept = {name: lease for name, lease in self.leases.items() if lease.until > now}
        return replace(self, leases=kept)


@dataclass(frozen=True, slots=True)
class Chosen:
    """``endpoint`` is "" where none may take the call.

    Then ``full`` says that one is only busy, and ``rests_s`` when the first may be tried again.
    """

    endpoint: str = ""
    full: bool = False
    rests_s: float = 0.0


def take(
    board: Board, offered: Sequence[Endpoint], load: float, lease: str, now: float, until: float
) -> tuple[Board, Chosen]:
    """Give the call to one of ``offered``, the first of equals; its lease ends at ``until``."""
    board = board.alive(now)
    open_to = [each for each in offered if _admits(board, each.name, now)]
    free = [each for each in open_to if not _is_full(board, each)]
    if not free:
        rests = [board.breaker(each.name).rests_s(now) for each in offered]
        return board, Chosen(full=bool(open_to), rests_s=min(rests, default=0.0))
    best = min(free, key=lambda each: (_load(board, each.name) + load) / each.weight)
    breaker = board.breaker(best.name)
    if breaker.circuit(now) is Circuit.HALF_OPEN:
        board = _with(board, best.name, breaker.probed_by(lease))
    leases = {**board.leases, lease: Lease(best.name, load, until)}
    return replace(board, leases=leases), Chosen(best.name)


def renew(board: Board, lease: str, now: float, until: float) -> Board:
    """The call lives; a lease that ran out meanwhile is not given again."""
    board = board.alive(now)
    held = board.leases.get(lease)
    if held is None:
        return board
    return replace(board, leases={**board.leases, lease: replace(held, until=until)})


def release(
    board: Board, lease: str, endpoint: str, *, succeeded: bool | None, now: float
) -> Board:
    """The call has ended; None where its ending says nothing of the endpoint."""
    board = board.alive(now)
    leases = {name: kept for name, kept in board.leases.items() if name != lease}
    board = replace(board, leases=leases)
    if succeeded is None:
        return board
    return _with(board, endpoint, board.breaker(endpoint).after(succeeded=succeeded, now=now))


def _admits(board: Board, name: str, now: float) -> bool:
    breaker = board.breaker(name)
    circuit = breaker.circuit(now)
    if circuit is Circuit.HALF_OPEN:
        return breaker.probe not in board.leases  # one probe; a dead one's lease ran out
    return circuit is Circuit.CLOSED


def _is_full(board: Board, endpoint: Endpoint) -> bool:
    calls = sum(lease.endpoint == endpoint.name for lease in board.leases.values())
    return 0 < endpoint.max_calls <= calls


def _load(board: Board, name: str) -> float:
    return sum(lease.load for lease in board.leases.values() if lease.endpoint == name)


def _with(board: Board, name: str, breaker: Breaker) -> Board:
    breakers = {**board.breakers, name: breaker}
    if breaker == Breaker():
        del breakers[name]
    return replace(board, breakers=breakers)
