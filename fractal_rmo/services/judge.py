"""A proposal against the tests, in the jail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fractal_rmo.domain.action import ExecutionResult, Strategy
from fractal_rmo.domain.errors import ErrorCode, SandboxUnavailableError
from fractal_rmo.domain.run import Dialogue, RunEnding, RunResult
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import Claim
from fractal_rmo.domain.task import TaskKind
from fractal_rmo.editing.judging import FAILING, TestReport, first_run
from fractal_rmo.editing.names import doubtful_name
from fractal_rmo.services.drive import drive
from fractal_rmo.services.hold import Hold
from fractal_rmo.services.performed import Turn, done, latest_proposal
from fractal_rmo.services.tools import Tools

NEAR = 0.5
"""The share of passing tests from which a repair is tried."""
_MOST_LINES, _LONGEST = 8, 300


def judge(claim: Claim, hold: Hold, tools: Tools) -> tuple[ExecutionResult, SourceTree | None]:
    """The proposal as the candidate where all tests pass, else why it is not."""
    code = latest_proposal(claim) or claim.code
    if doubt := doubtful_name(code, claim.code, claim.oracle):
        note = f"The proposal was not run. {doubt}"
        return done(Strategy.SANDBOXED, Turn.REJECTED, note, passing=0, evidence=[doubt]), None
    hold.note({"stage": "judge", "trying": "the tests of a proposal"})
    with tools.sandbox.session(claim.python, hold.must_stop) as run:
        result, report = drive(_tested(claim.oracle, code), run)
    if result.ending is RunEnding.UNAVAILABLE:
        raise SandboxUnavailableError(ErrorCode.SANDBOX_UNAVAILABLE, result.detail)
    passing = sum(outcome == "passed" for outcome in report.outcomes.values())
    if passing and not report.failing and not report.problem:
        note = f"A model's proposal passes {_counted(passing)}."
        return done(Strategy.SANDBOXED, Turn.GENERATED, note, tried=1, passing=passing), code
    near = passing >= NEAR * (passing + len(report.failing)) and bool(passing and report.failing)
    turn = Turn.NEAR_MISS if near and claim.kind is not TaskKind.REFACTOR else Turn.REJECTED
    lines = _lines(result, report)
    note = f"The proposal passes {_counted(passing)}, and {len(report.failing)} fail."
    return done(
        Strategy.SANDBOXED, turn, note, tried=1, passing=passing, evidence=list(lines)
    ), None


def _tested(tests: SourceTree, code: SourceTree) -> Dialogue[tuple[RunResult, TestReport]]:
    _, result, report = yield from first_run(tests, code)
    return result, report


def _counted(number: int) -> str:
    return "1 test" if number == 1 else f"{number} tests"


def _lines(result: RunResult, report: TestReport) -> Sequence[str]:
    """What failed and in which words, for the next question."""
    value = result.value if isinstance(result.value, Mapping) else {}
    rows = value.get("results")
    said = [report.problem] if report.problem else []
    said += [
        f"{row.get('id')} failed: {row.get('type')}: {row.get('message')}"
        for row in (rows if isinstance(rows, list | tuple) else ())
        if isinstance(row, Mapping) and row.get("outcome") in FAILING
    ]
    return [line[:_LONGEST] for line in said[:_MOST_LINES]] or ["No test was found."]
