from __future__ import annotations

from dataclasses import replace

import pytest

from fractal_rmo.editing.edit import Edit
from fractal_rmo.repair import rounds
from fractal_rmo.repair.candidates import Proposal
from fractal_rmo.repair.rounds import is_long_enough, next_round, noted
from fractal_rmo.repair.trail import Trail
from fractal_rmo.repair.ways import Way


def way(name: str, won: str = "", gain: int | None = None) -> Way:
    """One edit for each letter of a name, and the tests, a letter each, that they win."""
    steps = tuple(
        Proposal("a.py", "any", Edit(10 * ord(c), 10 * ord(c) + 1, c, 1, c), 0.5) for c in name
    )
    got = len(won) if gain is None else gain
    return Way(steps, (got, 0), won, won=frozenset(won), seen=f"{won}{name}")


A, B, C = way("a", "1"), way("b", "2"), way("c", "3")
MIXED = way("m", "4", gain=0)
FIRST = noted(Trail(), [(A, 0), (B, 0), (MIXED, 0), (way("q"), 0)])


def test_what_lost_as_much_as_it_won_is_made_with_others_but_not_followed() -> None:
    assert {w.steps[0].edit.text for w in FIRST.won} == {"a", "b", "m"}
    assert {w.steps[0].edit.text for w in FIRST.near} == {"a", "b", "q"}


def test_a_round_of_single_edits_is_longer_where_none_won_a_test() -> None:
    quiet = noted(Trail(), [(way("q"), 0)])
    assert not is_long_enough(Trail(), 10_000)
    assert not is_long_enough(quiet, rounds.ENOUGH)
    assert is_long_enough(quiet, rounds.PATIENCE)
    assert is_long_enough(FIRST, rounds.ENOUGH)


def test_what_won_is_made_together_before_any_of_it_is_followed() -> None:
    trail, kept = next_round(FIRST, 1_500) or (None, [])
    assert trail is not None
    assert kept == [0]
    assert trail.layer == trail.winners == FIRST.won
    assert (trail.begun, trail.ways) == (1_500, FIRST.ways)
    assert not is_long_enough(trail, 10**6)


@pytest.mark.parametrize(
    ("both", "is_kept"),
    [(way("ab", "12"), True), (way("ab", "1"), False), (way("ab", "2"), False)],
)
def test_edits_made_together_are_kept_where_they_beat_each_of_their_parts(
    both: Way, is_kept: bool
) -> None:
    trail, _ = next_round(FIRST, 1_500) or (None, [])
    assert trail is not None
    assert (both in noted(trail, [(both, 0)]).won) is is_kept


def test_after_the_layers_ways_of_one_edit_and_of_several_are_followed() -> None:
    trail, _ = next_round(FIRST, 1_500) or (None, [])
    assert trail is not None
    trail = noted(trail, [(way("ab", "12"), 0)])
    trail, _ = next_round(trail, 1_600) or (None, [])
    assert trail is not None
    assert [len(w.steps) for w in trail.layer] == [2]
    trail, kept = next_round(trail, 1_700) or (None, [])
    assert trail is not None
    assert not trail.layer
    assert kept == [0]
    assert sorted(len(w.steps) for w in trail.ways) == [0, 1, 1, 1, 2]
    assert next_round(trail, 4_000) is None


def test_the_least_promising_ways_make_place() -> None:
    many = tuple(way(c, "x", gain=n) for n, c in enumerate("abcdefghijklmnop"))
    trail, kept = next_round(Trail((Way(), *many), near=(way("z"),)), 9_000) or (None, [])
    assert trail is not None
    assert kept == [0, *range(17 - rounds.OPEN, 17)]
    assert trail.ways[-1] == way("z")


def test_what_wins_more_than_all_that_is_followed_is_followed_soon() -> None:
    followed = Trail((Way(), A), begun=2_000)
    better, alike = way("ad", "123"), way("ae", "12")
    assert not is_long_enough(replace(followed, near=(alike,)), 2_000 + rounds.SOON)
    both = replace(followed, near=(alike, better))
    assert is_long_enough(both, 2_000 + rounds.SOON)
    trail, kept = next_round(both, 2_000 + rounds.SOON) or (None, [])
    assert trail is not None
    assert (trail.ways, trail.near, kept) == ((Way(), A, better), (alike,), [0, 1])
    trail, _ = next_round(both, 2_000 + rounds.MORE) or (None, [])
    assert trail is not None
    assert (set(trail.ways), trail.near) == ({Way(), A, alike, better}, ())


def test_a_further_edit_is_kept_where_it_brings_something() -> None:
    trail = Trail((Way(), A))
    better, same = way("ad", "12"), replace(A, steps=way("ae").steps)
    assert noted(trail, [(better, 1), (same, 1)]).near == (better,)
    assert not noted(trail, [(way("abcdef", "123456"), 1)]).near
