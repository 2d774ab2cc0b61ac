"""What is asked of the code as it is, before anything is edited."""

from __future__ import annotations

from typing import Any

from fractal_rmo.domain.run import RunEnding, RunRequest, RunResult
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.judging import FIRST_STEPS, MANY_STEPS, STEPS, Bench, first_run
from fractal_rmo.services.drive import drive

CODE, TESTS = SourceTree({"solution.py": "x = 1\n"}), SourceTree({"test_solution.py": "\n"})
NEVER = RunResult(RunEnding.TIMED_OUT, detail="The run used its time.")


def report(kind: str = "") -> RunResult:
    result = {"id": "t", "outcome": "failed" if kind else "passed", "type": kind}
    value: Any = {"supported": True, "collected": ["t"], "results": [result], "problem": ""}
    return RunResult(RunEnding.COMPLETED, value)


ENDLESS = report("StepLimitExceeded")


def looked(*answers: RunResult) -> tuple[Bench, str, list[object]]:
    """The bench, the outcome of the test, and the lines that each run allowed."""
    left, steps = list(answers), list[object]()

    def run(request: RunRequest) -> RunResult:
        steps.append(request.payload["step_limit"])
        return left.pop(0)

    bench, _, seen = drive(first_run(TESTS, CODE), run)
    assert not left
    return bench, seen.outcomes.get("t", ""), steps


def test_a_first_look_allows_few_lines_and_later_runs_more() -> None:
    bench, outcome, steps = looked(report())
    assert (bench.steps, outcome, steps) == (STEPS, "passed", [FIRST_STEPS])


def test_what_seems_endless_is_run_again_if_it_ends_when_nobody_counts() -> None:
    bench, outcome, steps = looked(ENDLESS, report(), report())
    assert (bench.steps, outcome) == (MANY_STEPS, "passed")
    assert steps == [FIRST_STEPS, None, MANY_STEPS]


def test_what_does_not_end_then_either_is_endless() -> None:
    bench, outcome, steps = looked(ENDLESS, NEVER)
    assert (bench.steps, outcome, steps) == (STEPS, "failed", [FIRST_STEPS, None])


def test_tests_that_are_slow_when_traced_are_run_untraced() -> None:
    assert looked(NEVER, report())[1:] == ("passed", [FIRST_STEPS, None])
    assert looked(NEVER, NEVER)[1:] == ("", [FIRST_STEPS, None])
