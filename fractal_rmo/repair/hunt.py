"""One call's walk along the enumeration of candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, takewhile

from fractal_rmo.domain.run import Dialogue
from fractal_rmo.editing.judging import TestReport
from fractal_rmo.repair.beam import measured
from fractal_rmo.repair.candidates import parse_files
from fractal_rmo.repair.crossing import crossed
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
from fractal_rmo.repair.rounds import is_long_enough, next_round, noted
from fractal_rmo.repair.starts import Next, Start, begun, enumerated, plain_forms
from fractal_rmo.repair.trials import BATCH, Trial
from fractal_rmo.repair.ways import Way

PLAUSIBLE = 20
"""Plausible patches after which a search is content."""
FURTHER = 200
"""Candidates tried after the first plausible one: alternatives say how sure the first is."""
MOST, MANY = 600, 3
"""The same, as long as a candidate to come could rank above all that were found; and for each edit
but the first of a patch of so many, since of these chance makes more than reason."""
_PASSES = "passes the tests."
_FIRST_BATCH, _GROWTH = 32, 3
"""Candidates of the first run, of which many a search needs no more, and by what runs grow."""


@dataclass
class Hunt:
    """Judges candidates until it is content, at the end, or told to pause."""

    problem: RepairProblem
    judge: Judge

    def __post_init__(self) -> None:
        """Go on where the last slice ended."""
        self.position, self.trail = self.problem.position, self.problem.trail
        self.diary = Diary(symptom_of(self.judge.before))
        files, _ = parse_files(self.problem.code)
        self.plain, self.starts = plain_forms(files), list[Start | None]()
        self.finds = Finds(self.judge, self.diary, self.plain)
        self.pairs = Part.PAIRS not in self.problem.without
        self.size = _FIRST_BATCH

    @property
    def tried(self) -> int:
        """Candidates judged in this call."""
        return len(self.diary.judged)

    def run(self, most: int, pause: Callable[[], bool]) -> Dialogue[RepairOutcome]:
        """Round after round, up to position ``most``."""
        yield from self.judge.take_apart()
        while True:
            ended = yield from self._round(most, pause)
            if ended is not None:
                return ended
            if not self._goes_on():
                words = f"All candidates of {self._edits()} were tried, {self.position:,}"
                return (yield from self._end(f"{words}; none {_PASSES}"))

    def _edits(self) -> str:
        most = 1 + max(len(way.steps) for way in self.trail.ways)
        return "one edit" if most == 1 else f"up to {most} edits"

    def _round(self, most: int, pause: Callable[[], bool]) -> Dialogue[RepairOutcome | None]:
        """Candidates with one edit more than the trail's ways; None when it is time for others."""
        if not (yield from self._begin(pause)):
            return (yield from self._paused())
        tried = [way.tried for way in self.trail.followed]
        places = enumerate(self._offered(tried), self.trail.begun)
        waiting = list[tuple[int, Next]]()
        fresh = (item for item in places if self._is_fresh(item, tried))
        allowed = takewhile(lambda item: item[0] < most, fresh)
        while waiting := [*waiting, *islice(allowed, max(0, self._at_once - len(waiting)))]:
            ended = yield from self._judge(waiting[: self._at_once], pause)
            if ended is not None:
                return ended
            for _, item in takewhile(lambda item: item[0] < self.position, waiting):
                tried[item.start] = item.number + 1
            waiting = [item for item in waiting if item[0] >= self.position]
            self.size = min(BATCH, _GROWTH * self.size)
            if self._may_go_on and is_long_enough(self.trail, self.position):
                break
            if pause():
                return (yield from self._paused())
        if self.position >= most:
            words = f"The limit of {most:,} candidates was met; none {_PASSES}"
            return (yield from self._end(words))
        if not self.trail.layer:
            ways = (replace(way, tried=n) for way, n in zip(self.trail.ways, tried, strict=True))
            self.trail = replace(self.trail, ways=tuple(ways))
        return None

    @property
    def _at_once(self) -> int:
        """Candidates of the next run: behind a patch no more than the search may still want."""
        wanted = FURTHER - self._further
        return 1 if self.judge.singly else min(self.size, wanted if wanted > 0 else BATCH)

    @property
    def _further(self) -> int:
        """Candidates tried after the first plausible one."""
        return self.tried - self.finds.patches[0][2] if self.finds.patches else 0

    def _offered(self, tried: Sequence[int]) -> Iterator[Next]:
        """The candidates of this round, in their order."""
        if self.trail.layer:
            return crossed(self.trail.layer, self.trail.winners, self.problem.code)
        return enumerated(self.starts, tried, self.plain)

    def _is_fresh(self, item: tuple[int, Next], tried: list[int]) -> bool:
        """Whether no earlier slice has judged a candidate of this round."""
        if item[0] < self.problem.position:
            tried[item[1].start] = item[1].number + 1
            return False
        return True

    def _paused(self) -> Dialogue[RepairOutcome]:
        words = f"Stopped after {counted(self.position)}; none {_PASSES}"
        return (yield from self._end(words, RepairStatus.PAUSED))

    def _begin(self, pause: Callable[[], bool]) -> Dialogue[bool]:
        """Have a traced run of each new way of the trail say which edits may follow it.

        False when it is time to pause, which is heard here only after this call has judged
        something: each call is to come further than the one before it.
        """
        ways = list(self.trail.ways)
        for number in range(len(self.starts), len(ways)):
            if self.position > self.problem.position and pause():
                return False
            way, report = ways[number], self.judge.apart
            if way.steps:
                report = yield from self._seen(way, pause)
                way = ways[number] = self._weighed(way, report)
            known = self.trail.known
            if way.steps and not way.known:  # a later slice is to rank by what counted then
                known = tuple(dict.fromkeys((*known, *(step.kind for step in way.steps))))
                way = ways[number] = replace(way, known=len(known))
            counted_then = frozenset(known[: way.known])
            start = begun(self.problem, way, report, self.diary.symptom, counted_then, self.plain)
            if start is not None:
                self.diary.offers(way, [proposal for _, proposal in start.proposals])
            self.starts.append(start)
            self.trail = replace(self.trail, ways=tuple(ways), known=known)
        return True

    def _seen(self, way: Way, pause: Callable[[], bool]) -> Dialogue[TestReport]:
        """A traced run of a way, which is kept if it passes as it is."""
        tree, label = way.tree(self.problem.code), f"after {way.says()}"
        report = yield from self.judge.traced(tree, label)
        passed = all(report.outcomes.get(t) == "passed" for t in self.judge.before.failing)
        if passed and report.outcomes and tree.sha256 not in self.problem.excluded:
            whole = yield from self.judge.whole(tree, label)
            if whole.mends(self.judge.before):
                yield from self.finds.keep(way, tree, pause)
        return report

    def _weighed(self, way: Way, report: TestReport) -> Way:
        """The way with what it gains indeed: among many, one that won nothing lost unseen."""
        before = self.judge.apart
        if not report.outcomes or not before.outcomes or self.judge.singly:
            return way
        won = sum(report.outcomes.get(test) == "passed" for test in before.failing)
        lost = sum(before.outcomes.get(test) == "passed" for test in report.failing)
        return replace(way, gain=(won - lost, way.gain[1]))

    def _judge(
        self, batch: Sequence[tuple[int, Next]], pause: Callable[[], bool]
    ) -> Dialogue[RepairOutcome | None]:
        """Take a few candidates; the outcome when the search ends among them.

        One that needs a run of its own gets it if it is the very first.  ``position`` stays at
        a later one where it is time to pause, or where the run of many left it out for want of
        time.
        """
        trials = yield from self.judge.many([item.tree for _, item in batch], label_of(batch))
        was_cut = any(trial.is_known for trial in trials)
        found, content = list[tuple[Way, int]](), False
        values = Part.VALUES not in self.problem.without
        for (place, item), trial in zip(batch, trials, strict=True):
            way, tree = item.way, item.tree
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
                self.trail = noted(self.trail, found)
                return self._lost(place, said)
            if said is None:
                yield from self.finds.keep(way, tree, pause)
            elif kept := measured(way, said, self.judge.control, values):
                found.append((kept, item.start))
            content = self._is_content(way)
            if content:
                break
        self.trail = noted(self.trail, found)
        return (yield from self._end("")) if content else None

    @property
    def _may_go_on(self) -> bool:
        """Whether patches of more edits are asked for: they are not where one of few was found."""
        return self.pairs and (not self.finds.patches or len(self.finds.best.steps) >= MANY)

    def _goes_on(self) -> bool:
        """Begin a further round, if it may bring something better."""
        further = next_round(self.trail, self.position) if self._may_go_on else None
        if further is None:
            return False
        self.trail, kept = further
        self.starts = [self.starts[number] for number in kept]
        return True

    def _is_content(self, last: Way) -> bool:
        """Scores only fall, so what is to come scores at most what the last candidate did."""
        if not self.finds.patches:
            return False
        best = self.finds.best
        enough = FURTHER if best.merit >= last.score else MOST
        if len(best.steps) >= MANY:
            enough = MOST * (len(best.steps) - 1)
        return len(self.finds.patches) >= PLAUSIBLE or self._further >= enough

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
