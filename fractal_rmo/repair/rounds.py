"""The rounds of a search: what it keeps of its candidates, when it goes on from it, and how.

At first only the code as it is is followed by an edit.  Then edits that won tests are made with
each other, layer by layer (``crossing``), and then the most promising ways are followed by any
edit, some at a time.  All of it is decided by the trail, so that a later slice goes on as the one
before it would have; a round ends behind a run of many, so where it ends may differ by as many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fractal_rmo.repair.beam import nearest
from fractal_rmo.repair.crossing import LAYER, WINNERS, winners
from fractal_rmo.repair.trail import Trail
from fractal_rmo.repair.ways import Way

DEPTH = 6
"""Edits of one patch, at most."""
ENOUGH, PATIENCE, MORE = 1_500, 3_000, 2_500
"""Candidates of one edit after which the search goes on from the best of them as well, where one
won a test and where none did; and those of each further round."""
SOON, AHEAD, LEADERS = 500, 2, 3
"""Candidates of a round after which ways are followed as well that win so many more tests than all
that are followed, and how many of them: it is no time to try what the others may still bring.  A
test counts beside its last part; a part alone is often won by chance."""
SINGLE, SEVERAL = 6, 6
"""Of the first ways that are followed by any edit, those of one edit and of more, at most."""
OPEN = 12
"""Ways of earlier rounds that are followed still, at most: each holds all edits that may follow."""


def noted(trail: Trail, measured: Sequence[tuple[Way, int]]) -> Trail:
    """The trail with the best of what was measured, each with the number of what it followed."""
    came = [way for way, start in measured if _came_nearer(way, _before(trail, way, start))]
    near = _nearest(trail, [*trail.near, *(way for way in came if not way.is_mixed)])
    most = LAYER if trail.layer else WINNERS
    won = winners([*trail.won, *came], most) if _is_unfollowed(trail) else ()
    return replace(trail, near=near, won=won)


def _nearest(trail: Trail, ways: Sequence[Way]) -> tuple[Way, ...]:
    """The best that came nearer; of edits made together as many as of single ones.

    What two edits win by chance hides what a single one wins by right.
    """
    if not trail.layer:
        return nearest(ways)
    single = [way for way in ways if len(way.steps) == 1]
    several = [way for way in ways if len(way.steps) > 1]
    return (
        *nearest(single, SINGLE, most=SINGLE),
        *nearest(several, SEVERAL, most=SEVERAL),
    )


def _before(trail: Trail, way: Way, start: int) -> list[Way]:
    """What a way has one edit more than, or of edits made together whatever was part of it."""
    if not trail.layer:
        return [trail.ways[start]]
    steps = set(way.steps)
    return [part for part in (*trail.layer, *trail.winners) if steps.issuperset(part.steps)]


def _came_nearer(way: Way, before: Sequence[Way]) -> bool:
    """Whether a further edit brought anything; a first one may be the half of a repair.

    What may have no further edit would only take the place of others.
    """
    if len(way.steps) >= DEPTH:
        return False
    reached = (way.gain, way.nearer)
    return all(not one.steps or reached > (one.gain, one.nearer) for one in before)


def is_long_enough(trail: Trail, position: int) -> bool:
    """Whether it is time to go on from what came nearer as well.  A layer is always finished."""
    if trail.layer or not _new(trail):
        return False
    if _is_unfollowed(trail):
        won = any(way.gain > (0, 0) for way in trail.near)
        return position - trail.begun >= (ENOUGH if won else PATIENCE)
    return position - trail.begun >= (SOON if _leaders(trail) else MORE)


def next_round(trail: Trail, position: int) -> tuple[Trail, list[int]] | None:
    """The trail of a further round, and the numbers of the ways before that it follows still.

    None where nothing new came nearer.
    """
    new, numbers = _new(trail), list(range(len(trail.ways)))
    leaders = _leaders(trail) if position - trail.begun < MORE else ()
    trail = replace(trail, begun=position)
    if _is_unfollowed(trail) and len(trail.won) >= (1 if trail.layer else 2):  # one more, or two
        singles = trail.winners or trail.won
        return replace(trail, layer=trail.won, winners=singles, won=()), numbers
    if not new:
        return None
    left = tuple(way for way in trail.near if leaders and way not in leaders)
    longer = sorted((n for n in numbers if trail.ways[n].steps), key=lambda n: -_promise(trail, n))
    kept = [n for n in numbers if n not in longer[OPEN:]]
    ways = (*(trail.ways[n] for n in kept), *(leaders or new))
    return replace(trail, ways=ways, near=left, won=(), layer=(), winners=()), kept


def _promise(trail: Trail, number: int) -> float:
    return trail.ways[number].promise


def _new(trail: Trail) -> list[Way]:
    """What came nearer in this round and is not followed yet."""
    old = {way.steps for way in trail.ways}
    return [way for way in trail.near if way.steps not in old]


def _leaders(trail: Trail) -> tuple[Way, ...]:
    """Of what is new the most promising of those that are ahead of all that is followed."""
    if _is_unfollowed(trail):
        return ()
    most = max(way.gain[0] for way in trail.ways)
    ahead = [way for way in _new(trail) if way.gain[0] >= most + AHEAD]
    return tuple(sorted(ahead, key=lambda way: -way.promise)[:LEADERS])


def _is_unfollowed(trail: Trail) -> bool:
    """Whether nothing but the code as it is was followed by any edit so far."""
    return len(trail.ways) == 1
