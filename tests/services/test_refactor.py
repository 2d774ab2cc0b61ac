"""Refactorings that are proven, and what becomes of an edit that the proof rejects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Task, TaskKind
from fractal_rmo.domain.verdict import Level
from fractal_rmo.ports.sandbox import Sandbox
from fractal_rmo.refactoring.proposals import proposals
from fractal_rmo.refactoring.simplify import Step
from fractal_rmo.services.refactor import prefix_left
from fractal_rmo.services.solve import Solution, solve

pytestmark = pytest.mark.thorough

UNBOUND = """def f(a):
    if not a in (1, 2):
        a = a + 0
    try:
        return g(a)
    except UnboundLocalError:
        return "a local variable"
    except NameError:
        return "a free variable"


def g(a):
    if a > 3:
        b = 1
    c = []
    for i in [1]:
        c.append(b + i)
    print(c)
    d = len(c)
    return d
"""
"""A comprehension reads ``b`` as a free variable: another error where it has no value."""


@pytest.fixture(scope="module", name="jail")
def make_jail() -> Iterator[Sandbox]:
    sandbox = ZygoteSandbox()
    yield sandbox
    sandbox.close()


def refactor(jail: Sandbox, code: str, test: str, level: Level = Level.PROPERTY) -> Solution:
    tests = SourceTree({"test_s.py": f"from solution import f\n\n\ndef test_1():\n    {test}\n"})
    task = Task(
        code=SourceTree({"solution.py": code}), tests=tests, kind=TaskKind.REFACTOR, level=level
    )
    return solve(task, jail)


@pytest.mark.slow
def test_an_edit_that_the_proof_rejects_is_dropped_and_the_rest_is_proven(jail: Sandbox) -> None:
    found = refactor(jail, UNBOUND, "assert f(5) == 1")
    assert (found.proven, found.proven_level) == (True, 5)
    text = found.result.files["solution.py"]
    assert "if a not in (1, 2)" in text
    assert "return len(c)" in text
    assert "for i in [1]:" in text
    (dropped,) = [edit for edit in found.edits if edit["why_not"]]
    assert (dropped["rule"], dropped["line"]) == ("appending-loop", 15)
    assert "f(" in str(dropped["why_not"])
    assert "Not kept: " in found.explanation


def test_code_that_is_not_proven_itself_is_handed_back(jail: Sandbox) -> None:
    code = "CALLS = []\n\n\ndef f(a):\n    CALLS.append(a)\n    b = len(CALLS)\n    return b\n"
    other = "assert f(1) == 1\n\n\ndef test_2():\n    assert f(1) == 2"  # in this order only
    found = refactor(jail, code, other, Level.UNIT)
    assert not found.proven
    assert (found.diff, found.edits) == ("", ())
    assert "It is not proven itself" in found.explanation


def test_nothing_to_simplify_is_proven_as_it_is(jail: Sandbox) -> None:
    found = refactor(jail, "def f(a):\n    return a + 1\n", "assert f(1) == 2")
    assert (found.proven, found.diff) == (True, "")
    assert "Nothing to simplify was found" in found.explanation


def test_failing_tests_are_told_and_nothing_is_changed(jail: Sandbox) -> None:
    found = refactor(jail, "def f(a):\n    b = a + 1\n    return b\n", "assert f(1) == 3")
    assert (found.proven, found.diff, found.proven_level) == (False, "", 2)
    assert "test_1 fails" in found.explanation


def steps(count: int) -> list[Step]:
    text = "".join(f"def f{n}(a):\n    b = a\n    return b\n" for n in range(count))
    tree, found = SourceTree({"solution.py": text}), []
    while proposal := next(proposals(tree, SourceTree()), None):
        tree = proposal.apply(tree)
        found.append(Step(proposal, proposal.edit.line, tree))
    return found


def test_half_of_what_was_rejected_is_tried_next_and_none_at_last() -> None:
    made = steps(5)
    rejected = frozenset[str]()
    counts = []
    for _ in range(4):
        left = prefix_left(made, rejected, last=False)
        counts.append(len(left))
        rejected |= {left[-1].tree.sha256} if left else set()
    assert counts == [5, 2, 1, 0]
    assert prefix_left(made, frozenset({made[-1].tree.sha256}), last=True) == []
    assert prefix_left(made, frozenset(), last=True) == made
