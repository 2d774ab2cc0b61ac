"""A way without some of its edits: a patch should hold none that the tests do not ask for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import combinations

from fractal_rmo.repair.candidates import Proposal
from fractal_rmo.repair.ways import Way

ALL_SUBSETS = 4
"""Edits of a way of which every subset is tried; of more, those without one or two of them."""


def fewer(way: Way) -> Iterator[Way]:
    """Ways of some of its edits, the shortest first.

    An edit is left out only together with those that are made in what it put in.
    """
    count = len(way.steps)
    least = 1 if count <= ALL_SUBSETS else max(1, count - 2)
    for size in range(least, count):
        for kept in combinations(range(count), size):
            steps = _without(way.steps, set(range(count)) - set(kept))
            if steps is not None:
                yield Way(steps)


def _without(steps: tuple[Proposal, ...], left_out: Collection[int]) -> tuple[Proposal, ...] | None:
    """The last of them first, so that none of those kept rests on one that is still there."""
    for number in sorted(left_out, reverse=True):
        moved = _moved(steps[number], steps[number + 1 :])
        if moved is None:
            return None
        steps = (*steps[:number], *moved)
    return steps


def _moved(gone: Proposal, later: tuple[Proposal, ...]) -> tuple[Proposal, ...] | None:
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
    return tuple(moved)
