"""One call's walk along the enumeration of candidates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, takewhile

from fractal_rmo.domain.experience import Experience
from fractal_rmo.domain.run import Dialogue, RunEnding
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.judging import Bench, TestReport, read_report
from fractal_rmo.repair.candidates import parse_files
from fractal_rmo.repair.diary import Diary
from fractal_rmo.repair.features import symptom_of
from fractal_rmo.repair.problem import (
    Candidate,
    Part,
    RepairOutcome,
    RepairProblem,
    RepairStatus,
)
from fractal_rmo.repair.starts import Start, begun, enumerated
from fractal_rmo.repair.trials import BATCH, UNKNOWN, Trial, batch_request, read_batch, trial_of
from fractal_rmo.repair.ways import Gain, Trail, Way, measured, nearest, together

PLAUSIBLE = 20
"""Plausible patches after which a search is content."""
FURTHER = 200
"""Candidates tried after the first plausible one: alternatives say how sure the first is."""
MOST = 600
"""The same, as long as a candidate to come could rank above all that were found."""
DEPTH = 3
"""Edits of one patch, at most."""
SINGLES, MORE = 8_000, 2_500
"""Candidates of one edit, and of each further one, after which the search goes on from the
best of them, where any came nearer."""
_PASSES = "passes the tests."
_FIRST_BATCH = 32
_Item = tuple[int, Way, SourceTree]
"""A candidate with its place in the enumeration."""


@dataclass
class Hunt:
    """Judges candidates until it is content, at the end, or told to pause."""

    problem: RepairProblem
    bench: Bench
    before: TestReport
    found: list[tuple[Way, SourceTree, int]] = field(default_factory=list)
    """Patches, each with the number of candidates tried until it was found."""
    tried_at_first: int = 0
    control: Trial = UNKNOWN
    """The code as it is, judged as candidates are."""

    def __post_init__(self) -> None:
        """Go on where the last slice ended."""
        self.position, self.trail = self.problem.position, self.problem.trail
        self.diary = Diary(symptom_of(self.before))
        self.singly = Part.SHARED_FORKS in self.problem.without  # a run of its own for each

    @property
    def tried(self) -> int:
        """Candidates judged in this call."""
        return len(self.diary.judged)

    def run(self, most: int, pause: Callable[[], bool]) -> Dialogue[RepairOutcome]:
        """Every depth in turn, up to position ``most``."""
        while True:
            ended = yield from self._depth(most, pause)
            if ended is not None:
                return ended
            if not self._goes_deeper():
                words = f"All candidates of {self._edits()} were tried, {self.position:,}"
                return self._end(f"{words}; none {_PASSES}")

    @property
    def _depth_now(self) -> int:
        """Edits of a candidate, those made together at once not counted."""
        return min(len(way.steps) for way in self.trail.ways) + 1

    def _edits(self) -> str:
        depth = self._depth_now
        return "one edit" if depth == 1 else f"up to {depth} edits"

    def _depth(self, most: int, pause: Callable[[], bool]) -> Dialogue[RepairOutcome | None]:
        """Candidates with one edit more than the trail's ways; None when all were tried."""
        starts = yield from self._starts(pause)
        if starts is None:
            return self._paused()
        files, _ = parse_files(self.problem.code)
        places = enumerate(enumerated(self.problem.code, files, starts), self.trail.begun)
        fresh = ((n, way, tree) for n, (way, tree) in places if n >= self.position)
        allowed = takewhile(lambda item: item[0] < most, fresh)
        waiting, size = list[_Item](), _FIRST_BATCH
        while waiting := [*waiting, *islice(allowed, max(0, size - len(waiting)))]:
            ended = yield from self._judge(waiting[:size], pause)
            if ended is not None:
                return ended
            waiting = [item for item in waiting if item[0] >= self.position]
            size = 1 if self.singly else BATCH
            if self._has_seen_enough():
                return None
            if pause():
                return self._paused()
        if self.position >= most:
            return self._end(f"The limit of {most:,} candidates was met; none {_PASSES}")
        return None

    def _paused(self) -> RepairOutcome:
        words = f"Stopped after {_counted(self.position)}; none {_PASSES}"
        return self._end(words, RepairStatus.PAUSED)

    def _starts(self, pause: Callable[[], bool]) -> Dialogue[list[Start] | None]:
        """The ways of the trail with their edits, by what a traced run of each blames.

        None when it is time to pause, which is heard here only after this call has judged
        something: each call is to come further than the one before it.
        """
        starts = list[Start]()
        for way in self.trail.ways:
            if self.position > self.problem.position and pause():
                return None
            tree = way.tree(self.problem.code)
            report = self.before
            if way.steps:
                label = f"after {way.says()}"
                result = yield self.bench.request(tree, label, stop=False, trace=True)
                report = read_report(result, tree)
                if report.mends(self.before) and tree.sha256 not in self.problem.excluded:
                    self._keep(way, tree)
            start = begun(self.problem, way, tree, report, self.diary.symptom)
            if start is not None:
                self.diary.offers(way, start.proposals)
                starts.append(start)
        return starts

    def _judge(
        self, batch: Sequence[_Item], pause: Callable[[], bool]
    ) -> Dialogue[RepairOutcome | None]:
        """Take a few candidates; the outcome when the search ends among them.

        One that needs a run of its own gets it if it is the very first.  ``position`` stays at
        a later one where it is time to pause, or where the run of many left it out for want of
        time.
        """
        trials = yield from self._trials(batch)
        was_cut = any(trial.is_known for trial in trials)
        near, content = list(self.trail.near), False
        values = Part.VALUES not in self.problem.without
        for (place, way, tree), trial in zip(batch, trials, strict=True):
            failing = self.before.failing
            needs_run = trial.mends(failing) or trial.may_mend(failing) or not trial.is_known
            is_left_out = not trial.is_known and was_cut
            if needs_run and place > batch[0][0] and (is_left_out or pause()):
                break
            self.position = place + 1
            if tree.sha256 in self.problem.excluded:
                continue
            self.diary.note(way)
            if needs_run:
                said = yield from self._alone(way, tree, trial)
                if isinstance(said, str):
                    return self._lost(place, said)
            else:
                said = trial
            if kept := measured(way, said, self.control, values):
                near.append(kept)
            content = self._is_content(way)
            if content:
                break
        self.trail = replace(self.trail, near=nearest(near))
        return self._end("") if content else None

    def _trials(self, batch: Sequence[_Item]) -> Dialogue[list[Trial]]:
        """What the tests say of each; UNKNOWN for what a run of its own has to tell."""
        if self.singly:
            return [UNKNOWN] * len(batch)
        trees = [tree for _, _, tree in batch]
        label = _label(batch)
        request = batch_request(self.bench, self.problem.code, trees, self.before.failing, label)
        read = read_batch((yield request), len(batch))
        if read is not None:
            self.control, trials = read
            return trials
        if self.bench == self.bench.thick():
            return [UNKNOWN] * len(batch)
        self.bench = self.bench.thick()
        return (yield from self._trials(batch))

    def _alone(self, way: Way, tree: SourceTree, trial: Trial) -> Dialogue[Trial | str]:
        """Run the tests in a jail of their own.  A sentence when the jail itself failed."""
        rounds = [self.before.failing] if self.before.failing and not trial.is_known else []
        for only in [*rounds, ()]:
            result = yield self.bench.request(tree, way.says(), only=only, stop=not rounds)
            report = read_report(result, tree)
            if result.ending is RunEnding.UNAVAILABLE:
                return result.detail or "The sandbox was lost."
            trial = trial_of(report, self.before)
            if not trial.passed:
                return trial
        if report.mends(self.before):
            self._keep(way, tree)
            return UNKNOWN  # nothing is to be built on what is whole
        return trial

    def _keep(self, way: Way, tree: SourceTree) -> None:
        self.tried_at_first = self.tried_at_first or self.tried
        self.found.append((way, tree, self.tried))

    def _has_seen_enough(self) -> bool:
        """Whether it is time to go on from what came nearer instead."""
        single = self._depth_now == 1
        if self.position - self.trail.begun < (SINGLES if single else MORE) or self.found:
            return False
        return self._gained() > self._before()

    def _gained(self) -> Gain:
        return max((way.gain for way in self.trail.near), default=(0, 0))

    def _before(self) -> Gain:
        return max(way.gain for way in self.trail.ways)

    def _goes_deeper(self) -> bool:
        """Start the next depth from the best of this one, if that promises anything."""
        depth = self._depth_now
        worth = depth == 1 or self._gained() > self._before()
        worth = worth and Part.PAIRS not in self.problem.without
        if self.found or depth >= DEPTH or not self.trail.near or not worth:
            return False
        ways = (*together(self.trail.near), *self.trail.near)
        self.trail = Trail(ways, self.position, flaky=self.trail.flaky)
        return True

    def _is_content(self, last: Way) -> bool:
        """Scores only fall, so what is to come scores at most what the last candidate did."""
        if not self.found:
            return False
        further = self.tried - self.tried_at_first
        settled = max(way.merit for way, _, _ in self.found) >= last.score
        enough = FURTHER if settled else MOST
        return len(self.found) >= PLAUSIBLE or further >= enough

    def _best(self) -> tuple[Candidate, ...]:
        ranked = sorted(self.found, key=lambda one: _rank(one[0]))
        return tuple(
            _candidate(way, tree, self.diary.until(tried, way)) for way, tree, tried in ranked
        )

    def _end(self, note: str, status: RepairStatus = RepairStatus.EXHAUSTED) -> RepairOutcome:
        if self.found:
            status, note = RepairStatus.REPAIRED, ""
        position = max(self.position, self.problem.position)
        return self._outcome(status, position, note)

    def _lost(self, place: int, trouble: str) -> RepairOutcome:
        """The jail failed: the candidate at ``place`` is still to be judged."""
        return self._outcome(RepairStatus.UNAVAILABLE, place, trouble)

    def _outcome(self, status: RepairStatus, position: int, note: str) -> RepairOutcome:
        whole = self.diary.until(self.tried)
        return RepairOutcome(
            *(status, self._best(), self.tried, position, note, self.trail),
            experience=whole,
            protocol=str(self.problem.priors),
        )


def _counted(number: int) -> str:
    return "1 candidate" if number == 1 else f"{number:,} candidates"


def _label(batch: Sequence[_Item]) -> str:
    more = f" and {_counted(len(batch) - 1)} more" if len(batch) > 1 else ""
    return f"{batch[0][1].says()}{more}"


def _candidate(way: Way, tree: SourceTree, experience: Experience) -> Candidate:
    first = way.steps[0]
    place = (first.path, first.operator, first.edit.line)
    return Candidate(tree, *place, way.says(), way.merit, len(way.steps), experience)


def _rank(way: Way) -> tuple[object, ...]:
    """Sorts the likeliest patch first."""
    return (-way.merit, *(step.order[1:] for step in way.steps))
