"""The repair search: a generator that asks for test runs and returns plausible patches.

Generate-and-validate repair with one edit, in the line of GenProg (Le Goues
et al., TSE 2012) without its randomness: an exhaustive, ranked enumeration.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from fractal_rmo.domain.run import Dialogue, RunEnding, RunResult
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.judging import Bench, TestReport, first_run, read_report
from fractal_rmo.editing.source import ParsedFile
from fractal_rmo.repair.candidates import Proposal, distinct, parse_files, rank
from fractal_rmo.repair.localise import localise

PLAUSIBLE = 5
"""Plausible patches after which a search is content."""
FURTHER = 40
"""Candidates tried after the first plausible one, as alternatives if a validation rejects it."""
MOST = 200
"""The same, as long as a candidate to come could rank above all that were found."""
_PASSES = "passes the tests."


@dataclass(frozen=True)
class RepairProblem:
    """Code whose tests fail.

    ``excluded`` holds the ``SourceTree.sha256`` of candidates that a
    validation rejected, ``position`` the number of candidates of the
    enumeration already judged: the search goes on behind them.
    """

    code: SourceTree
    tests: SourceTree
    excluded: frozenset[str] = frozenset()
    position: int = 0


class RepairStatus(StrEnum):
    """How a search ended."""

    REPAIRED = "repaired"
    ALREADY_PASSES = "already_passes"
    EXHAUSTED = "exhausted"
    """Every candidate, or as many as allowed, was tried in vain."""
    PAUSED = "paused"
    CANNOT_JUDGE = "cannot_judge"
    """Nothing could be said about the candidates; the note says why."""
    UNAVAILABLE = "unavailable"
    """No jail could be started, which says nothing about the code."""


@dataclass(frozen=True)
class Candidate:
    """A plausible patch: the edited tree, and the one edit in it (1-based line)."""

    tree: SourceTree
    path: str
    operator: str
    line: int
    description: str


@dataclass(frozen=True)
class RepairOutcome:
    """What a search came to.

    ``candidates`` pass all given tests, best first.  ``tried`` counts the
    candidates judged in this call, ``position`` where the next call goes on,
    ``note`` says in a sentence why there is no candidate.
    """

    status: RepairStatus
    candidates: tuple[Candidate, ...] = ()
    tried: int = 0
    position: int = 0
    note: str = ""


def never() -> bool:
    """The pause that never comes."""
    return False


def search(
    problem: RepairProblem, *, max_candidates: int, pause: Callable[[], bool] = never
) -> Dialogue[RepairOutcome]:
    """Look for one-edit patches that make all tests pass.

    ``max_candidates`` bounds the position, over all slices of a search, so
    that a resumed search ends where an unbroken one would.  ``pause`` is asked
    after each candidate: every slice advances.  A pause with plausible patches
    in hand ends the search as REPAIRED.  Raises nothing for what candidates do.
    """
    files, broken = parse_files(problem.code)
    if broken:
        return _cannot_judge(problem, f"{broken} is not valid Python, so it cannot be edited.")
    first = yield from _first_run(problem)
    if isinstance(first, RepairOutcome):
        return first
    hunt = _Hunt(problem, files, *first)
    return (yield from hunt.run(max_candidates, pause))


def _first_run(problem: RepairProblem) -> Dialogue[RepairOutcome | tuple[Bench, TestReport]]:
    """A traced run of all tests on the code as it is, and the bench for the candidates."""
    bench, result, report = yield from first_run(problem.tests, problem.code)
    return _opening(problem, result, report) or (bench.timed(result), report)


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


@dataclass
class _Hunt:
    """One call's walk along the enumeration."""

    problem: RepairProblem
    files: Sequence[ParsedFile]
    bench: Bench
    before: TestReport
    found: list[tuple[Proposal, SourceTree]] = field(default_factory=list)
    tried: int = 0
    tried_at_first: int = 0
    position: int = 0

    def run(self, max_candidates: int, pause: Callable[[], bool]) -> Dialogue[RepairOutcome]:
        code = self.problem.code
        suspicion = localise(self.before.executed, self.before.failing, self.before.raised)
        proposals = rank(self.files, self.problem.tests, suspicion)
        for index, (proposal, tree) in enumerate(distinct(code, self.files, proposals)):
            if index < self.problem.position:
                continue
            if index >= max_candidates:
                return self._end(
                    f"The limit of {max_candidates:,} candidates was met; none {_PASSES}"
                )
            self.position = index + 1
            if tree.sha256 in self.problem.excluded:
                continue
            self.tried += 1
            trouble = yield from self._judge(proposal, tree)
            if trouble:
                return RepairOutcome(
                    RepairStatus.UNAVAILABLE, self._best(), self.tried, index, trouble
                )
            if self._is_content(proposal):
                return self._end("")
            if pause():
                words = f"Stopped after {_counted(self.position)}; none {_PASSES}"
                return self._end(words, RepairStatus.PAUSED)
        return self._end(f"All one-edit candidates were tried, {self.position:,}; none {_PASSES}")

    def _judge(self, proposal: Proposal, tree: SourceTree) -> Dialogue[str]:
        """Run the failing tests, then all.  Returns a sentence when the jail itself failed."""
        label = f"line {proposal.edit.line}: {proposal.edit.description}"
        if len(self.problem.code) > 1:
            label = f"{proposal.path} {label}"
        for only in [self.before.failing, ()] if self.before.failing else [()]:
            result = yield self.bench.request(tree, label, only=only)
            report = read_report(result, tree)
            if not report.supported and self.bench != self.bench.thick():
                self.bench = self.bench.thick()
                return (yield from self._judge(proposal, tree))
            if result.ending is RunEnding.UNAVAILABLE:
                return result.detail or "The sandbox was lost."
            if report.failing or report.problem or not report.outcomes:
                return ""
        if report.mends(self.before):
            self.tried_at_first = self.tried_at_first or self.tried
            self.found.append((proposal, tree))
        return ""

    def _is_content(self, last: Proposal) -> bool:
        """Scores only fall, so what is to come scores at most what the last candidate did."""
        if not self.found:
            return False
        further = self.tried - self.tried_at_first
        settled = max(_merit(p) for p, _ in self.found) >= last.score
        enough = FURTHER if settled else MOST
        return len(self.found) >= PLAUSIBLE or further >= enough

    def _best(self) -> tuple[Candidate, ...]:
        ranked = sorted(self.found, key=lambda pair: _rank(pair[0]))
        return tuple(
            Candidate(tree, p.path, p.operator, p.edit.line, p.edit.description)
            for p, tree in ranked
        )

    def _end(self, note: str, status: RepairStatus = RepairStatus.EXHAUSTED) -> RepairOutcome:
        if self.found:
            status, note = RepairStatus.REPAIRED, ""
        position = max(self.position, self.problem.position)
        return RepairOutcome(status, self._best(), self.tried, position, note)


def _counted(number: int) -> str:
    return "1 candidate" if number == 1 else f"{number:,} candidates"


def _merit(proposal: Proposal) -> float:
    """The score by which plausible patches are ranked; one that only deletes counts half.

    Deleting what a test happens not to check is the commonest overfit (Qi et
    al., "An Analysis of Patch Plausibility and Correctness", ISSTA 2015).
    """
    return proposal.score * (0.5 if proposal.edit.deletes else 1.0)


def _rank(proposal: Proposal) -> tuple[float, str, int, int, str, str]:
    """Sorts the likeliest patch first."""
    return (-_merit(proposal), *proposal.order[1:])
