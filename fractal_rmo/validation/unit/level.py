"""Level 3: the given tests hold, twice: in another order and under another hash seed.

The first run is pytest's.  The second, where that makes no difference, calls the tests.

Tests and code run in two jails, and the comparisons happen on the tests' side.
What cannot be taken apart runs in one process; the verdict then says so
(``shared_process``) and why, and the same tests must fail on a known-wrong
stub of the code (the canary).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Dialogue, RunEnding, RunRequest, RunResult, Runtime, needs_pytest
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.editing.names import doubtful_name
from fractal_rmo.validation.missing import missing_module
from fractal_rmo.validation.subject import Subject
from fractal_rmo.validation.unit.canary import canary_of
from fractal_rmo.validation.unit.run import (
    TestRun,
    read_run,
    run_apart,
    run_together,
    why_together,
)
from fractal_rmo.validation.unjudged import NO_SCHEMA, no_jail

SHUFFLE_SEED = 20_011
MAX_FAILURES = 50
_ENDINGS = {
    RunEnding.TIMED_OUT: "The tests ran out of time.",
    RunEnding.OUT_OF_MEMORY: "The tests ran out of memory.",
    RunEnding.TOO_MUCH_OUTPUT: "The tests printed too much.",
    RunEnding.CRASHED: "The test process crashed.",
}
_CODE_LEFT = "The code's process ended while the tests were asking it."
_ENDINGS_OF_CODE = {
    RunEnding.TIMED_OUT: "The code ran out of time.",
    RunEnding.OUT_OF_MEMORY: "The code ran out of memory.",
    RunEnding.TOO_MUCH_OUTPUT: "The code printed too much.",
}


@dataclass(frozen=True)
class _Way:
    """How tests and code are brought together: in two jails, or in one and why."""

    run: Callable[..., RunRequest]
    why: str = ""


def unit_level(subject: Subject) -> Dialogue[Verdict]:
    """The verdict of the submitted tests on the code, under pytest."""
    if not list(subject.tests.python_files()):
        return _verdict(Outcome.FAILED, "There are no tests, so nothing is shown.", {}, ())
    if doubt := doubtful_name(subject.code, subject.given, subject.tests):
        return _verdict(Outcome.FAILED, doubt, {"problem": "a doubtful name"}, ())
    why = why_together(subject)
    if not why:
        first = yield run_apart(subject, "unit tests", hash_seed=0)
        why = _why_not_apart(first)
        if not why:
            return (yield from _agreement(first, subject, _Way(run_apart)))
    first = yield run_together(subject, "unit tests, in one process", hash_seed=0)
    judged = yield from _agreement(first, subject, _Way(run_together, why))
    return (yield from _with_canary(judged, subject))


def _why_not_apart(result: RunResult) -> str:
    """What could not cross between the jails, in a sentence; "" when everything did."""
    run = read_run(result) if result.ending is RunEnding.COMPLETED else None
    trouble = run.trouble if run else ""
    kind, _, words = trouble.partition(": ")
    return f"{words[:1].upper()}{words[1:]}." if kind == "CannotCrossError" else ""


def _agreement(first: RunResult, subject: Subject, way: _Way) -> Dialogue[Verdict]:
    """The verdict of the first run, and of a second one that must agree with it."""
    judged = _judge(first, subject, way)
    if judged.outcome is not Outcome.PASSED:
        return judged
    again = yield from _repeated(subject, way)
    return _compared(first, again, subject, way)


def _repeated(subject: Subject, way: _Way) -> Dialogue[RunResult]:
    """The second run: as plain calls where pytest's session would do nothing else."""
    ask = partial(
        way.run, subject, "unit tests in another order", hash_seed=1, shuffle_seed=SHUFFLE_SEED
    )
    if not needs_pytest(subject.tests.files):
        called = yield ask(runtime=Runtime.THIN)
        value = called.value
        if not isinstance(value, Mapping) or value.get("supported") is not False:
            return called
    return (yield ask())


def _with_canary(judged: Verdict, subject: Subject) -> Dialogue[Verdict]:
    """A pass in one process holds only if the same tests fail on code that does nothing."""
    canary = canary_of(subject.code) if judged.outcome is Outcome.PASSED else None
    if canary is None:
        return judged
    result = yield run_together(replace(subject, code=canary), "unit tests on a stub", hash_seed=0)
    run = read_run(result) if result.ending is RunEnding.COMPLETED else None
    alive = run is not None and _reading(run, subject)[0] is Outcome.PASSED
    if not alive:
        return replace(judged, evidence={**judged.evidence, "canary": "failed, as it must"})
    return replace(
        judged,
        outcome=Outcome.FAILED,
        summary="The tests also pass on a stub that only raises, so they show nothing.",
        evidence={**judged.evidence, "canary": "passed"},
    )


def _judge(result: RunResult, subject: Subject, way: _Way) -> Verdict:
    """The verdict on a single run."""
    evidence: dict[str, Json] = {"command": "pytest on every submitted test file"}
    evidence["processes"] = (
        f"one: {way.why}" if way.why else "two: one jail for tests, one for code"
    )
    judged = _judge_run(result, subject, evidence)
    return replace(judged, shared_process=bool(way.why))


def _judge_run(result: RunResult, subject: Subject, evidence: dict[str, Json]) -> Verdict:
    for run_result in filter(None, (result, result.beside)):
        if run_result.ending is RunEnding.UNAVAILABLE:
            evidence["ending"] = run_result.ending.value
            return _verdict(Outcome.ERROR, no_jail(run_result), evidence, (result,))
    if result.ending is not RunEnding.COMPLETED:
        evidence |= {"ending": result.ending.value, "detail": result.detail}
        evidence["output"] = result.output[-2000:]
        summary = f"{_ENDINGS[result.ending]} {result.detail}".strip()
        return _verdict(Outcome.FAILED, summary, evidence, (result,))
    run = read_run(result)
    if run is None:
        return _verdict(Outcome.ERROR, NO_SCHEMA, evidence, (result,))
    evidence["counts"] = run.counts()
    evidence["failures"] = [test.as_json() for test in run.not_passed[:MAX_FAILURES]]
    outcome, summary = _trouble(run, result) or _reading(run, subject)
    if outcome is not Outcome.PASSED:
        evidence |= {"problem": run.problem, "output": result.output[-2000:]}
    return _verdict(outcome, summary, evidence, (result,), run.tools)


def _trouble(run: TestRun, result: RunResult) -> tuple[Outcome, str] | None:
    """What is no pass whatever the tests say: the code left, or an object of its lied."""
    kind, _, words = run.trouble.partition(": ")
    if kind == "DeceitError":
        return Outcome.FAILED, words
    if kind == "CannotAnswerError":
        return Outcome.FAILED, f"What the code answers cannot be compared: {words}."
    if kind != "CandidateGoneError":
        return None
    how = result.beside
    ending = _ENDINGS_OF_CODE.get(how.ending, "") if how else ""
    detail = how.detail if how and how.ending is not RunEnding.COMPLETED else ""
    return Outcome.FAILED, " ".join(filter(None, (ending or _CODE_LEFT, detail)))


def _reading(run: TestRun, subject: Subject) -> tuple[Outcome, str]:
    """(outcome, one sentence) of a completed run: everything must have run and passed."""
    said = [run.problem, *(f"{test.type} {test.message}" for test in run.not_passed)]
    if (missing := missing_module(said, subject)) is not None:
        return missing
    if run.problem:
        return Outcome.FAILED, f"The tests could not all be collected: {run.problem}"
    if not run.collected:
        return Outcome.FAILED, "pytest found no test in the submitted files, so nothing is shown."
    if run.not_passed:
        worst = min(run.not_passed, key=lambda t: t.outcome not in ("failed", "error"))
        words = f" ({worst.type}: {worst.message.splitlines()[0]})" if worst.message else ""
        failed = sum(test.outcome in ("failed", "error") for test in run.not_passed)
        rest = f"{failed or len(run.not_passed)} of {len(run.collected)} tests did not pass"
        return Outcome.FAILED, f"{rest}: {worst.id} {worst.outcome}{words}."
    if sorted(run.passed) != sorted(set(run.collected)):
        count = len(set(run.passed))
        return (
            Outcome.FAILED,
            f"Only {count} of {len(run.collected)} collected tests were executed.",
        )
    return Outcome.PASSED, f"{_all(run)} passed."


def _all(run: TestRun) -> str:
    count = len(run.collected)
    return f"All {count} tests" if count > 1 else "The one test"


def _compared(first: RunResult, again: RunResult, subject: Subject, way: _Way) -> Verdict:
    """PASSED when the repetition agrees, FLAKY when it does not."""
    second = _judge(again, subject, way)
    seeds: dict[str, Json] = {"hash_seeds": [0, 1], "shuffle_seed": SHUFFLE_SEED, "runs": 2}
    second = replace(
        second,
        evidence={**second.evidence, **seeds},
        duration_s=first.duration_s + again.duration_s,
    )
    if second.outcome is Outcome.ERROR:
        return second
    one, two = read_run(first), read_run(again)
    agree = one is not None and two is not None and one.outcomes() == two.outcomes()
    if one is not None and agree and second.outcome is Outcome.PASSED:
        summary = f"{_all(one)} passed, twice, in different orders."
        return replace(second, summary=summary)
    summary = (
        f"The tests passed, but not in another order and under another hash seed: {second.summary}"
    )
    return replace(second, outcome=Outcome.FLAKY, summary=summary)


def _verdict(
    outcome: Outcome,
    summary: str,
    evidence: Mapping[str, Json],
    runs: tuple[RunResult, ...],
    tools: Mapping[str, str] | None = None,
) -> Verdict:
    return Verdict(
        Level.UNIT,
        outcome,
        summary,
        evidence,
        duration_s=sum(run.duration_s for run in runs),
        tier=runs[0].tier.value if runs else "",
        tools=tools or {},
    )
