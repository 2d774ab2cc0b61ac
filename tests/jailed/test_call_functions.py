"""Calls in forks: each answer is told, and what one call does costs no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.adapters.sandbox.probe import why_not
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import RunEnding, Runner, RunRequest, Runtime, Tier

pytestmark = pytest.mark.thorough

Told = Callable[..., list[Any]]


def _call(name: str, args: str, then: tuple[str, ...] = ()) -> Json:
    return {
        "module": "solution",
        "name": name,
        "args": args,
        "named": "{}",
        "made": None,
        "then": list(then),
    }


def _told(run: Runner, code: str, calls: list[Json]) -> dict[str, Any]:
    files = {"code/solution.py": code}
    result = run(RunRequest(Runtime.THIN, "call_functions", files, {"calls": calls}))
    assert result.ending is RunEnding.COMPLETED, result
    assert isinstance(result.value, dict)
    return result.value


@pytest.fixture
def told(run: Runner) -> Told:
    """The answers to calls of functions of one module, each call (name, text of arguments)."""

    def call(code: str, *calls: tuple[str, str], then: tuple[str, ...] = ()) -> list[Any]:
        value = _told(run, code, [_call(name, args, then) for name, args in calls])
        answers: list[Any] = value["answers"]
        return [value["problem"]] if value["problem"] else answers

    return call


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("7", 7),
        ("True", True),
        ("None", None),
        ("'a'", "a"),
        ("2 ** 70", ["int", hex(2**70)]),
        ("float('nan')", ["float", "nan"]),
        ("(1, [2.5])", ["tuple", [1, ["list", [2.5]]]]),
        ("{3, 1, 2}", ["set", [1, 2, 3]]),
        ("{'b': 1, 'a': 2}", ["dict", [["a", 2], ["b", 1]]]),
        ("b'a'", ["bytes", "b'a'"]),
        ("2.0", 2),
        ("frozenset({1})", ["set", [1]]),
        ("(n for n in (1, 2))", ["iterator", [1, 2]]),
        ("type('Lie', (int,), {})(3)", ["object", "Lie"]),
    ],
)
def test_values_of_exact_types_are_told_in_full(told: Told, value: str, form: Json) -> None:
    (answer,) = told(f"def f():\n    return {value}\n", ("f", "[]"))
    assert answer["value"] == form


def test_an_exception_is_told_with_its_place_in_the_code(told: Told) -> None:
    code = "def f(x):\n    y = 1\n    return x[y]\ndef g():\n    import json\n    json.loads('[')\n"
    here, elsewhere = told(code, ("f", "[[]]"), ("g", "[]"))
    assert here["raised"] == ["IndexError", "list index out of range", "solution.py", 3]
    assert elsewhere["raised"][2:] == ["", 0]


def test_what_the_code_writes_into_the_pipe_is_an_answer_at_most(told: Told) -> None:
    code = (
        "import os\n"
        "def say(text):\n"
        "    for fd in range(3, 20):\n"
        "        try: os.write(fd, text)\n"
        "        except OSError: pass\n"
        "    return 1\n"
    )
    junk, number, more, flood = (
        told(code, ("say", f"[{text!r}]"), ("say", "[b'']"))
        for text in (b"{[\n", b"7\n", b'{"value": 5}\n' * 9, b"x" * 70_000)
    )
    words = "something else was written where answers are told"
    assert junk == [{"gone": words}, {"value": 1, "text": "1", "whole": True}]
    assert number == more == flood == junk


@pytest.mark.parametrize("tier", [Tier.NAMESPACES, Tier.LANDLOCK, Tier.RLIMITS])
def test_a_call_that_never_ends_or_leaves_costs_only_itself(tier: Tier) -> None:
    code = (
        "import os, sys\n"
        "def spin():\n    while True: pass\n"
        "def stuck():\n    return 9 ** 9 ** 9\n"
        "def leave():\n    os._exit(0)\n"
        "def go():\n    sys.exit()\n"
        "def large():\n    return [0] * 10 ** 12\n"
        "def f():\n    print('noise' * 10 ** 6)\n    return 1\n"
    )
    names = ("spin", "f", "stuck", "f", "leave", "f", "go", "large", "f")
    if why := why_not(tier):
        pytest.skip(why)
    sandbox = ZygoteSandbox(tier)
    with sandbox.session() as run:
        answers = _told(run, code, [_call(name, "[]") for name in names])["answers"]
    sandbox.close()
    assert [next(iter(answer)) for answer in answers] == [
        "late", "value", "late", "value", "gone", "value", "raised", "too_large", "value",
    ]  # fmt: skip


@pytest.mark.slow
def test_what_takes_too_long_in_all_leaves_the_rest_unreached(told: Told) -> None:
    answers = told("def f():\n    while True: pass\n", *[("f", "[]")] * 90)
    assert answers[0] == {"late": True}
    assert answers[-1] is None


def test_changed_arguments_are_told_and_each_call_has_its_own(told: Told) -> None:
    code = "def f(x):\n    x.append(1)\n    return len(x)\ndef g(x):\n    return {*x}\n"
    one, two, three = told(code, ("f", "[[]]"), ("f", "[[]]"), ("g", "[{'a', 'b', 'c'}]"))
    assert (one["value"], two["value"]) == (1, 1)
    assert [answer.get("left", {}).get("text") for answer in (one, two, three)] == [
        "([1],)", "([1],)", None,
    ]  # fmt: skip


def test_an_answer_may_be_passed_on(told: Told) -> None:
    code = "def f(x):\n    return x + 1\ndef g(x):\n    return x * 10\n"
    assert told(code, ("f", "[1]"), then=("g", "f"))[0]["value"] == 21


def test_very_large_and_very_deep_answers_are_not_told(told: Told) -> None:
    code = "def wide():\n    return [0] * 10 ** 5\ndef deep():\n    x = []\n    for _ in range(99):"
    wide, deep = told(f"{code}\n        x = [x]\n    return x\n", ("wide", "[]"), ("deep", "[]"))
    assert wide == deep == {"too_large": True}


def test_code_that_cannot_be_imported_says_why(told: Told) -> None:
    assert told("1 / 0\n", ("f", "[]")) == ["solution: ZeroDivisionError: division by zero"]
    assert "SystemExit" in told("import sys\nsys.exit(3)\n", ("f", "[]"))[0]


def test_each_call_goes_on_after_one_that_ended_the_process(told: Told) -> None:
    code = (
        "import ctypes, os\ndef f(n):\n    if n % 3 == 1: os._exit(3)\n"
        "    if n % 3 == 2: ctypes.string_at(0)\n    return n\n"
    )
    answers = told(code, *[("f", f"[{n}]") for n in range(60)])
    assert [answer.get("value") for answer in answers[::3]] == list(range(0, 60, 3))
    assert {answer["gone"] for answer in answers[1::3]} == {"exit code 3"}
    assert {answer["gone"] for answer in answers[2::3]} == {"signal 11 (SIGSEGV)"}


def test_what_is_printed_is_told_in_part(told: Told) -> None:
    code = "def f(n):\n    print('a' * n)\ndef g(n):\n    print(n)\n    return 1 / n\n"
    one, two, three = told(code, ("f", "[2]"), ("f", "[9999]"), ("g", "[0]"))
    assert one["printed"] == "aa\n"
    assert two["printed"] == "a" * 1000
    assert three["printed"] == "0\n"


def test_a_method_is_called_on_a_fresh_object(run: Runner) -> None:
    code = (
        "class C:\n    def __init__(self, n, *, k=0):\n        self.n = n + k\n"
        "    def f(self, a):\n        self.n += a\n        return self.n\n"
        "    @staticmethod\n    def g(a):\n        return a\n"
    )
    call = {"module": "solution", "args": "[2]", "named": "{}", "then": []}
    calls: list[Json] = [
        {**call, "name": "C.f", "made": ["[5]", "{}"]},
        {**call, "name": "C.f", "made": ["[5]", "{'k': 1}"]},
        {**call, "name": "C.g", "made": None},
    ]
    answers = _told(run, code, calls)["answers"]
    assert [answer["value"] for answer in answers] == [7, 8, 2]
