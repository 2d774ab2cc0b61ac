"""Level 3: only tests that all ran and all passed, twice, are a pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fractal_rmo.domain.run import RunEnding, RunResult, Tier
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Outcome
from fractal_rmo.validation.subject import Subject
from fractal_rmo.validation.unit.level import unit_level

Canned = Callable[..., tuple[Any, Any]]
Driver = Callable[..., Any]
GOOD = "from solution import add\ndef test_1():\n    assert add(1, 2) == 3\n"
ADD = "def add(a, b):\n    return a + b\n"
SUBJECT = Subject(SourceTree({"solution.py": ADD}), SourceTree({"test_s.py": GOOD}))


def test_two_agreeing_runs_pass_and_say_what_they_prove(canned: Canned) -> None:
    verdict, asked = canned(unit_level(SUBJECT), [_completed("passed"), _completed("passed")])
    assert verdict.outcome is Outcome.PASSED
    assert verdict.shared_process is False
    assert all(request.beside for request in asked)
    assert verdict.duration_s == 0.5
    assert verdict.tier == "namespaces"
    assert verdict.evidence["counts"] == {"collected": 1, "executed": 1, "passed": 1}
    assert [r.payload["hash_seed"] for r in asked] == [0, 1]
    assert "shuffle_seed" in asked[1].payload


def test_a_differing_repetition_is_flaky(canned: Canned) -> None:
    verdict, _ = canned(unit_level(SUBJECT), [_completed("passed"), _completed("failed")])
    assert verdict.outcome is Outcome.FLAKY


def test_a_repetition_that_times_out_is_flaky(canned: Canned) -> None:
    late = RunResult(RunEnding.TIMED_OUT, detail="10 s")
    assert canned(unit_level(SUBJECT), [_completed("passed"), late])[0].outcome is Outcome.FLAKY


def test_a_repetition_without_a_jail_is_an_error(canned: Canned) -> None:
    gone = RunResult(RunEnding.UNAVAILABLE, detail="no jail")
    assert canned(unit_level(SUBJECT), [_completed("passed"), gone])[0].outcome is Outcome.ERROR


@pytest.mark.parametrize("outcome", ["failed", "error", "skipped", "xfailed", "xpassed"])
def test_anything_but_passed_fails_at_once(canned: Canned, outcome: str) -> None:
    verdict, asked = canned(unit_level(SUBJECT), [_completed(outcome)])
    assert verdict.outcome is Outcome.FAILED
    assert len(asked) == 1
    assert "1 of 1 tests did not pass" in verdict.summary


def test_skipped_tests_are_not_counted_as_failed(canned: Canned) -> None:
    run = _completed("failed")
    value: Any = run.value
    results = [*value["results"], {**value["results"][0], "outcome": "skipped"}]
    both = {**value, "collected": ["t::a", "t::b"], "results": results}
    verdict, _ = canned(unit_level(SUBJECT), [replace(run, value=both)])
    assert "1 of 2 tests did not pass" in verdict.summary


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        (RunEnding.TIMED_OUT, "time"),
        (RunEnding.OUT_OF_MEMORY, "memory"),
        (RunEnding.TOO_MUCH_OUTPUT, "printed too much"),
        (RunEnding.CRASHED, "crashed"),
    ],
)
def test_every_bad_ending_fails_by_its_name(canned: Canned, ending: RunEnding, words: str) -> None:
    verdict, _ = canned(unit_level(SUBJECT), [RunResult(ending, detail="The figure.")])
    assert verdict.outcome is Outcome.FAILED
    assert words in verdict.summary
    assert "The figure." in verdict.summary
    assert verdict.evidence["ending"] == ending.value


def test_tests_that_were_collected_but_not_executed_fail(canned: Canned) -> None:
    value: Any = {
        "supported": True,
        "collected": ["a", "b"],
        "results": [_test("a")],
        "problem": "",
    }
    verdict, _ = canned(unit_level(SUBJECT), [RunResult(RunEnding.COMPLETED, value)])
    assert verdict.outcome is Outcome.FAILED
    assert "Only 1 of 2" in verdict.summary


@pytest.mark.parametrize("value", [None, [], {"supported": True}, {"supported": False}, "passed"])
def test_a_strange_answer_is_an_error_not_a_pass(canned: Canned, value: Any) -> None:
    verdict, _ = canned(unit_level(SUBJECT), [RunResult(RunEnding.COMPLETED, value)])
    assert verdict.outcome is Outcome.ERROR


def test_no_tests_fail_without_a_run(canned: Canned) -> None:
    verdict, asked = canned(unit_level(Subject(SUBJECT.code, SourceTree())), [])
    assert (verdict.outcome, asked) == (Outcome.FAILED, [])


REAL = {
    "good": (GOOD, Outcome.PASSED, "twice"),
    "wrong": (GOOD.replace("3", "4"), Outcome.FAILED, "test_1 failed"),
    "nothing collected": ("x = 1\n", Outcome.FAILED, "no test"),
    "missing third party": ("import not_there\n" + GOOD, Outcome.ERROR, "'not_there'"),
    "missing in the code": ("from solution import sub\n", Outcome.FAILED, "'sub'"),
    "missing submodule": ("import solution.deep\n" + GOOD, Outcome.FAILED, "'solution.deep'"),
    "order": (
        (
            "seen = []\ndef test_1(): seen.append(1)\ndef test_2(): assert seen\n"
            "def test_3(): assert seen\ndef test_4(): assert seen\n"
        ),
        Outcome.FLAKY,
        "another order",
    ),
    "exit": ("import os\nos._exit(0)\n", Outcome.FAILED, "crashed"),
    "skip": ("import pytest\npytest.skip(allow_module_level=True)\n", Outcome.FAILED, "skips"),
}


@pytest.mark.parametrize(("text", "outcome", "words"), REAL.values(), ids=REAL.keys())
def test_through_the_real_sandbox(real: Driver, text: str, outcome: Outcome, words: str) -> None:
    verdict = real(unit_level(Subject(SUBJECT.code, SourceTree({"test_s.py": text}))))
    assert verdict.outcome is outcome, verdict
    assert words in verdict.summary


def test_the_repetition_has_another_hash_seed(real: Driver) -> None:
    """Strings hash differently in the two runs, so a test that fixes one hash is flaky."""
    first = real(unit_level(_hashing("0")))
    value = first.evidence["failures"][0]["message"].split("==")[0].removeprefix("assert ")
    assert real(unit_level(_hashing(value.strip()))).outcome is Outcome.FLAKY


def _hashing(number: str) -> Subject:
    text = f"def test_1():\n    value = hash('alpha')\n    assert value == {number}\n"
    return Subject(SUBJECT.code, SourceTree({"test_s.py": text}))


def _test(name: str, outcome: str = "passed") -> dict[str, Any]:
    return {"id": name, "outcome": outcome, "type": "", "message": "", "path": "", "line": 0}


def _completed(outcome: str) -> RunResult:
    value: Any = {
        "supported": True,
        "collected": ["a"],
        "results": [_test("a", outcome)],
        "problem": "",
    }
    return RunResult(RunEnding.COMPLETED, value, duration_s=0.25, tier=Tier.NAMESPACES)


@pytest.mark.parametrize(
    ("code", "tests"),
    [
        (
            {"solution.py": "def add(a, b):\n    return 0\n", "helpers.py": "THREE = 0\n"},
            {
                "helpers.py": "THREE = 3\n",
                "test_s.py": "from helpers import THREE\nfrom solution import add\n"
                "def test_1():\n    assert add(1, 2) == THREE\n",
            },
        ),
        (
            {
                "solution.py": "def add(a, b):\n    return 0\n",
                "pytest.py": "def approx(number):\n    return 0\n",
            },
            {
                "test_s.py": "import pytest\nfrom solution import add\n"
                "def test_1():\n    assert add(1, 2) == pytest.approx(3)\n"
            },
        ),
    ],
    ids=["a helper of the tests", "pytest itself"],
)
@pytest.mark.parametrize("written", [True, False])
def test_what_is_expected_never_comes_from_the_code(
    real: Driver, code: dict[str, str], tests: dict[str, str], written: bool
) -> None:
    """Wrong code that brings its own expectation: before names were looked at, it passed."""
    subject = Subject(SourceTree(code), SourceTree(tests), written=written)
    assert real(unit_level(subject)).outcome is Outcome.FAILED


def test_a_file_nobody_gave_does_not_lead_into_one_process(canned: Canned) -> None:
    tests = {"tests/__init__.py": "", "tests/test_s.py": GOOD}
    lying = Subject(
        SourceTree({"solution.py": ADD, "tests/more.py": ""}), SourceTree(tests), written=True
    )
    verdict, asked = canned(unit_level(lying), [])
    assert (verdict.outcome, asked) == (Outcome.FAILED, [])
    assert "folder 'tests' of the tests" in verdict.summary
