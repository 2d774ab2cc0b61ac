"""The engine: edits up to a fixed point, each judged by the tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fractal_rmo.domain.run import RunEnding, RunRequest, RunResult
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.refactoring.proposals import proposals
from fractal_rmo.refactoring.simplify import Refactoring, RefactoringStatus, simplify
from tests.refactoring.hostile import HOSTILE
from tests.repair import inprocess

CODE = """import math


def f(a):
    b = []
    for c in a:
        if not c in (1, 2):
            b.append(c)
    return b


def g(a):
    d = a + 1
    return d
"""
SIMPLER = """def f(a):
    return [c for c in a if c not in (1, 2)]


def g(a):
    return a + 1
"""
TESTS = "from solution import f, g\n\n\ndef test_1():\n    assert f([1, 3]) == [3] and g(1) == 2\n"


def work(
    code: str,
    tests: str = TESTS,
    *,
    excluded: frozenset[str] = frozenset(),
    pause: Callable[[], bool] = lambda: False,
    runner: Callable[[RunRequest], RunResult] = inprocess.run,
) -> tuple[Refactoring, list[str]]:
    trees = SourceTree({"solution.py": code}), SourceTree({"test_solution.py": tests})
    return inprocess.drive(simplify(*trees, excluded=excluded, pause=pause), runner)


def test_edits_are_made_until_nothing_gets_simpler() -> None:
    found, labels = work(CODE)
    assert found.status is RefactoringStatus.REFACTORED
    assert found.steps[-1].tree.files["solution.py"] == SIMPLER
    assert not found.refused
    assert len(labels) == len(found.steps) + 1


def test_each_edit_is_told_with_its_line_in_the_submitted_code() -> None:
    found, _ = work(CODE)
    lines = {step.proposal.rule: step.line for step in found.steps if step.line > 9}
    assert lines == {"named-result": 13}
    rules = [(step.proposal.rule, step.line) for step in found.steps if step.line <= 9]
    assert set(rules) >= {("unused-import", 1), ("appending-loop", 5), ("named-result", 5)}
    assert found.note.startswith(f"{len(found.steps)} simplifications made.\nsolution.py, line 1: ")


def test_an_edit_that_the_tests_reject_is_not_kept_and_the_others_are() -> None:
    found, _ = work(CODE, TESTS + "    assert 'd' in g.__code__.co_varnames\n")
    assert found.steps[-1].tree.files["solution.py"] == SIMPLER.replace(
        "    return a + 1\n", "    d = a + 1\n    return d\n"
    )
    (refused,) = found.refused
    assert (refused.proposal.rule, refused.line) == ("named-result", 13)
    assert "test_1" in refused.why_not
    assert str(refused) in found.note


def test_an_excluded_edit_is_not_made_again() -> None:
    found, _ = work(CODE)
    key = found.steps[-1].proposal.key
    again, _ = work(CODE, excluded=frozenset({key}))
    assert key not in {step.proposal.key for step in again.steps}
    assert len(again.steps) == len(found.steps) - 1


def test_a_pause_keeps_what_was_reached() -> None:
    found, _ = work(CODE, pause=lambda: True)
    assert len(found.steps) == 1
    assert found.note.endswith("Time ran out; there may be more to simplify.")
    assert found.status is RefactoringStatus.REFACTORED


def test_nothing_to_simplify_needs_no_run() -> None:
    found, labels = work(SIMPLER)
    assert (found.status, labels) == (RefactoringStatus.UNCHANGED, [])
    assert "Nothing to simplify" in found.note


@pytest.mark.parametrize(
    ("tests", "why"),
    [
        ("from solution import g\ndef test_1():\n    assert g(1) == 3\n", "test_1 fails"),
        ("import nowhere_at_all\ndef test_1():\n    pass\n", "nowhere_at_all"),
        ("x = 1\n", "No test passed"),
    ],
)
def test_code_whose_tests_do_not_pass_is_left_alone(tests: str, why: str) -> None:
    found, _ = work(CODE, tests)
    assert (found.status, found.steps) == (RefactoringStatus.CANNOT_JUDGE, ())
    assert why in found.note


@pytest.mark.parametrize("after", [0, 1])
def test_a_lost_sandbox_is_nobodys_verdict(after: int) -> None:
    runs = 0

    def runner(request: RunRequest) -> RunResult:
        nonlocal runs
        runs += 1
        if runs > after:
            return RunResult(RunEnding.UNAVAILABLE, detail="No jail.")
        return inprocess.run(request)

    found, _ = work(CODE, runner=runner)
    assert (found.status, found.note) == (RefactoringStatus.UNAVAILABLE, "No jail.")


MADE = {
    "deep expression": f"def f(a):\n    return {'(' * 80}not a in [1]{')' * 80}\n",
    "deep sums": f"def f(a):\n    b = {'+'.join(['a'] * 3000)}\n    return b\n",
    "deep blocks": "if a:\n"
    + "".join(f"{' ' * n}if a:\n" for n in range(1, 40))
    + " " * 40
    + "f()\n",
    "CRLF": CODE.replace("\n", "\r\n"),
    "CR": CODE.replace("\n", "\r"),
    "form feeds": CODE.replace("\n\n", "\n\f\n"),
    "no newline at the end": CODE.rstrip("\n"),
    "a byte order mark": "\ufeff" + CODE,
    "an encoding": "# -*- coding: latin-1 -*-\n" + CODE.replace("b", "größe").replace("c", "ß"),
}
TEXTS = {**HOSTILE, **MADE}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_whatever_is_simplified_stays_valid_code(text: str) -> None:
    tree, tests = SourceTree({"solution.py": text}), SourceTree()
    for _ in range(100):
        proposal = next(proposals(tree, tests), None)
        if proposal is None:
            break
        tree = proposal.apply(tree)
        compile(tree.files["solution.py"], "solution.py", "exec")
    assert next(proposals(tree, tests), None) is None
    ends = {"\r\n": "CRLF", "\r": "CR"}
    for end, name in ends.items():
        if text == MADE[name]:
            assert tree.files["solution.py"].split(end) == SIMPLER.split("\n")
