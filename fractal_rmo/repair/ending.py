"""What a search has to show: patches in their order, or else the best way that it found."""

from __future__ import annotations

from collections.abc import Sequence

from fractal_rmo.domain.experience import Experience
from fractal_rmo.domain.run import Dialogue
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.repair.diary import Diary
from fractal_rmo.repair.judge import Judge
from fractal_rmo.repair.problem import Candidate, Made, Partial
from fractal_rmo.repair.starts import Next
from fractal_rmo.repair.trail import Trail
from fractal_rmo.repair.ways import Way

PARTLY = 4
"""Ways of which it is asked at the end which tests they win, at most."""


def ranked(found: Sequence[tuple[Way, SourceTree, int]], diary: Diary) -> tuple[Candidate, ...]:
    """The patches, the likeliest first, each with what had been tried by then."""
    best_first = sorted(found, key=lambda one: _rank(one[0]))
    return tuple(_candidate(way, tree, diary.until(tried, way)) for way, tree, tried in best_first)


def best_way(judge: Judge, trail: Trail) -> Dialogue[Partial | None]:
    """The way that wins most of the tests, if one of the best wins any without a loss."""
    gained = [way for way in (*trail.near, *trail.ways) if way.steps and way.gain[0] > 0]
    before = judge.before.failing
    for way in sorted(gained, key=lambda way: (way.gain, way.merit), reverse=True)[:PARTLY]:
        tree = way.tree(judge.problem.code)
        report = yield from judge.whole(tree, f"the best so far: {way.says()}", stop=False)
        won = tuple(test for test in before if report.outcomes.get(test) == "passed")
        if won and set(report.failing) < set(before):
            return Partial(tree, way.says(), len(way.steps), won, report.failing)
    return None


def counted(number: int) -> str:
    """So many candidates, in words."""
    return "1 candidate" if number == 1 else f"{number:,} candidates"


def label_of(batch: Sequence[tuple[int, Next]]) -> str:
    """What a run of several candidates is called: by the first of them."""
    more = f" and {counted(len(batch) - 1)} more" if len(batch) > 1 else ""
    return f"{batch[0][1].way.says()}{more}"


def _candidate(way: Way, tree: SourceTree, experience: Experience) -> Candidate:
    made = tuple(Made(s.path, s.operator, s.edit.line, s.edit.text) for s in way.steps)
    return Candidate(tree, made, way.says(), way.merit, experience)


def _rank(way: Way) -> tuple[object, ...]:
    """Sorts the likeliest patch first."""
    return (-way.merit, *(step.order[1:] for step in way.steps))
