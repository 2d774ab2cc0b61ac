"""Tests that call a mutant's function go first, and nothing but an order comes of that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Limits, RunEnding, Runner, RunRequest, runtime_for_pytest
from fractal_rmo.jailed.programs.reaching import Reach

CODE = "def f(a):\n    return a + 1\ndef g(a):\n    return f(a) * 3\ndef h(a):\n    return a - 5\n"
F, G, H = (("solution.py", name) for name in "fgh")
Judge = Callable[[str], dict[str, Any]]


@pytest.mark.parametrize(
    ("told", "place", "tests"),
    [
        ([[["solution.py", "g"], ["solution.py", "f"]], [["solution.py", "f"]], []], F, (1, 0)),
        ([[["solution.py", "g"], ["solution.py", "f"]], [["solution.py", "f"]], []], G, (0,)),
        ([[], [["solution.py", "f"]], []], H, (0, 1, 2)),
        ([[["solution.py", "f"]]], F, (0, 1, 2)),
        (None, F, (0, 1, 2)),
        ("solution.py f", F, (0, 1, 2)),
        ([3, [["solution.py"], 7, ["solution.py", "f"]], None], F, (1,)),
    ],
)
def test_the_tests_that_call_little_else_go_first(told: Any, place: Any, tests: Any) -> None:
    assert Reach(3, told).tests(place) == tests


def test_the_others_follow() -> None:
    assert Reach(4).whole((2, 0)) == (2, 0, 1, 3)


@pytest.fixture
def judge(run: Runner) -> Judge:
    """What tests say of one mutant of each function."""

    def call(tests: str) -> dict[str, Any]:
        files = {"code/solution.py": CODE, "tests/test_s.py": f"from solution import *\n{tests}"}
        payload: dict[str, Json] = {
            "tests": ["test_s.py"], "limit_s": 10.0, "budget_s": 30.0, "memory_mb": 1536,
            "mutants": [_edit("1", "2", "f", 1), _edit("3", "4", "g", 3), _edit("5", "6", "h", 5)],
        }  # fmt: skip
        room = Limits(wall_s=60.0, memory_mb=1536)
        result = run(RunRequest(runtime_for_pytest(files), "mutation_tests", files, payload, room))
        assert result.ending is RunEnding.COMPLETED, result
        assert isinstance(result.value, dict)
        return result.value

    return call


def _edit(old: str, new: str, function: str, line: int) -> Json:
    start = CODE.index(old)
    place: dict[str, Json] = {"start": start, "end": start + 1, "text": new, "line": line}
    return {"path": "solution.py", "function": function, **place}


def killers(value: dict[str, Any]) -> list[str]:
    assert (value["noticed"], value["looked"]) == (0, "")
    found = (mutant["detail"] for mutant in value["mutants"] if mutant["ending"] == "killed")
    return [detail.partition("::")[2].partition(":")[0] for detail in found]


def test_the_test_that_calls_the_function_alone_kills(judge: Judge) -> None:
    value = judge(
        "def test_all(): assert g(1) == 6 and h(9) == 4\n"
        "def test_g(): assert g(2) == 9\n"
        "def test_f(): assert f(2) == 3\n"
        "def test_h(): assert h(5) == 0\n"
    )
    assert killers(value) == ["test_f", "test_g", "test_h"]


def test_fixtures_and_threads_call_for_their_test(judge: Judge) -> None:
    value = judge(
        "import pytest, threading\n"
        "@pytest.fixture\ndef one(): return f(0)\n"
        "def test_all(): assert g(1) == 6 and h(9) == 4\n"
        "def test_f(one): assert one == 1\n"
        "def test_h():\n"
        "    found = []\n"
        "    thread = threading.Thread(target=lambda: found.append(h(5)))\n"
        "    thread.start(); thread.join()\n"
        "    assert found == [0]\n"
    )
    assert killers(value) == ["test_f", "test_all", "test_h"]


def test_a_test_that_does_not_call_the_function_kills_where_no_other_does(judge: Judge) -> None:
    value = judge(
        "seen = []\n"
        "def test_f(): seen.append(f(1))\n"
        "def test_later(): assert seen in ([2], [])\n"
        "def test_g(): assert g(2) == 9 and h(5) == 0\n"
    )
    assert killers(value)[0] == "test_g"
    value = judge(
        "seen = []\n"
        "def test_f(): seen.append(f(1))\n"
        "def test_later(): assert seen in ([2], [])\n"
        "def test_h(): assert h(5) == 0\n"
    )
    assert killers(value) == ["test_later", "test_h"]


def test_tests_that_need_the_order_they_stand_in_kill_nothing_unnoticed(judge: Judge) -> None:
    value = judge(
        "seen = []\n"
        "def test_first(): seen.append(1)\n"
        "def test_f(): assert seen and f(1) > 0\n"
        "def test_h(): assert h(5) == 0\n"
    )
    assert value["unmutated"]["ending"] == "survived"
    assert value["noticed"] > 0
