"""The same stored task under two versions: what it costs, and who is better."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, e

from fractal_rmo.domain.priors import Rule
from fractal_rmo.domain.protocol import StoredFix
from fractal_rmo.domain.run import RunRequest, RunResult
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.repair.shipped import SHIPPED_PRIORS
from fractal_rmo.services.replays import MOST, replayed
from tests.repair import inprocess

CODE = "def f(xs):\n    total = 1\n    for x in xs:\n        total += x\n    return total - 1\n"
TESTS = (
    "from solution import f\n\n"
    "def test_one():\n    assert f([2, 3]) == 6\n\n"
    "def test_two():\n    assert f([]) == 1\n    assert f([5]) == 6\n"
)
STORED = StoredFix(
    "a task",
    "",
    SourceTree({"solution.py": CODE}),
    SourceTree({"test_solution.py": TESTS}),
    SourceTree({"solution.py": CODE.replace("return total - 1", "return (total)")}),
)
WISE = replace(SHIPPED_PRIORS, name="wise", rules=(Rule("term dropped", 1.0),))
_LESS = tuple(Rule(name, 0.0001) for name in ("term dropped", "off by one"))
UNWISE = replace(SHIPPED_PRIORS, name="unwise", rules=_LESS)


class Counting:
    """Runs here, and counts the programs that are judged."""

    def __init__(self) -> None:
        self.programs = 0

    def __call__(self, request: RunRequest) -> RunResult:
        many = request.payload.get("candidates")
        self.programs += len(many) if isinstance(many, list) else 0
        return inprocess.run(request)


def test_a_version_that_knows_better_needs_fewer_candidates() -> None:
    control, candidate = replayed(STORED, SHIPPED_PRIORS, WISE, inprocess.run)
    assert 0 < candidate < control


def test_the_same_version_needs_the_same_and_runs_no_program_twice() -> None:
    once, twice = Counting(), Counting()
    replayed(STORED, SHIPPED_PRIORS, replace(SHIPPED_PRIORS, version=2), twice)
    alone, _ = replayed(STORED, SHIPPED_PRIORS, SHIPPED_PRIORS, once)
    control, candidate = replayed(STORED, SHIPPED_PRIORS, SHIPPED_PRIORS, inprocess.run)
    assert control == candidate == alone
    assert once.programs == twice.programs > 0


def test_a_worse_version_is_not_followed_to_the_end() -> None:
    control, candidate = replayed(STORED, SHIPPED_PRIORS, UNWISE, inprocess.run)
    assert candidate == ceil(e * control)


def test_what_was_proven_and_is_not_found_counts_as_all_that_is_allowed() -> None:
    other = replace(STORED, proven=SourceTree({"solution.py": "def f(values):\n    return 0\n"}))
    control, candidate = replayed(other, SHIPPED_PRIORS, WISE, inprocess.run)
    assert (control, candidate) == (MOST, ceil(e * MOST))


def test_the_order_of_the_two_makes_no_difference() -> None:
    there = replayed(STORED, SHIPPED_PRIORS, WISE, inprocess.run)
    back = replayed(STORED, WISE, SHIPPED_PRIORS, inprocess.run)
    assert there[1] == back[0]
