"""Level 3: the given tests hold, twice: in another order and under another hash seed.

Oracle and candidate share a process here, and the verdict says so
(``shared_process``): code that is out to deceive its tests could.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Dialogue, RunEnding, RunResult
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.validation.subject import Subject
from fractal_rmo.validation.unit_run import TestRun, read_run, run_of_tests

SHUFFLE_SEED = 20_011
MAX_FAILURES = 50
_MISSING = re.compile(r"needs the module '([^']+)', which is missing|No module named '([^']+)'")
_ENDINGS = {
    RunEnding.TIMED_OUT: "The tests ran out of time.",
    RunEnding.OUT_OF_MEMORY: "The tests ran out of memory.",
    RunEnding.TOO_MUCH_OUTPUT: "The tests printed too much.",
    RunEnding.CRASHED: "The test process crashed.",
}


def unit_level(subject: Subject) -> Dialogue[Verdict]:
    """The verdict of the submitted tests on the code, under pytest."""
    if not list(subject.tests.python_files()):
        return _verdict(Outcome.FAILED, "There are no tests, so nothing is shown.", {}, ())
    first = yield run_of_tests(subject, "unit tests", hash_seed=0)
    judged = _judge(first, subject)
    if judged.outcome is not Outcome.PASSED:
        return judged
    again = yield run_of_tests(
        subject, "unit tests in another order", hash_seed=1, shuffle_seed=SHUFFLE_SEED
    )
    return _agreement(first, again, subject)


def _judge(result: RunResult, subject: Subject) -> Verdict:
    """The verdict on a single run."""
    evidence: dict[str, Json] = {"command": "pytest on every submitted test file"}
    if result.ending is RunEnding.UNAVAILABLE:
        summary = f"No jail could be had, so nothing was judged: {result.detail}"
        return _verdict(Outcome.ERROR, summary, evidence, (result,))
    if result.ending is not RunEnding.COMPLETED:
        evidence |= {"ending": result.ending.value, "detail": result.detail}
        evidence["output"] = result.output[-2000:]
        summary = f"{_ENDINGS[result.ending]} {result.detail}".strip()
        return _verdict(Outcome.FAILED, summary, evidence, (result,))
    run = read_run(result)
    if run is None:
        summary = "The run gave an answer that does not fit its schema, so nothing was judged."
        return _verdict(Outcome.ERROR, summary, evidence, (result,))
    evidence["counts"] = run.counts()
    evidence["failures"] = [test.as_json() for test in run.not_passed[:MAX_FAILURES]]
    outcome, summary = _reading(run, subject)
    if outcome is not Outcome.PASSED:
        evidence |= {"problem": run.problem, "output": result.output[-2000:]}
    return _verdict(outcome, summary, evidence, (result,), run.tools)


def _reading(run: TestRun, subject: Subject) -> tuple[Outcome, str]:
    """(outcome, one sentence) of a completed run: everything must have run and passed."""
    if (missing := _missing_module(run, subject)) is not None:
        return missing
    if run.problem:
        return Outcome.FAILED, f"The tests could not all be collected: {run.problem}"
    if not run.collected:
        return Outcome.FAILED, "pytest found no test in the submitted files, so nothing is shown."
    if run.not_passed:
        worst = min(run.not_passed, key=lambda t: t.outcome not in ("failed", "error"))
        words = f" ({worst.type}: {worst.message.splitlines()[0]})" if worst.message else ""
        rest = f"{len(run.not_passed)} of {len(run.collected)} tests did not pass"
        return Outcome.FAILED, f"{rest}: {worst.id} {worst.outcome}{words}."
    if sorted(run.passed) != sorted(set(run.collected)):
        count = len(set(run.passed))
        return (
            Outcome.FAILED,
            f"Only {count} of {len(run.collected)} collected tests were executed.",
        )
    return Outcome.PASSED, f"All {len(run.collected)} tests passed."


def _missing_module(run: TestRun, subject: Subject) -> tuple[Outcome, str] | None:
    """A module that is missing here is our shortcoming; one missing from the code is the code's."""
    texts = [run.problem, *(f"{test.type} {test.message}" for test in run.not_passed)]
    found = next((match for text in texts if (match := _MISSING.search(text))), None)
    if found is None:
        return None
    name = found[1] or found[2]
    if _belongs_to_code(name, subject) or name.partition(".")[0] in sys.stdlib_module_names:
        return Outcome.FAILED, f"The code has no module '{name}', which is imported."
    return Outcome.ERROR, (
        f"The tests need the module '{name}', which is neither in the code nor installed here,"
        " so nothing was judged."
    )


def _belongs_to_code(name: str, subject: Subject) -> bool:
    """Whether the module's top-level package is submitted, though the module itself is not."""
    root = name.partition(".")[0]
    paths = [*subject.code.files, *subject.tests.files]
    return any(path == f"{root}.py" or path.startswith(f"{root}/") for path in paths)


def _agreement(first: RunResult, again: RunResult, subject: Subject) -> Verdict:
    """PASSED when the repetition agrees, FLAKY when it does not."""
    second = _judge(again, subject)
    runs = (first, again)
    seeds: dict[str, Json] = {"hash_seeds": [0, 1], "shuffle_seed": SHUFFLE_SEED, "runs": 2}
    evidence = {**second.evidence, **seeds}
    if second.outcome is Outcome.ERROR:
        return _verdict(Outcome.ERROR, second.summary, evidence, runs)
    one, two = read_run(first), read_run(again)
    if one is not None and two is not None and one.outcomes() == two.outcomes():
        summary = f"All {len(one.collected)} tests passed, twice, in different orders."
        return _verdict(Outcome.PASSED, summary, evidence, runs, one.tools)
    summary = (
        f"The tests passed, but not in another order and under another hash seed: {second.summary}"
    )
    return _verdict(Outcome.FLAKY, summary, evidence, runs)


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
        shared_process=bool(runs),
    )
