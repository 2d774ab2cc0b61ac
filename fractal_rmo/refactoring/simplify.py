"""The refactoring engine: a generator that makes one safe edit after another, up to a fixed point.

Each edit makes the code smaller or flatter (``rewrite.weight``), so there is
an end; each is kept only if the given tests still pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from enum import StrEnum

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Dialogue, RunEnding, RunResult
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.edit import Edit
from fractal_rmo.editing.judging import Bench, TestReport, first_run, read_report
from fractal_rmo.refactoring.proposals import Proposal, proposals

MOST = 100
"""Edits of one task that are tried; more are too much for a person to read."""
_EARLY = "\nTime ran out; there may be more to simplify."
_NOTHING = "Nothing to simplify was found; the code is judged as it is."


class RefactoringStatus(StrEnum):
    """How a refactoring ended."""

    REFACTORED = "refactored"
    UNCHANGED = "unchanged"
    CANNOT_JUDGE = "cannot_judge"
    """The tests do not pass on the code as it is, so that they can vouch for nothing."""
    UNAVAILABLE = "unavailable"
    """No jail could be started, which says nothing about the code."""


@dataclass(frozen=True, slots=True)
class Step:
    """One edit at a line of the submitted code (1-based).

    ``tree`` is the code with this edit and all before it; ``why_not`` says why
    an edit was not kept, "" where it was.
    """

    proposal: Proposal
    line: int
    tree: SourceTree
    why_not: str = ""

    def as_json(self) -> dict[str, Json]:
        """For a program."""
        return {
            "rule": self.proposal.rule,
            "path": self.proposal.path,
            "line": self.line,
            "says": self.proposal.edit.description,
            "why_not": self.why_not,
        }

    def __str__(self) -> str:
        """For a person, in one line."""
        place = f"{self.proposal.path}, line {self.line}"
        words = f"{place}: {self.proposal.edit.description} ({self.proposal.rule})"
        return f"{words} Not kept: {self.why_not}" if self.why_not else words


@dataclass(frozen=True, slots=True)
class Refactoring:
    """What came of it: the edits that were kept, in order, and those that were not."""

    status: RefactoringStatus
    steps: tuple[Step, ...] = ()
    refused: tuple[Step, ...] = ()
    note: str = ""

    @property
    def tried(self) -> int:
        """How many edits the tests have judged."""
        return len(self.steps) + len(self.refused)


def simplify(
    code: SourceTree,
    tests: SourceTree,
    *,
    excluded: frozenset[str] = frozenset(),
    pause: Callable[[], bool],
) -> Dialogue[Refactoring]:
    """Make every edit that the rules know and the tests allow.

    ``excluded`` holds keys of edits that a proof has rejected.  ``pause`` is
    asked after each edit; what was reached by then is the answer.
    """
    if next(_left(code, tests, excluded), None) is None:
        return Refactoring(RefactoringStatus.UNCHANGED, note=_NOTHING)
    bench, result, before = yield from first_run(tests, code)
    trouble = _trouble(result, before)
    if trouble is not None:
        return trouble
    walk = _Walk(code, tests, bench.timed(result), before, set(excluded))
    return (yield from walk.run(pause))


def _left(code: SourceTree, tests: SourceTree, out: Set[str]) -> Iterator[Proposal]:
    return (proposal for proposal in proposals(code, tests) if proposal.key not in out)


def _trouble(result: RunResult, before: TestReport) -> Refactoring | None:
    """The end of a refactoring that cannot begin, or None."""
    if result.ending is RunEnding.UNAVAILABLE:
        return Refactoring(RefactoringStatus.UNAVAILABLE, note=result.detail)
    if before.mends(before):
        return None
    why = before.problem or (f"{before.failing[0]} fails." if before.failing else "No test passed.")
    note = f"Nothing was changed, because the tests do not pass on the code as it is: {why}"
    return Refactoring(RefactoringStatus.CANNOT_JUDGE, note=note)


@dataclass
class _Walk:
    """From edit to edit."""

    code: SourceTree
    tests: SourceTree
    bench: Bench
    before: TestReport
    out: set[str]
    steps: list[Step] = field(default_factory=list)
    refused: list[Step] = field(default_factory=list)

    def run(self, pause: Callable[[], bool]) -> Dialogue[Refactoring]:
        origins = {path: _Origins(text) for path, text in self.code.python_files()}
        tree = self.code
        while len(self.steps) + len(self.refused) < MOST:
            proposal = next(_left(tree, self.tests, self.out), None)
            if proposal is None:
                break
            edit, lines = proposal.edit, origins[proposal.path]
            after = proposal.apply(tree)
            why_not, trouble = yield from self._judge(proposal, after)
            if trouble:
                return Refactoring(RefactoringStatus.UNAVAILABLE, note=trouble)
            step = Step(proposal, lines.of(edit.line), after, why_not)
            if why_not:
                self.out.add(proposal.key)
                self.refused.append(step)
            else:
                self.steps.append(step)
                lines.follow(edit, tree.files[proposal.path])
                tree = after
            if pause():
                return self._end(_EARLY)
        return self._end()

    def _judge(self, proposal: Proposal, after: SourceTree) -> Dialogue[tuple[str, str]]:
        """Why the edit is not to be kept, and a sentence when the jail itself failed."""
        label = f"{proposal.path} line {proposal.edit.line}: {proposal.rule}"
        result = yield self.bench.request(after, label)
        if result.ending is RunEnding.UNAVAILABLE:
            return "", result.detail or "The sandbox was lost."
        report = read_report(result, after)
        if report.mends(self.before):
            return "", ""
        if report.failing:
            return f"{report.failing[0]} failed with it.", ""
        return report.problem or "Not every test passed with it.", ""

    def _end(self, more: str = "") -> Refactoring:
        steps, refused = tuple(self.steps), tuple(self.refused)
        status = RefactoringStatus.REFACTORED if steps else RefactoringStatus.UNCHANGED
        return Refactoring(status, steps, refused, tell(steps, refused) + more)


def tell(steps: Sequence[Step], refused: Sequence[Step]) -> str:
    """What was done and what was not, one edit a line."""
    if not steps and not refused:
        return _NOTHING
    count = f"{len(steps)} simplification" + ("" if len(steps) == 1 else "s")
    return "\n".join([f"{count} made." if steps else _NOTHING, *map(str, [*steps, *refused])])


class _Origins:
    """Which line of the submitted text each line of the edited one comes from."""

    def __init__(self, text: str) -> None:
        self._lines = list(range(1, _breaks(text) + 2))

    def of(self, line: int) -> int:
        """The line before all edits; both 1-based."""
        return self._lines[line - 1]

    def follow(self, edit: Edit, before: str) -> None:
        """Take note of an edit to the text ``before``."""
        first, last = _breaks(before[: edit.start]), _breaks(before[: edit.end])
        begun, new = self._lines[first : last + 1], _breaks(edit.text) + 1
        origins = [begun[min(n, len(begun) - 1)] for n in range(new)]
        if before[: edit.end].endswith(("\n", "\r")):
            origins[-1] = begun[-1]  # whole lines went; the one behind them is untouched
        self._lines[first : last + 1] = origins


def _breaks(text: str) -> int:
    """Line breaks as Python counts them."""
    return text.count("\n") + text.count("\r") - text.count("\r\n")
