"""Stated properties on real code, in two real jails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import RunEnding, RunResult, Tier
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.validation.ladder import climb
from fractal_rmo.validation.stated.level import BROKEN, HELD, NOT_ASKED, with_stated
from fractal_rmo.validation.subject import Subject
from tests.validation.stated.documents import document

pytestmark = pytest.mark.thorough

Canned = Callable[..., tuple[Any, Any]]
Driver = Callable[..., Any]
PASSED = Verdict(Level.PROPERTY, Outcome.PASSED, "Nothing broke.", {"notes": []})


def _subject(code: str, *stated: Json) -> Subject:
    documents = tuple(each for each in stated if isinstance(each, Mapping))
    return Subject(SourceTree({"solution.py": code}), SourceTree(), stated=documents)


def _told(real: Driver, code: str, stated: Json) -> Any:
    verdict = real(with_stated(PASSED, _subject(code, stated)))
    assert verdict.outcome is Outcome.PASSED, "a stated property decides nothing"
    (told,) = verdict.evidence["stated"]
    return told


@pytest.mark.parametrize(
    "code",
    [
        "from os import system as put\n",
        "from math import floor as put\n",
        "import os\nput = os.system\n",
        "x = 1\n",
    ],
)
def test_what_a_module_merely_imports_is_never_called(canned: Canned, code: str) -> None:
    stated = document("put(text) == 0", text="text()")
    verdict, asked = canned(with_stated(PASSED, _subject(code, stated)), [])
    (told,) = verdict.evidence["stated"]
    assert (told["outcome"], asked) == (NOT_ASKED, [])
    assert told["why"] == "'solution' does not define 'put'."


def test_a_package_may_bring_what_its_modules_define(real: Driver) -> None:
    files = {
        "pkg/__init__.py": "from .core import put\n",
        "pkg/core.py": "def put(n):\n    return n\n",
    }
    stated: dict[str, Json] = {
        "module": "pkg",
        "says": "",
        "parameters": [{"name": "n", "values": "integers()"}],
        "given": "",
        "holds": "put(n) == n",
    }
    subject = Subject(SourceTree(files), SourceTree(), stated=(stated,))
    (told,) = real(with_stated(PASSED, subject)).evidence["stated"]
    assert told["outcome"] == HELD


def test_what_holds_is_told_with_the_number_of_inputs(real: Driver) -> None:
    code = "def put(xs):\n    return sorted(xs)\n\ndef back(xs):\n    return xs[::-1]\n"
    stated = [
        document("put(back(xs)) == put(xs)", xs="lists(integers())"),
        document("len(put(xs)) == len(xs)", xs="lists(integers())", given="max(xs) > 2"),
    ]
    verdict = real(with_stated(PASSED, _subject(code, *stated)))
    first, second = verdict.evidence["stated"]
    assert (first["outcome"], second["outcome"]) == (HELD, HELD)
    assert first["inputs"] == 80 > second["inputs"] > 20
    total = first["inputs"] + second["inputs"]
    assert verdict.summary == (
        f"Nothing broke. 2 properties that a model stated held on {total} inputs."
    )
    assert verdict.duration_s > 0
    assert verdict.evidence["notes"] == []


@pytest.mark.parametrize(
    ("code", "stated", "arguments", "answer"),
    [
        (
            "def f(xs):\n    return sorted(set(xs))\n",
            document("len(f(xs)) == len(xs)", xs="lists(integers(0, 9))"),
            ["[0, 0]"],
            "gives False: it compares 1 with 2",
        ),
        (
            "def f(n):\n    return n if n < 40 else 40\n",
            document("f(n) == n", n="integers(0, 100)"),
            ["41"],
            "gives False: it compares 40 with 41",
        ),
        (
            "def f(s):\n    return s.strip()\n",
            document("f(s + t) == f(s) + f(t)", s="text('a ')", t="text('a ')"),
            None,
            "gives False",
        ),
        (
            "def f(xs):\n    return xs[0]\n",
            document("f(xs) in xs", xs="lists(integers(0, 9))"),
            ["[]"],
            "raises IndexError: list index out of range",
        ),
        (
            "def f(n):\n    print('no' * 99)\n    if n == 7: raise SystemExit\n    return n\n",
            document("f(n) == n", n="integers(0, 9)"),
            ["7"],
            "raises SystemExit",
        ),
    ],
)
def test_what_breaks_is_told_with_the_smallest_input(
    real: Driver, code: str, stated: Json, arguments: list[str] | None, answer: str
) -> None:
    told = _told(real, code, stated)
    assert told["outcome"] == BROKEN, told
    assert told["answer"].startswith(answer)
    assert arguments is None or told["arguments"] == arguments


def test_code_that_changes_what_it_is_given_harms_no_other_input(real: Driver) -> None:
    code = "def f(xs):\n    xs.append(1)\n    return len(xs)\n"
    told = _told(real, code, document("f(xs) <= 4", xs="lists(integers(5, 6), max_size=3)"))
    assert told["outcome"] == HELD


def test_the_smallest_input_is_one_that_was_described(real: Driver) -> None:
    stated = document("f(xs) < 9", "sum(xs) > 3", xs="lists(integers(2, 9), min_size=2)")
    told = _told(real, "def f(xs):\n    return sum(xs)\n", stated)
    (text,) = told["arguments"]
    xs = [int(n) for n in text.strip("[]").split(",")]
    assert len(xs) >= 2
    assert min(xs) >= 2
    assert sum(xs) == 9


ANYTHING = "class A:\n    def __eq__(self, other):\n        return True\n"


@pytest.mark.parametrize(
    ("code", "holds", "why"),
    [
        ("def f(n):\n    while n > 3:\n        pass\n    return n\n", "f(n) == n", "answered"),
        ("import os\ndef f(n):\n    os._exit(0)\n", "f(n) == n", "answered"),
        ("import os\nos._exit(0)\ndef f(n): ...\n", "f(n) == n", "CandidateGoneError"),
        ("1 / 0\ndef f(n): ...\n", "f(n) == n", "ZeroDivisionError"),
        ("def f(n): ...\ndel f\n", "f(n) == n", "solution.f: AttributeError"),
        (f"{ANYTHING}def f(n):\n    return A()\n", "f(n) == n", "alike"),
        ("def f(n):\n    return n\n", "all(f(n) == n for i in range(10 ** 9))", "answered"),
        ("def f(n):\n    return n\n", "len('a' * 10 ** 11) == f(n)", "answered"),
    ],
)
def test_what_says_nothing_is_not_taken_for_an_answer(
    real: Driver, code: str, holds: str, why: str
) -> None:
    told = _told(real, code, document(holds, n="integers(0, 9)"))
    assert (told["outcome"], told["arguments"]) == (NOT_ASKED, []), told
    assert why in told["why"]


@pytest.mark.slow
def test_an_expression_that_cannot_be_interrupted_costs_itself(real: Driver) -> None:
    stated = [
        document("sum(range(10 ** 12)) == f(n)", n="integers(0, 9)"),
        document("f(n) == n", n="integers(0, 9)"),
    ]
    verdict = real(with_stated(PASSED, _subject("def f(n):\n    return n\n", *stated)))
    assert [one["outcome"] for one in verdict.evidence["stated"]] == [NOT_ASKED, HELD]
    assert verdict.outcome is Outcome.PASSED


def test_nothing_is_asked_of_code_that_failed_already(canned: Canned) -> None:
    failed = Verdict(Level.PROPERTY, Outcome.FAILED, "It crashed.", {})
    subject = _subject("def f(n): ...\n", document("f(n) == n", n="integers()"))
    assert canned(with_stated(failed, subject), []) == (failed, [])


def test_a_jail_that_failed_is_no_word_against_the_code(canned: Canned) -> None:
    subject = _subject("def f(n): ...\n", document("f(n) == n", n="integers()"))
    gone = RunResult(RunEnding.UNAVAILABLE, detail="no jail", tier=Tier.LANDLOCK)
    verdict, _ = canned(with_stated(PASSED, subject), [gone])
    assert verdict.outcome is Outcome.PASSED
    assert verdict.evidence["stated"][0]["outcome"] == NOT_ASKED


def test_level_5_asks_them_after_its_own(real: Driver) -> None:
    tests = SourceTree({"test_s.py": "from solution import f\ndef test():\n    assert f(2) == 4\n"})
    stated = document("f(n) >= n", n="integers(-9, 9)")
    assert isinstance(stated, Mapping)
    code = SourceTree({"solution.py": "def f(n):\n    return n * 2\n"})
    verdicts = real(climb(Subject(code, tests, stated=(stated,)), Level.PROPERTY))
    assert verdicts[-1].outcome is Outcome.PASSED
    assert verdicts[-1].evidence["stated"][0]["arguments"] == ["-1"]
    assert verdicts[-1].summary.endswith(
        "1 property that a model stated did not hold, which decides nothing: see the questions."
    )
