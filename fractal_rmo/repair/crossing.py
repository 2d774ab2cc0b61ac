"""Edits that each won tests, made at once: what faults that are apart win adds up.

A search that knows fifty such edits judges their pairs, then what the best of these make with
one more.  That needs neither a traced run nor a new ranking (the crossover of Le Goues et al.,
"GenProg", TSE 2012, of edits that were measured alone).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.repair.beam import nearest
from fractal_rmo.repair.candidates import Proposal
from fractal_rmo.repair.starts import Next
from fractal_rmo.repair.ways import Way

WINNERS, LAYER = 50, 20
"""Edits that are made with others, at most, and ways to which one more is added."""
PAIRS, ONE_MORE = 700, 300
"""Candidates of the first layer, at most, and of each further one."""
ALIKE, BEHAVING = 6, 4
"""Of these, as many as won the same tests, and as many as tests cannot tell apart so far."""


def winners(ways: Sequence[Way], most: int = WINNERS) -> tuple[Way, ...]:
    """Of ways that won tests the most promising, few of those that won the same.

    Some may have lost as many: what one fault let pass may fail once that is mended.
    """
    return nearest([way for way in ways if way.won], most, ALIKE, behaving=BEHAVING)


def crossed(layer: Sequence[Way], others: Sequence[Way], code: SourceTree) -> Iterator[Next]:
    """Each of a layer with one more of the others, first those that win what it does not.

    ``others`` are single edits of the code, and so are those of the layer: none touches another.
    """
    made: dict[tuple[Proposal, ...], tuple[bool, float, int]] = {}
    for start, way in enumerate(layer):
        for other in others:
            if not any(_touch(other.steps[0], one) for one in way.steps):
                value = not other.won <= way.won, way.promise * other.promise, -start
                steps = _sorted((*way.steps, *other.steps))
                made[steps] = max(made.get(steps, value), value)
    order = sorted(made.items(), key=lambda one: one[1], reverse=True)
    most = PAIRS if all(len(way.steps) == 1 for way in layer) else ONE_MORE
    for number, (steps, (_, _, start)) in enumerate(order[:most]):
        union = Way(steps)
        yield Next(union, union.tree(code), -start, number)


def _touch(one: Proposal, other: Proposal) -> bool:
    apart = one.edit.end < other.edit.start or other.edit.end < one.edit.start
    return one.path == other.path and not apart


def _sorted(steps: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """Those further down first, so that they move none of the others."""
    return tuple(sorted(steps, key=lambda step: (step.path, step.edit.start), reverse=True))
