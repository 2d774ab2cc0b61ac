"""One call's walk along the enumeration of candidates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice, takewhile

from fractal_rmo.domain.run import Dialogue
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.judging import TestReport
from fractal_rmo.repair.candidates import parse_files
from fractal_rmo.repair.diary import Diary
from fractal_rmo.repair.ending import best_way, counted, label_of, ranked
from fractal_rmo.repair.features import symptom_of
from fractal_rmo.repair.finds import Finds
from fractal_rmo.repair.judge import Judge
from fractal_rmo.repair.problem import (
    Part,
    Partial,
    RepairOutcome,
    RepairProblem,
    RepairStatus,
)
from fractal_rmo.repair.starts import Start, begun, enumerated
from fractal_rmo.repair.trials import BATCH, Trial
from fractal_rmo.repair.ways import Gain, Trail, Way, measured, nearest, together

PLAUSIBLE = 20
"""Plausible patches after which a search is content."""
FURTHER = 200
"""Candidates tried after the first plausible one: alternatives say how sure the first is."""
MOST = 600
"""The same, as long as a candidate to come could rank above all that were found."""
DEPTH = 6
"""Edits of one patch, at most, those made together at once not counted."""
ENOUGH, MORE = 1_500, 700
"""Candidates of one edit, and of each further depth, after which the search goes on from the
best of them, where any came nearer; what is left of the single edits goes on beside theirs."""
_PASSES = "passes the tests."
_FIRST_BATCH = 32
_Item = tuple[int, Way, SourceTree]
"""A candidate with its place in the enumeration."""


@dataclass
class Hunt:
    """Judges candidates until it is content, at the end, or told to pause."""

    problem: RepairProblem
    judge: Judge

    def __post_init__(self) -> None:
        """Go on where the last slice ended."""
        self.position, self.trail = self.problem.position, self.problem.trail
        self.diary = Diary(symptom_of(self.judge.before))
        self.finds = Finds(self.judge, self.diary)

    @property
    def tried(self) -> int:
        """Candidates judged in this call."""
        return len(self.diary.judged)

    def run(self, most: int, pause: Callable[[], bool]) -> Dialogue[RepairOutcome]:
        """Every depth in turn, up to position ``most``."""
        yield from self.judge.take_apart()
        while True:
            ended = yield from self._depth(most, pause)
            if ended is not None:
                return ended
            if not self._goes_deeper():
                words = f"All candidates of {self._edits()} were tried, {self.position:,}"
                return (yield from self._end(f"{words}; none {_PASSES}"))

    def _edits(self) -> str:
        depth = self.trail.depth
        return "one edit" if depth == 1 else f"up to {depth} edits"

    def _depth(self, most: int, pause: Callable[[], bool]) -> Dialogue[RepairOutcome | None]:
        """Candidates with one edit more than the trail's ways; None when all were tried."""
        starts = yield from self._starts(pause)
        if starts is None:
            return (yield from self._paused())
        files, _ = parse_files(self.problem.code)
        programs = enumerated(self.problem.code, files, starts, self.trail.singles)
        places = enumerate(programs, self.trail.begun)
        fresh = ((n, way, tree) for n, (way, tree) in places if n >= self.position)
        allowed = takewhile(lambda item: item[0] < most, fresh)
        waiting, size = list[_Item](), _FIRST_BATCH
        while waiting := [*waiting, *islice(allowed, max(0, size - len(waiting)))]:
            ended = yield from self._judge(waiting[:size], pause)
            if ended is not None:
                return ended
            waiting = [item for item in waiting if item[0] >= self.position]
            size = 1 if self.judge.singly else BATCH
            if self._has_seen_enough():
                return None
            if pause():
                return (yield from self._paused())
        if self.position >= most:
            words = f"The limit of {most:,} candidates was met; none {_PASSES}"
            return (yield from self._end(words))
        return None

    def _paused(self) -> Dialogue[RepairOutcome]:
        words = f"Stopped after {counted(self.position)}; none {_PASSES}"
        return (yield from self._end(words, RepairStatus.PAUSED))

    def _starts(self, pause: Callable[[], bool]) -> Dialogue[list[Start] | None]:
        """The ways of the trail with their edits, by what a traced run of each blames.

        None when it is time to pause, which is heard here only after this call has judged
        something: each call is to come further than the one before it.
        """
        starts, weighed = list[Start](), list[Way]()
        for way in self.trail.ways:
            if self.position > self.problem.position and pause():
                return None
            tree, report = way.tree(self.problem.code), self.judge.apart
            if way.steps:
                report = yield from self._seen(way, tree, pause)
            weighed.append(self._weighed(way, report) if way.steps else way)
            start = begun(self.problem, weighed[-1], tree, report, self.diary.symptom)
            if start is not None:
                self.diary.offers(way, start.proposals)
                starts.append(start)
        self.trail = replace(self.trail, ways=tuple(weighed))
        return starts

    def _seen(self, way: Way, tree: SourceTree, pause: Callable[[], bool]) -> Dialogue[TestReport]:
        """A traced run of a way, which is kept if it passes as it is."""
        label = f"after {way.says()}"
        report = yield from self.judge.traced(tree, label)
        passed = all(report.outcomes.get(t) == "passed" for t in self.judge.before.failing)
        if passed and report.outcomes and tree.sha256 not in self.problem.excluded:
            whole = yield from self.judge.whole(tree, label)
            if whole.mends(self.judge.before):
                yield from self.finds.keep(way, tree, pause)
        return report

    def _weighed(self, way: Way, report: TestReport) -> Way:
        """The way with what it gains indeed: of edits made together that was a guess."""
        before = self.judge.apart
        if not report.outcomes or not before.outcomes or self.judge.singly:
            return way
        won = sum(report.outcomes.get(test) == "passed" for test in before.failing)
        lost = sum(before.outcomes.get(test) == "passed" for test in report.failing)
        return replace(way, gain=(won - lost, way.gain[1]))

    def _judge(
        self, batch: Sequence[_Item], pause: Callable[[], bool]
    ) -> Dialogue[RepairOutcome | None]:
        """Take a few candidates; the outcome when the search ends among them.

        One that needs a run of its own gets it if it is the very first.  ``position`` stays at
        a later one where it is time to pause, or where the run of many left it out for want of
        time.
        """
        trials = yield from self.judge.many([tree for _, _, tree in batch], label_of(batch))
        was_cut = any(trial.is_known for trial in trials)
        near, content = list(self.trail.near), False
        values = Part.VALUES not in self.problem.without
        for (place, way, tree), trial in zip(batch, trials, strict=True):
            needs_run = self.judge.may_pass(trial)
            is_left_out = not trial.is_known and was_cut
            if needs_run and place > batch[0][0] and (is_left_out or pause()):
                break
            self.position = place + 1
            if tree.sha256 in self.problem.excluded:
                continue
            self.diary.note(way)
            said: Trial | str | None = trial
            if needs_run:
                said = yield from self.judge.alone(tree, way.says(), trial)
            if isinstance(said, str):
                return self._lost(place, said)
            if said is None:
                yield from self.finds.keep(way, tree, pause)
            elif kept := measured(way, said, self.judge.control, values):
                near.append(kept)
            content = self._is_content(way)
            if content:
                break
        self.trail = replace(self.trail, near=nearest(near))
        return (yield from self._end("")) if content else None

    def _has_seen_enough(self) -> bool:
        """Whether it is time to go on from what came nearer instead."""
        enough = ENOUGH if self.trail.depth == 1 else MORE
        if (
            self.position - self.trail.begun < enough
            or self.finds.patches
            or self.trail.depth == DEPTH
        ):
            return False
        return self._gained() > self._before()

    def _gained(self) -> Gain:
        return max((way.gain for way in self.trail.near), default=(0, 0))

    def _before(self) -> Gain:
        return max(way.gain for way in self.trail.ways)

    def _goes_deeper(self) -> bool:
        """Start the next depth from the best of this one, if that promises anything."""
        depth = self.trail.depth
        worth = depth == 1 or self._gained() > self._before()
        worth = worth and Part.PAIRS not in self.problem.without
        if self.finds.patches or depth >= DEPTH or not self.trail.near or not worth:
            return False
        singles = self.trail.singles or self.position
        ways = (*together(self.trail.near), *self.trail.near, Way())
        flaky = self.trail.flaky
        self.trail = Trail(ways, self.position, (), depth + 1, singles, flaky)
        return True

    def _is_content(self, last: Way) -> bool:
        """Scores only fall, so what is to come scores at most what the last candidate did."""
        if not self.finds.patches:
            return False
        further = self.tried - self.finds.patches[0][2]
        settled = max(way.merit for way, _, _ in self.finds.patches) >= last.score
        enough = FURTHER if settled else MOST
        return len(self.finds.patches) >= PLAUSIBLE or further >= enough

    def _end(
        self, note: str, status: RepairStatus = RepairStatus.EXHAUSTED
    ) -> Dialogue[RepairOutcome]:
        partly = None
        if self.finds.patches:
            status, note = RepairStatus.REPAIRED, ""
        else:
            partly = yield from best_way(self.judge, self.trail)
            note = f"{note} {partly.says()}" if partly else note
        position = max(self.position, self.problem.position)
        return self._outcome(status, position, note, partly)

    def _lost(self, place: int, trouble: str) -> RepairOutcome:
        """The jail failed: the candidate at ``place`` is still to be judged."""
        return self._outcome(RepairStatus.UNAVAILABLE, place, trouble)

    def _outcome(
        self, status: RepairStatus, position: int, note: str, partly: Partial | None = None
    ) -> RepairOutcome:
        whole = self.diary.until(self.tried)
        return RepairOutcome(
            *(
                status,
                ranked(self.finds.patches, self.diary),
                self.tried,
                position,
                note,
                self.trail,
            ),
            experience=whole,
            protocol=str(self.problem.priors),
            partly=partly,
        )
