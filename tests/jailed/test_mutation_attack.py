"""Inputs that tell a surviving mutant from the code."""

from __future__ import annotations

import pytest

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Runner, RunRequest, Runtime
from tests.jailed.mutants import ROOM, Values, completed, edit

pytestmark = pytest.mark.thorough


def attack(run: Runner, code: str, calls: list[str], *mutants: Values, made: Json = None) -> Values:
    """What tells mutants of ``f``, or of a method ``C.f``, from the code."""
    call = {"module": "solution", "named": "{}", "then": [], "made": made}
    asked: list[Json] = [
        {**call, "name": mutants[0]["function"], "args": arguments} for arguments in calls
    ]
    numbered: list[Json] = [{"number": number, **each} for number, each in enumerate(mutants)]
    payload: dict[str, Json] = {
        "targets": [{"calls": asked, "mutants": numbered}],
        "budget_s": 10.0,
    }
    request = RunRequest(Runtime.THIN, "mutation_attack", {"code/solution.py": code}, payload, ROOM)
    return completed(run, request)


def test_an_input_that_tells_a_mutant_from_the_code_is_found(run: Runner) -> None:
    code = "def f(a):\n    return a > 3\n"
    mutants = edit(code, "a > 3", "a >= 3"), edit(code, "a > 3", "a > 3 and True")
    found = {m["number"]: m for m in attack(run, code, ["[1]", "[3]", "[5]"], *mutants)["attacked"]}
    assert found[0]["call"] == 1
    assert found[0]["original"]["text"] == "False"
    assert found[0]["mutant"]["text"] == "True"
    assert found[1] == {"number": 1, "compared": 3, "call": -1}


@pytest.mark.parametrize(
    ("body", "old", "new", "calls", "call"),
    [
        ("a.append(1)", "1", "2", ["[[]]"], 0),
        ("yield a + 1", "1", "2", ["[1]"], 0),
        ("return 7 // a", "7", "8", ["[0]", "[1]"], 1),
        ("return 6 // 2 * a", "//", "/", ["[1]"], -1),  # 3.0 == 3
        ("return object() if 0 else a", "0", "1", ["[1]"], -1),  # no built-in data
        ("return [a for _ in iter(int, 1)] if 0 else a", "0", "1", ["[1]"], -1),
        ("return __import__('random').random() * 1", "* 1", "* 2", ["[1]"], -1),  # luck
        ("return 0 if a == 7 else len(a)", "7", "8", ["[8]"], -1),  # no sensible argument
        ("raise ValueError(f'{a}: 1')", "1", "2", ["[1]"], 0),  # another message
        ("print(a + 1)", "1", "2", ["[1]"], 0),
        ("import os; a == 1 and os._exit(0); return a + 1", "+ 1", "+ 2", ["[1]", "[2]"], 1),
    ],
)
def test_what_counts_as_a_difference(
    run: Runner, body: str, old: str, new: str, calls: list[str], call: int
) -> None:
    code = f"def f(a):\n    {body}\n"
    mutant = edit(code, body, body.replace(old, new, 1))
    (found,) = attack(run, code, calls, mutant)["attacked"]
    assert found["call"] == call


def test_agreement_on_none_says_nothing(run: Runner) -> None:
    code = "def f(a):\n    n = 'é'\n    return a or None\n"
    calls = ["[0]", "[1]", "['']"]
    (found,) = attack(run, code, calls, edit(code, "'é'", "'É'"))["attacked"]
    assert (found["compared"], found["call"]) == (1, -1)


def test_an_answer_is_preferred_to_an_exception(run: Runner) -> None:
    code = "def f(a):\n    return 6 / a\n"
    mutant = edit(code, "6 / a", "6 / (a - 1) if a - 3 else 5")
    (found,) = attack(run, code, ["[1]", "[3]"], mutant)["attacked"]
    assert found["call"] == 1


def test_methods_are_attacked_on_a_fresh_object(run: Runner) -> None:
    code = (
        "class C:\n    def __init__(self, n):\n        self.n = n\n"
        "    def f(self, a):\n        self.n += a\n        return self.n\n"
    )
    mutant = edit(code, "+=", "-=", "C.f")
    (found,) = attack(run, code, ["[0]", "[2]"], mutant, made=["[1]", "{}"])["attacked"]
    assert (found["call"], found["compared"]) == (1, 2)
