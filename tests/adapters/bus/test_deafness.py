"""When a worker that takes nothing counts as deaf, and when it has a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fractal_rmo.adapters.bus.deafness import Deafness, Look

IDLE = Look(turns=1, taken=7, free=True, waiting=0)
DEAF = [replace(IDLE, turns=turns, waiting=3) for turns in range(2, 6)]
"""Its loop turns and there is work, which it does not take."""
WEDGED = [IDLE] * 4
"""Its loop does not turn."""


def judged(*looks: Look) -> list[bool]:
    deafness = Deafness(3)
    return [deafness.judge(look) for look in looks]


@pytest.mark.parametrize("looks", [DEAF, WEDGED], ids=["deaf", "wedged"])
def test_three_bad_looks_in_a_row_make_it_deaf(looks: list[Look]) -> None:
    assert judged(IDLE, *looks)[:4] == [False, False, False, True]


@pytest.mark.parametrize(
    "reason",
    [
        replace(DEAF[2], waiting=0),
        replace(DEAF[2], waiting=None),
        replace(DEAF[2], taken=8),
        replace(DEAF[2], free=False),
    ],
    ids=["no work waits", "the broker is away", "it took something", "it has no room"],
)
def test_one_good_look_is_enough(reason: Look) -> None:
    assert not any(judged(IDLE, DEAF[0], DEAF[1], reason, replace(DEAF[3], taken=reason.taken)))
