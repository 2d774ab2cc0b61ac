"""The repair search: a generator that asks for test runs and returns plausible patches.

Generate-and-validate repair in the line of GenProg (Le Goues et al., TSE 2012)
without its randomness: an exhaustive, ranked enumeration of single edits, then
of further ones from where the best of them came.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fractal_rmo.domain.run import Dialogue, RunEnding, RunResult
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.judging import FAILING, Bench, TestReport, first_run, read_report
from fractal_rmo.repair.candidates import parse_files
from fractal_rmo.repair.hunt import Hunt
from fractal_rmo.repair.judge import Judge
from fractal_rmo.repair.problem import RepairOutcome, RepairProblem, RepairStatus

LOOKS = 2
"""Runs of the tests beside the first one, to find those that judge the same code in two ways."""
MAX_CANDIDATES = 60_000
"""Where a search that nobody ends gives up: some minutes on one core."""


def never() -> bool:
    """The pause that never comes."""
    return False


def search(
    problem: RepairProblem, *, max_candidates: int, pause: Callable[[], bool] = never
) -> Dialogue[RepairOutcome]:
    """Look for patches of one or several edits that make all tests pass.

    ``max_candidates`` bounds the position, over all slices of a search, so
    that a resumed search ends where an unbroken one would.  ``pause`` is asked
    after each run of a few candidates: every slice advances.  A pause with plausible patches
    in hand ends the search as REPAIRED.  Raises nothing for what candidates do.
    """
    _, broken = parse_files(problem.code)
    if broken:
        return _cannot_judge(problem, f"{broken} is not valid Python, so it cannot be edited.")
    first = yield from _first_run(problem)
    if isinstance(first, RepairOutcome):
        return first
    bench, report, flaky = first
    problem = replace(problem, trail=replace(problem.trail, flaky=flaky))
    return (yield from Hunt(problem, Judge(problem, bench, report)).run(max_candidates, pause))


_First = tuple[Bench, TestReport, tuple[str, ...]]


def _first_run(problem: RepairProblem) -> Dialogue[RepairOutcome | _First]:
    """A traced run of all tests on the code as it is, the bench for the candidates, flaky tests."""
    bench, result, report = yield from first_run(problem.tests, problem.code)
    ended = _opening(problem, result, report)
    if ended is not None:
        return ended
    bench = bench.timed(result)
    flaky = problem.trail.flaky  # a later slice must rank by the same tests as the first one did
    if problem.position == 0:
        flaky = yield from _flaky(bench, problem.code, report)
    if not flaky:
        return bench, report, ()
    steady = read_report(result, problem.code, flaky)
    if not steady.failing:
        return _cannot_judge(
            problem, f"Only tests fail that pass at other times: {', '.join(flaky)}."
        )
    return replace(bench, only=tuple(steady.outcomes)), steady, flaky


def _flaky(bench: Bench, code: SourceTree, first: TestReport) -> Dialogue[tuple[str, ...]]:
    """Tests that end otherwise in another run; of what had no end at first nothing is learned."""
    found, bench = set[str](), bench.no_longer_than(first)
    for number in range(LOOKS if first.outcomes else 0):
        result = yield bench.request(code, f"all tests, again ({number + 1})", stop=False)
        later = read_report(result, code)
        if result.ending is RunEnding.COMPLETED and not later.problem:
            found |= {t for t in first.outcomes if _word(first, t) != _word(later, t)}
    return tuple(t for t in first.outcomes if t in found - first.endless)


def _word(report: TestReport, test: str) -> str:
    outcome = report.outcomes.get(test, "")
    return "failed" if outcome in FAILING else outcome


def _opening(problem: RepairProblem, result: RunResult, report: TestReport) -> RepairOutcome | None:
    """The end of a search that need not or cannot begin, or None.

    Code that runs out of time or memory is as repairable as any other: there
    is just no trace of it.
    """
    if result.ending is RunEnding.UNAVAILABLE:
        return _cannot_judge(problem, result.detail, RepairStatus.UNAVAILABLE)
    if result.ending is not RunEnding.COMPLETED:
        return None
    if not report.supported:
        return _cannot_judge(
            problem, report.problem or "The tests use what no runtime here offers."
        )
    if report.problem:
        return _cannot_judge(problem, report.problem)
    if not report.outcomes:
        return _cannot_judge(problem, "No test was found.")
    if report.failing:
        return None
    if "passed" not in report.outcomes.values():
        return _cannot_judge(problem, "No test passed or failed: all were skipped.")
    return RepairOutcome(
        RepairStatus.ALREADY_PASSES,
        position=problem.position,
        note="The submitted code passes its tests; nothing was changed.",
    )


def _cannot_judge(
    problem: RepairProblem, note: str, status: RepairStatus = RepairStatus.CANNOT_JUDGE
) -> RepairOutcome:
    return RepairOutcome(status, position=problem.position, note=note)
