"""What the tests say of candidates: of many in one run, then of what seems to pass alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fractal_rmo.domain.run import Dialogue, RunEnding
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.judging import Bench, TestReport, read_report
from fractal_rmo.repair.parts import in_parts
from fractal_rmo.repair.problem import Part, RepairProblem
from fractal_rmo.repair.trials import (
    UNKNOWN,
    Trial,
    batch_request,
    fitting,
    read_batch,
    trial_of,
)


@dataclass
class Judge:
    """The tests of one problem, whole and in parts, and what they said of the code as it is."""

    problem: RepairProblem
    bench: Bench
    before: TestReport
    singly: bool = False
    """Whether each candidate needs a run of its own."""
    control: Trial = UNKNOWN
    """The code as it is, judged as candidates are."""

    def __post_init__(self) -> None:
        """Until they are taken apart, the parts of the tests are the tests."""
        self.singly = Part.SHARED_FORKS in self.problem.without
        self.tests, self.apart = self.problem.tests, self.before

    def take_apart(self) -> Dialogue[None]:
        """Run the failing tests in parts, where that tells more than they do."""
        if self.singly or self.bench.only or Part.PARTS in self.problem.without:
            return  # by name are those that are no flaky ones, which parts are not
        tests = in_parts(self.tests, self.before.failing)
        if tests == self.tests:
            return
        bench, code = replace(self.bench, tests=tests), self.problem.code
        result = yield bench.request(code, "all tests, in parts", stop=False, trace=True)
        report = read_report(result, code)
        if report.supported and not report.problem and report.failing:
            self.tests, self.apart = tests, report

    @property
    def _fine(self) -> Bench:
        return replace(self.bench, tests=self.tests)

    def traced(self, tree: SourceTree, label: str) -> Dialogue[TestReport]:
        """A traced run of the tests in parts."""
        result = yield self._fine.request(tree, label, stop=False, trace=True)
        return read_report(result, tree)

    def whole(self, tree: SourceTree, label: str, stop: bool = True) -> Dialogue[TestReport]:
        """A run of the tests themselves, up to the first that fails if ``stop``."""
        result = yield self.bench.request(tree, label, stop=stop)
        return read_report(result, tree)

    def many(self, trees: Sequence[SourceTree], label: str) -> Dialogue[list[Trial]]:
        """What the tests say of each; UNKNOWN for what another run has to tell."""
        if self.singly:
            return [UNKNOWN] * len(trees)
        few = trees[: fitting(self.problem.code, trees)]
        whole = self.before.failing  # first, while nothing that a part leaves is there
        failing = [*whole, *(test for test in self.apart.failing if test not in whole)]
        request = batch_request(self._fine, self.problem.code, few, failing, label)
        read = read_batch((yield request), len(few))
        if read is not None:
            self.control, trials = read
            return [*trials, *[UNKNOWN] * (len(trees) - len(few))]
        if self.bench != self.bench.thick():
            self.bench = self.bench.thick()
        else:
            self.singly = True
        return (yield from self.many(trees, label))

    def may_pass(self, trial: Trial) -> bool:
        """Whether only a run of its own can tell."""
        failing, known = self.before.failing, self.before.outcomes
        if trial.passed and failing and trial.passed.issuperset(failing):
            return not trial.trouble and not any(test in known for test in trial.broken)
        return trial.mends(failing) or trial.may_mend(failing) or not trial.is_known

    def alone(self, tree: SourceTree, label: str, trial: Trial) -> Dialogue[Trial | str | None]:
        """Run the tests in a jail of their own.

        None where all pass, a sentence when the jail itself failed.
        """
        rounds = [self.before.failing] if self.before.failing and not trial.is_known else []
        for only in [*rounds, ()]:
            result = yield self.bench.request(tree, label, only=only, stop=not rounds)
            report = read_report(result, tree)
            if result.ending is RunEnding.UNAVAILABLE:
                return result.detail or "The sandbox was lost."
            trial = trial_of(report, self.before)
            if not trial.passed:
                return trial
        return None if report.mends(self.before) else trial
