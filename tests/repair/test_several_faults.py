"""Programs as students write them, with two or three faults of which none alone explains all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.domain.run import Runner
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.repair.problem import RepairOutcome, RepairProblem, RepairStatus
from fractal_rmo.repair.search import search
from fractal_rmo.services.drive import drive

pytestmark = pytest.mark.thorough

GRADES = """\
def average(marks):
    total = 1
    for mark in marks:
        total += mark
    return total / len(marks)


def grade(marks):
    mean = average(marks)
    if mean > 90:
        return "A"
    if mean >= 70:
        return "B"
    return "C"
"""
GRADES_TESTS = """\
from solution import average, grade
def test_average(): assert average([80, 90]) == 85
def test_one(): assert average([7]) == 7
def test_top(): assert grade([90, 90]) == "A"
def test_middle(): assert grade([69, 71]) == "B"
def test_low(): assert grade([10]) == "C"
"""
PALINDROME = """\
def is_palindrome(text):
    letters = [c for c in text if c.isalpha()]
    left, right = 0, len(letters)
    while left < right:
        if letters[left] == letters[right]:
            return False
        left += 1
        right -= 1
    return True
"""
PALINDROME_TESTS = """\
from solution import is_palindrome
def test_empty(): assert is_palindrome("")
def test_yes(): assert is_palindrome("abba")
def test_odd(): assert is_palindrome("a b, cba")
def test_no(): assert not is_palindrome("abca")
def test_short(): assert not is_palindrome("ab")
"""
QUEUE = """\
class Queue:
    def __init__(self):
        self.items = []
        self.served = 1

    def push(self, item):
        self.items.append(item)

    def pop(self):
        if len(self.items) == 1:
            return None
        self.served += 1
        return self.items.pop()

    def __len__(self):
        return len(self.items)
"""
QUEUE_TESTS = """\
from solution import Queue
def test_empty(): assert Queue().pop() is None
def test_single():
    q = Queue()
    q.push(3)
    assert q.pop() == 3
def test_order():
    q = Queue()
    for n in (1, 2, 3): q.push(n)
    assert [q.pop(), q.pop(), q.pop()] == [1, 2, 3]
def test_served():
    q = Queue()
    assert q.served == 0
"""


@pytest.fixture(scope="module", name="run")
def make_run() -> Iterator[Runner]:
    sandbox = ZygoteSandbox()
    with sandbox.session() as session:
        yield session
    sandbox.close()


def repair(run: Runner, code: str, tests: str) -> RepairOutcome:
    trees = SourceTree({"solution.py": code}), SourceTree({"test_solution.py": tests})
    return drive(search(RepairProblem(*trees), max_candidates=30_000), run)


@pytest.mark.parametrize(
    ("code", "tests", "edits", "truths"),
    [
        (GRADES, GRADES_TESTS, 2, ["average([1, 2, 3]) == 2", "grade([70]) == 'B'"]),
        pytest.param(
            *(PALINDROME, PALINDROME_TESTS, 2),
            ["is_palindrome('xyzyx')", "not is_palindrome('xyzx')"],
            marks=pytest.mark.slow,
        ),
        pytest.param(
            *(QUEUE, QUEUE_TESTS, 3),
            ["Queue().served == 0", "len(Queue()) == 0"],
            marks=pytest.mark.slow,
        ),
    ],
    ids=["grades", "palindrome", "queue"],
)
def test_several_faults_are_mended_one_after_the_other(
    run: Runner, code: str, tests: str, edits: int, truths: list[str]
) -> None:
    outcome = repair(run, code, tests)
    assert outcome.status is RepairStatus.REPAIRED
    best = outcome.candidates[0]
    assert best.edits == edits
    space: dict[str, object] = {}
    exec(best.tree.files["solution.py"], space)  # noqa: S102 - our own  # pylint: disable=exec-used
    assert all(eval(truth, space) for truth in truths), best.description  # noqa: S307  # pylint: disable=eval-used
