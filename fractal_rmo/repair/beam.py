"""Which ways a search goes on from: what the tests said of each, and the best that differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b

from fractal_rmo.repair.trials import Trial
from fractal_rmo.repair.ways import Way

BEAM, GAINED = 24, 10
"""Ways from which the search goes on, where none won a test and where some did."""
QUIET = 3
"""Of these, as many as gained nothing, where others did: each has to be run and searched."""
ALIKE = 3
"""Of these, as many as bring the same tests to pass."""
ELSEWHERE = 0.1
"""How much nearer a test counts that raises another error, or elsewhere; a value of the wrong
kind is nearer than an error by 0.05 and one of the right kind by 0.2 at least."""
ONE_BEHAVIOUR = 2
"""Ways that behave alike, at most, each in other lines: what else could stand in the same ones is
asked when a patch is found (``places``)."""


def measured(way: Way, trial: Trial, control: Trial, values: bool = True) -> Way | None:
    """A way with what it gained, or None where it lost more or was not judged.

    A test that one fault made pass may fail once that is mended: what counts is
    the sum.  A test gets further if it gives up in a later line than on the code
    as it is, which is ``control``, and falls back in an earlier one; where that
    is endless, an end is further.
    """
    net = len(trial.passed) - len(trial.broken)
    if not trial.is_known or trial.trouble or net < 0:
        return None
    lines = [(line, control.reached.get(test, line)) for test, line in trial.reached.items()]
    further = sum((line > before) - (line < before) for line, before in lines)
    further += control.is_endless  # what is endless itself was sorted out above
    later = {f"{t}@{n}" for t, n in trial.reached.items() if n > control.reached.get(t, n)}
    key = ",".join(sorted({*trial.passed, *trial.broken, *later}))
    nearer = _nearer(way, trial, control) if values else 0.0
    return Way(way.steps, (net, further), key, nearer, _seen(way, trial), trial.passed)


def _seen(way: Way, trial: Trial) -> str:
    """A digest of what the tests saw, errors where they would be without added lines."""
    far = {test: round(distance, 6) for test, distance in trial.far.items()}
    errors = {test: _placed(way, error) for test, error in trial.raised.items()}
    seen = (*map(sorted, (trial.passed, trial.broken)), trial.reached, far, errors)
    return blake2b(repr(seen).encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


def _placed(way: Way, error: tuple[str, int]) -> tuple[str, int]:
    """An error in the line where it would be without the lines that edits before it added."""
    name, line = error
    above = [s.edit.text.count("\n") for s in way.steps if s.edit.line <= line]
    return name, line - sum(above)


def _nearer(way: Way, trial: Trial, control: Trial) -> float:
    """How much the distances fell of tests that give up in the line where they did before.

    Where both raise an error, another one or elsewhere is a little nearer: one fault is behind.
    """
    there = [t for t, line in trial.reached.items() if control.reached.get(t) == line]
    both = [t for t in there if t in trial.raised and t in control.raised]
    moved = sum(_placed(way, trial.raised[t]) != control.raised[t] for t in both)
    known = [t for t in there if t in trial.far and t in control.far]
    return round(sum(control.far[t] - trial.far[t] for t in known) + ELSEWHERE * moved, 6)


def _worth(way: Way) -> tuple[bool, float]:
    """What gained is worth more than what did not; of both what promises more.

    Not tests alone: an unlikely edit wins some by chance, and its like are many.
    """
    gained = way.gain > (0, 0)
    return gained, way.promise if gained else way.likelihood


def nearest(
    ways: Sequence[Way],
    gained: int = GAINED,
    alike: int = ALIKE,
    most: int = BEAM,
    behaving: int = ONE_BEHAVIOUR,
) -> tuple[Way, ...]:
    """Those that gained and promise most, few that came equally far.

    Of those that gained nothing the likeliest are kept, a few where others win tests.
    """
    ranked = sorted(ways, key=_worth, reverse=True)
    kept, seen = list[Way](), Counter[tuple[str, int]]()
    behaved, there = Counter[str](), Counter[tuple[str, tuple[tuple[str, int], ...]]]()
    some = any(way.gain[0] > 0 for way in ranked)
    most = gained if some else most
    for way in ranked:
        allowed = alike if way.gain > (0, 0) else QUIET if some else most
        lines = tuple((step.path, step.edit.line) for step in way.steps)
        if way.seen and (there[way.seen, lines] or behaved[way.seen] >= behaving):
            continue
        there[way.seen, lines] += 1
        behaved[way.seen] += 1
        seen[way.key, way.gain[1]] += 1
        if seen[way.key, way.gain[1]] <= allowed and len(kept) < most:
            kept.append(way)
    return tuple(kept)
