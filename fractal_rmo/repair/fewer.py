"""A way without some of its edits: which of them a patch needs, and what else could stand there."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from fractal_rmo.repair.candidates import Proposal
from fractal_rmo.repair.ways import Way

ALL_SUBSETS = 4
"""Edits of a way of which every subset is tried; of more, those without one or two of them."""


@dataclass(frozen=True, slots=True)
class Rest:
    """The edits that are kept, and the characters that the first of those left out replaced.

    ``start`` and ``end`` are where those stand in what the kept ones make.
    """

    steps: tuple[Proposal, ...]
    start: int
    end: int


def fewer(way: Way) -> Iterator[Way]:
    """Ways of some of its edits, the shortest first.

    An edit is left out only together with those that are made in what it put in.
    """
    count = len(way.steps)
    least = 1 if count <= ALL_SUBSETS else max(1, count - 2)
    for size in range(least, count):
        for kept in combinations(range(count), size):
            rest = without(way.steps, set(range(count)) - set(kept))
            if rest is not None:
                yield Way(rest.steps)


def entangled(steps: tuple[Proposal, ...]) -> Iterator[frozenset[int]]:
    """For each edit, its number and those of the later ones that cannot be made without it."""
    for number in range(len(steps)):
        group = {number}
        for later in range(number + 1, len(steps)):
            if without(steps[: later + 1], group) is None:
                group.add(later)
        yield frozenset(group)


def without(steps: tuple[Proposal, ...], left_out: Collection[int]) -> Rest | None:
    """What is left of the edits; None where one that is kept rests on one that is not.

    The last go first, so that none of those kept rests on one that is still there.
    """
    start = end = 0
    for number in sorted(left_out, reverse=True):
        rest = _moved(steps[number], steps[number + 1 :])
        if rest is None:
            return None
        steps, start, end = (*steps[:number], *rest.steps), rest.start, rest.end
    return Rest(steps, start, end)


def _moved(gone: Proposal, later: tuple[Proposal, ...]) -> Rest | None:
    """Later edits where they stand without one before them; None where one touches it."""
    start, end = gone.edit.start, gone.edit.start + len(gone.edit.text)
    shift = gone.edit.end - end
    moved = list[Proposal]()
    for step in later:
        edit = step.edit
        if step.path == gone.path and edit.start >= end:
            edit = replace(edit, start=edit.start + shift, end=edit.end + shift)
        elif step.path == gone.path and edit.end <= start:
            grown = len(edit.text) - (edit.end - edit.start)
            start, end = start + grown, end + grown
        elif step.path == gone.path:
            return None
        moved.append(replace(step, edit=edit))
    return Rest(tuple(moved), start, end + shift)
