"""Documentation as a whole: real tests, real jails, real examples."""

from __future__ import annotations

import doctest
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Task, TaskKind
from fractal_rmo.domain.verdict import Level
from fractal_rmo.ports.sandbox import Sandbox
from fractal_rmo.services.solve import Solution, solve

CODE = """import random


def clamp(value: int, low: int = 0, high: int = 10) -> int:
    # low first
    if low > high:
        raise ValueError("low is above high")
    return max(low, min(value, high))


def dice(sides):
    return random.randint(1, 1) * sides


def untested(x):
    return x


class Basket:
    def __init__(self, prices):
        self.prices = prices

    def total(self):
        '''The sum.'''
        return sum(self.prices)

    def add(self, price):
        self.prices.append(price)
        return len(self.prices)
"""
TESTS = """import pytest
from solution import Basket, clamp, dice


@pytest.mark.parametrize("given, wanted", [(15, 10), (-3, 0)])
def test_clamp(given, wanted):
    assert clamp(given) == wanted


def test_order():
    with pytest.raises(ValueError):
        clamp(1, 5, high=2)


def test_dice():
    assert dice(3) == 3


def test_basket():
    assert Basket([1, 2]).total() == 3
    assert Basket([1]).add(4) == 2
"""


@pytest.fixture(scope="module", name="jail")
def make_jail() -> Iterator[Sandbox]:
    sandbox = ZygoteSandbox()
    yield sandbox
    sandbox.close()


def document(jail: Sandbox, code: str, tests: str) -> Solution:
    trees = SourceTree({"solution.py": code}), SourceTree({"test_solution.py": tests})
    return solve(Task("", *trees, kind=TaskKind.DOCUMENT, level=Level.UNIT), jail)


@pytest.mark.thorough
def test_what_tests_call_is_documented_and_proven(jail: Sandbox) -> None:
    found = document(jail, CODE, TESTS)
    assert (found.proven, found.proven_level) == (True, 4), found.verdicts
    text = found.result.files["solution.py"]
    assert "    >>> clamp(1, 5, high=2)\n    Traceback (most recent call last):\n" in text
    assert "    >>> clamp(15)\n    10\n    >>> clamp(-3)\n    0\n" in text
    assert "        '''The sum.\n\n        >>> Basket([1, 2]).total()\n        3\n" in text
    assert "    # low first\n" in text
    assert "dice: its answers may differ from call to call" in found.explanation
    assert "untested: no passing test calls it" in found.explanation
    module = ModuleType("solution")
    exec(text, module.__dict__)  # noqa: S102 - the text above
    assert doctest.testmod(module).failed == 0
    assert doctest.testmod(module).attempted >= 5


@pytest.mark.slow
def test_it_says_why_a_docstring_stays_as_it_is(jail: Sandbox) -> None:
    tests = "from solution import f\ndef test_1(): assert f() == 1\n"
    found = document(jail, "def f():\n    'One.'\n    return 1\n", tests)
    assert "f: its docstring is so written that no example can be added" in found.explanation


@pytest.mark.slow
def test_a_second_time_changes_nothing(jail: Sandbox) -> None:
    text = document(jail, CODE, TESTS).result.files["solution.py"]
    again = document(jail, text, TESTS)
    assert (again.proven, again.diff) == (True, "")


STATEFUL = """def f(a, into=[]):
    into.append(a)
    return len(into)


def g(a):
    return a
"""
"""What ``f`` answers depends on the calls before."""


@pytest.mark.slow
def test_what_answers_otherwise_alone_is_not_claimed(jail: Sandbox) -> None:
    tests = (
        "from solution import f, g\n\n\ndef test_1():\n"
        "    assert f(7) and f(8) and f(9) and g(1) == 1\n"
    )
    found = document(jail, STATEFUL, tests)
    assert found.proven
    assert ">>> f(" not in found.diff
    assert "+    >>> g(1)\n" in found.diff


@pytest.mark.slow
def test_failing_and_skipped_tests_vouch_for_nothing(jail: Sandbox) -> None:
    failing = document(jail, CODE, TESTS.replace("== 3\n", "== 4\n"))
    assert (failing.proven, failing.diff) == (False, "")
    assert "the tests do not pass on the code as it is" in failing.explanation
    skipped = TESTS.replace("def test_basket", "@pytest.mark.xfail\ndef test_basket")
    assert "Basket(" not in document(jail, CODE, skipped).diff


@pytest.mark.slow
def test_code_that_reads_its_docstrings_is_left_alone(jail: Sandbox) -> None:
    found = document(jail, f"{CODE}\nUSAGE = clamp.__doc__\n", TESTS)
    assert found.proven
    assert not found.diff
    assert replace(found, diff="").explanation.endswith("so that new ones may be seen.")
