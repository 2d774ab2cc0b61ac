from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fractal_rmo.domain.model import Endpoint, ModelProvider
from fractal_rmo.operations.balance import Board, Chosen, release, renew, take
from fractal_rmo.operations.breaker import FAILURES, REST_S

LEASE_S = 15.0
A, B, C = (Endpoint(name, ModelProvider.OPENAI) for name in "abc")


def taken(board: Board, lease: str, *offered: Endpoint, load: float = 1, now: float = 0) -> Board:
    return take(board, offered, load, lease, now, now + LEASE_S)[0]


def choice(board: Board, *offered: Endpoint, load: float = 1, now: float = 0) -> Chosen:
    return take(board, offered, load, "next", now, now + LEASE_S)[1]


def opened(board: Board, endpoint: Endpoint, now: float) -> Board:
    for _ in range(FAILURES):
        board = release(board, "", endpoint.name, succeeded=False, now=now)
    return board


def test_the_least_loaded_takes_the_call() -> None:
    board = taken(taken(Board(), "one", A, load=100), "two", B, load=10)
    assert choice(board, A, B).endpoint == "b"
    assert choice(board, A, B, C).endpoint == "c"


def test_load_is_in_proportion_to_weight() -> None:
    board, wide = Board(), replace(A, weight=3.0)
    for number in range(40):
        board = taken(board, str(number), wide, B)
    assert Counter(lease.endpoint for lease in board.leases.values()) == {"a": 30, "b": 10}


def test_a_lease_ends_by_itself_unless_it_is_renewed() -> None:
    board = taken(taken(Board(), "dead", A, load=100), "living", B, load=50)
    board = renew(board, "living", 10, 10 + LEASE_S)
    assert set(board.alive(20).leases) == {"living"}
    assert choice(board, A, B, now=20).endpoint == "a"
    assert renew(board.alive(30), "living", 30, 45).leases == {}


def test_a_full_endpoint_takes_no_more() -> None:
    narrow = replace(A, max_calls=1)
    board = taken(Board(), "one", narrow)
    assert choice(board, narrow) == Chosen(full=True)
    assert choice(board, narrow, B, load=1000).endpoint == "b"
    assert choice(release(board, "one", "a", succeeded=True, now=1), narrow).endpoint == "a"


def test_an_open_endpoint_is_passed_over() -> None:
    board = opened(Board(), A, 0)
    assert choice(board, A, B, now=1).endpoint == "b"
    assert choice(board, A, now=1) == Chosen(rests_s=REST_S - 1)


def test_one_probe_goes_through_at_a_time() -> None:
    board = taken(opened(Board(), A, 0), "probe", A, now=REST_S)
    assert choice(board, A, now=REST_S + 1).endpoint == ""
    assert choice(board, A, now=REST_S + LEASE_S + 1).endpoint == "a"  # the prober died
    ended = release(board, "probe", "a", succeeded=True, now=REST_S + 2)
    assert ended.breakers == {}
    undecided = release(board, "probe", "a", succeeded=None, now=REST_S + 2)
    assert choice(undecided, A, now=REST_S + 2).endpoint == "a"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 9)), max_size=60))
def test_what_is_taken_is_given_back(steps: list[tuple[str, bool, int]]) -> None:
    """Whatever the order, no lease is left when all calls have ended or run out."""
    board, now, held = Board(), 0.0, list[tuple[str, str]]()
    for number, (name, succeeded, wait) in enumerate(steps):
        now += wait
        board, chosen = take(board, (A, B, C), 1, str(number), now, now + LEASE_S)
        if chosen.endpoint:
            held.append((str(number), chosen.endpoint))
        if held and name == "a":
            lease, endpoint = held.pop()
            board = release(board, lease, endpoint, succeeded=succeeded, now=now)
        assert set(board.leases) <= {lease for lease, _ in held}
    assert board.alive(now + LEASE_S).leases == {}
