"""Ways through the edits: none, one or several of them, and how far each came.

A program with several faults is mended step by step: what one edit brings
without breaking anything is kept, and the search goes on from there (a beam
search; Le Goues et al., "GenProg", TSE 2012, keep a population for the same reason).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from math import prod

from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.domain.priors import Shape
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.edit import Edit
from fractal_rmo.repair.candidates import Proposal
from fractal_rmo.repair.trials import Trial

BEAM, GAINED = 24, 10
"""Ways from which the search goes on, where none won a test and where some did."""
QUIET = 3
"""Of these, as many as gained nothing, where others did: each has to be run and searched."""
TOGETHER = 5
"""Ways of several edits that each won tests of their own, at most."""
ALIKE = 3
"""Of these, as many as bring the same tests to pass."""
NEARER = 4.0
"""What all the way of one test's value to the right one adds to a merit, in merits."""
ELSEWHERE = 0.1
"""How much nearer a test counts that raises another error, or elsewhere; a value of the wrong
kind is nearer than an error by 0.05 and one of the right kind by 0.2 at least."""
ONE_BEHAVIOUR = 2
"""Ways that behave alike, at most."""

Gain = tuple[int, int]
"""Tests that pass more than before, and tests that get further less those that fall back."""


@dataclass(frozen=True)
class Way:
    """Edits in order, each made in what those before it left, and what they gained."""

    steps: tuple[Proposal, ...] = ()
    gain: Gain = (0, 0)
    key: str = ""
    """Names what the tests said: equal for ways that came equally far."""
    nearer: float = 0.0
    """How much nearer the values of tests that still fail in the same line came, added up.

    At most 1 for each: what lies between failing and passing."""
    seen: str = ""
    """Names all that the tests saw: equal for ways that behave alike, as far as tests tell."""

    @property
    def score(self) -> float:
        """The product of the scores of its edits, in 0..1."""
        return prod(step.score for step in self.steps)

    @property
    def merit(self) -> float:
        """The score, halved for each edit that only deletes.

        Deleting what a test happens not to check is the commonest overfit (Qi et
        al., "An Analysis of Patch Plausibility and Correctness", ISSTA 2015).
        """
        return self.score * prod(0.5 if step.edit.deletes else 1.0 for step in self.steps)

    @property
    def likelihood(self) -> float:
        """By what ways that gained the same are weighed: merit, and values that came nearer.

        Not these alone: the half of a repair need not come nearer, and what comes nearer by
        chance is no half of it.
        """
        return self.merit * (1 + NEARER * max(0.0, self.nearer))

    @property
    def promise(self) -> float:
        """By what edits that follow are weighed: the merit of an edit, and how many tests are won.

        The mean of the merits, since a way of several edits has won its tests by each.
        """
        passed, further = self.gain
        typical: float = self.merit ** (1 / max(1, len(self.steps)))
        return typical * max(0.25, 1 + passed + further / 2 + self.nearer)

    def tree(self, code: SourceTree) -> SourceTree:
        """The code with all edits made."""
        for step in self.steps:
            code = code.replace(step.path, step.edit.apply(code.files[step.path]))
        return code

    def and_then(self, step: Proposal) -> Way:
        """The way with one edit more."""
        return Way((*self.steps, step))

    def says(self) -> str:
        """All its edits in words."""
        if len(self.steps) < 2:
            return "".join(step.edit.description for step in self.steps)
        return "; ".join(f"line {s.edit.line}: {s.edit.description}" for s in self.steps)

    def repeats(self, step: Proposal) -> bool:
        """Whether an edit takes back or replaces what the last one put in.

        Those are single edits in other words; one around it that keeps it is none.
        """
        last = self.steps[-1] if self.steps else None
        if last is None or last.path != step.path:
            return False
        start, end = last.edit.start, last.edit.start + len(last.edit.text)
        apart = step.edit.end <= start or step.edit.start >= end
        keeps = (
            step.edit.start <= start and end <= step.edit.end and last.edit.text in step.edit.text
        )
        return not apart and not keeps


@dataclass(frozen=True)
class Trail:
    """Where a search stands beside its position: what a later slice needs to go on.

    ``ways`` are those from which the present depth starts, ``begun`` the
    position at which it did, ``near`` the best ways of this depth so far.
    ``depth`` counts from 1; ``singles`` of the first one were tried, and those that are
    left come among the candidates of the later ones.
    ``flaky`` are tests that judged the code as it is in two ways, so that nothing is
    judged by them.
    """

    ways: tuple[Way, ...] = (Way(),)
    begun: int = 0
    near: tuple[Way, ...] = ()
    depth: int = 1
    singles: int = 0
    flaky: tuple[str, ...] = ()

    def as_json(self) -> JsonObject:
        """For keeping."""
        return {
            "ways": [_way_as_json(way) for way in self.ways],
            "begun": self.begun,
            "near": [_way_as_json(way) for way in self.near],
            "depth": self.depth,
            "singles": self.singles,
            "flaky": list(self.flaky),
        }


BEGINNING = Trail()


def read_trail(value: Json) -> Trail:
    """What ``as_json`` gave; the beginning for anything else."""
    try:
        assert isinstance(value, Mapping)  # noqa: S101 - as below
        ways, near = ([_read_way(way) for way in value[name]] for name in ("ways", "near"))  # type: ignore[union-attr]
        depth, singles = (int(value.get(*each)) for each in (("depth", 1), ("singles", 0)))  # type: ignore[arg-type]
        flaky = tuple(map(str, value.get("flaky") or ()))  # type: ignore[arg-type]
        return Trail(tuple(ways), int(value["begun"]), tuple(near), depth, singles, flaky)  # type: ignore[arg-type]
    except (AssertionError, KeyError, TypeError, ValueError):
        return BEGINNING


def _way_as_json(way: Way) -> Json:
    steps: list[Json] = [{**asdict(step), "shape": step.shape.value} for step in way.steps]
    told: JsonObject = {"key": way.key, "nearer": way.nearer, "seen": way.seen}
    return {"steps": steps, "gain": list(way.gain), **told}


def _read_way(value: Json) -> Way:
    found: dict[str, object] = dict(value)  # type: ignore[arg-type]
    steps = tuple(
        Proposal(
            **{**step, "edit": Edit(**step["edit"]), "shape": Shape(step.get("shape", "other"))}
        )
        for step in found["steps"]  # type: ignore[attr-defined]
    )
    passed, further = found["gain"]  # type: ignore[misc]
    nearer = float(found.get("nearer", 0.0))  # type: ignore[arg-type]
    told = (str(found["key"]), nearer, str(found.get("seen", "")))
    return Way(steps, (passed, further), *told)  # type: ignore[has-type]


def measured(way: Way, trial: Trial, control: Trial, values: bool = True) -> Way | None:
    """A way with what it gained, or None where it lost as much or was not judged.

    A test that one fault made pass may fail once that is mended: what counts is
    the sum.  A test gets further if it gives up in a later line than on the code
    as it is, which is ``control``, and falls back in an earlier one; where that
    is endless, an end is further.
    """
    net = len(trial.passed) - len(trial.broken)
    if not trial.is_known or trial.trouble or net < 0 or (trial.broken and not net):
        return None
    lines = [(line, control.reached.get(test, line)) for test, line in trial.reached.items()]
    further = sum((line > before) - (line < before) for line, before in lines)
    further += control.is_endless  # what is endless itself was sorted out above
    later = {f"{t}@{n}" for t, n in trial.reached.items() if n > control.reached.get(t, n)}
    key = ",".join(sorted({*trial.passed, *trial.broken, *later}))
    nearer = _nearer(way, trial, control) if values else 0.0
    return Way(way.steps, (net, further), key, nearer, _seen(way, trial))


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


def together(ways: Sequence[Way], most: int = TOGETHER) -> tuple[Way, ...]:
    """Single edits that win different tests, made at once: faults that are apart add up.

    The best of all; the same without one of them, which may have won by chance;
    and with the next best for one set of tests.
    """
    winners: dict[str, list[Way]] = {}
    for way in ways:
        if len(way.steps) == 1 and way.gain > (0, 0) and way.key:
            winners.setdefault(way.key, []).append(way)
    tops = [group[0] for group in winners.values()]
    seconds = [group[1] for group in winners.values() if len(group) > 1]
    without = [[way for way in tops if way is not out] for out in tops]
    made = map(_union, [tops, *without, *([second, *tops] for second in seconds)])
    several = (way for way in made if len(way.steps) > 1)
    return tuple(dict.fromkeys(several))[:most]


def _union(ways: Sequence[Way]) -> Way:
    """Those that neither win a test that one before them wins, nor touch its place.

    Edits further down come first, so that they move none of the others.
    """
    steps, won, gain = list[Proposal](), set[str](), 0
    for way in ways:
        step, tests = way.steps[0], set(way.key.split(","))
        if tests & won or any(_touch(step, other) for other in steps):
            continue
        steps.append(step)
        won |= tests
        gain += way.gain[0]
    steps.sort(key=lambda step: (step.path, step.edit.start), reverse=True)
    return Way(tuple(steps), (gain, 0), ",".join(sorted(won)))


def _touch(one: Proposal, other: Proposal) -> bool:
    apart = one.edit.end < other.edit.start or other.edit.end < one.edit.start
    return one.path == other.path and not apart


def _worth(way: Way) -> tuple[bool, float]:
    """What gained is worth more than what did not; of both what promises more.

    Not tests alone: an unlikely edit wins some by chance, and its like are many.
    """
    gained = way.gain > (0, 0)
    return gained, way.promise if gained else way.likelihood


def nearest(ways: Sequence[Way], most: int = BEAM, alike: int = ALIKE) -> tuple[Way, ...]:
    """Those that gained and promise most, few that came equally far.

    Of those that gained nothing the likeliest are kept, a few where others win tests.
    """
    ranked = sorted(ways, key=_worth, reverse=True)
    kept, seen = list[Way](), Counter[tuple[str, int]]()
    behaved = Counter[str]()
    some = any(way.gain[0] > 0 for way in ranked)
    most = min(GAINED, most) if some else most
    for way in ranked:
        allowed = alike if way.gain > (0, 0) else QUIET if some else most
        if way.seen and behaved[way.seen] >= ONE_BEHAVIOUR:
            continue
        behaved[way.seen] += 1
        seen[way.key, way.gain[1]] += 1
        if seen[way.key, way.gain[1]] <= allowed and len(kept) < most:
            kept.append(way)
    return tuple(kept)
