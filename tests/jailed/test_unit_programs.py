"""Both unit-test programs, held to one schema and one meaning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fractal_rmo.domain.run import Runtime

UnitTests = Callable[..., dict[str, Any]]
BOTH = pytest.mark.parametrize("runtime", [Runtime.THIN, Runtime.THICK], ids=str)
CODE = {
    "solution.py": (
        "def divide(a, b):\n"
        "    if b > 100:\n"
        "        return 0\n"
        "    return a / b\n"
        "\n"
        "def forever():\n"
        "    n = 0\n"
        "    while True:\n"
        "        try:\n"
        "            n = max(n, 1)\n"
        "        except Exception:\n"
        "            pass\n"
    )
}
TESTS = {
    "test_s.py": (
        "import unittest\n"
        "from solution import divide, forever\n"
        "def test_good():\n    assert divide(4, 2) == 2\n"
        "def test_wrong():\n    assert divide(1, 101) == 1\n"
        "def test_raises():\n    divide(1, 0)\n"
        "class TestA:\n    def test_b(self):\n        assert divide(9, 3) == 3\n"
        "class Case(unittest.TestCase):\n"
        "    def setUp(self):\n        self.four = 4\n"
        "    def test_c(self):\n        self.assertEqual(divide(self.four, 2), 2)\n"
        "    def test_skip(self):\n        self.skipTest('not today')\n"
    )
}
EXPECTED = {
    "test_s.py::test_good": "passed",
    "test_s.py::test_wrong": "failed",
    "test_s.py::test_raises": "failed",
    "test_s.py::TestA::test_b": "passed",
    "test_s.py::Case::test_c": "passed",
    "test_s.py::Case::test_skip": "skipped",
}


@BOTH
def test_outcomes_and_ids_are_the_same(unit_tests: UnitTests, runtime: Runtime) -> None:
    value = unit_tests(runtime, TESTS, CODE)
    assert value["supported"] is True
    assert value["problem"] == ""
    assert sorted(value["collected"]) == sorted(EXPECTED)
    assert {r["id"]: r["outcome"] for r in value["results"]} == EXPECTED
    assert value["tools"]["python"]


@BOTH
def test_a_failure_names_its_place_in_the_code(unit_tests: UnitTests, runtime: Runtime) -> None:
    results = {r["id"]: r for r in unit_tests(runtime, TESTS, CODE)["results"]}
    raised = results["test_s.py::test_raises"]
    assert (raised["type"], raised["path"], raised["line"]) == (
        "ZeroDivisionError",
        "solution.py",
        4,
    )
    wrong = results["test_s.py::test_wrong"]
    assert (wrong["type"], wrong["path"], wrong["line"]) == ("AssertionError", "", 0)
    assert "== 1" in wrong["message"]


@BOTH
def test_trace_lists_executed_lines_by_test(unit_tests: UnitTests, runtime: Runtime) -> None:
    lines = unit_tests(runtime, TESTS, CODE, trace=True)["lines"]
    assert lines["test_s.py::test_good"] == {"solution.py": [2, 4]}
    assert lines["test_s.py::test_wrong"] == {"solution.py": [2, 3]}
    assert lines["test_s.py::Case::test_skip"] == {}


@BOTH
def test_only_selects_and_stop_stops(unit_tests: UnitTests, runtime: Runtime) -> None:
    chosen = ["test_s.py::test_wrong", "test_s.py::TestA::test_b"]
    value = unit_tests(runtime, TESTS, CODE, only=chosen)
    assert sorted(value["collected"]) == sorted(chosen)
    value = unit_tests(runtime, TESTS, CODE, only=chosen, stop_at_first_failure=True)
    assert [r["id"] for r in value["results"]] == ["test_s.py::test_wrong"]


@BOTH
def test_shuffling_is_repeatable_and_loses_nothing(unit_tests: UnitTests, runtime: Runtime) -> None:
    orders = [unit_tests(runtime, TESTS, CODE, shuffle_seed=s)["collected"] for s in (1, 1, 2)]
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]
    assert all(sorted(order) == sorted(EXPECTED) for order in orders)


@BOTH
@pytest.mark.parametrize("swallow", ["except Exception", "except BaseException"])
def test_step_limit_ends_an_endless_loop(
    unit_tests: UnitTests, runtime: Runtime, swallow: str
) -> None:
    code = {"solution.py": CODE["solution.py"].replace("except Exception", swallow)}
    tests = {
        "test_loop.py": (
            "from solution import forever, divide\n"
            "def test_loop():\n    forever()\n"
            "def test_after():\n    assert divide(4, 2) == 2\n"
        )
    }
    if swallow == "except BaseException":  # it swallows once a step; the loop must have an end
        loop = code["solution.py"].replace("while True", "while n < 50")
        code = {"solution.py": loop.replace("max(n, 1)", "len(str(n)) + n")}
    value = unit_tests(runtime, tests, code, step_limit=20 if "Base" in swallow else 10_000)
    results = {r["id"]: r for r in value["results"]}
    assert results["test_loop.py::test_loop"]["type"] == "StepLimitExceeded"
    assert results["test_loop.py::test_after"]["outcome"] == "passed"


@BOTH
def test_a_missing_module_is_named(unit_tests: UnitTests, runtime: Runtime) -> None:
    value = unit_tests(runtime, {"test_m.py": "import not_there\ndef test_1(): pass\n"}, {})
    assert value["collected"] == []
    assert value["problem"] == "test_m.py needs the module 'not_there', which is missing."


@BOTH
def test_a_missing_name_is_named(unit_tests: UnitTests, runtime: Runtime) -> None:
    value = unit_tests(runtime, {"test_m.py": "from solution import nope\n"}, CODE)
    assert "cannot import name 'nope' from 'solution'" in value["problem"]


@BOTH
def test_tests_may_have_helpers_and_the_code_may_be_a_package(
    unit_tests: UnitTests, runtime: Runtime
) -> None:
    tests = {
        "helper.py": "TWO = 2\n",
        "sub/test_p.py": (
            "from helper import TWO\nfrom pack.inner import one\n"
            "def test_p():\n    assert one() + one() == TWO\n"
        ),
    }
    code = {"pack/__init__.py": "", "pack/inner.py": "def one():\n    return 1\n"}
    value = unit_tests(runtime, tests, code)
    assert [(r["id"], r["outcome"]) for r in value["results"]] == [
        ("sub/test_p.py::test_p", "passed")
    ]


BEYOND_THIN = {
    "fixture": (
        "import pytest\n@pytest.fixture\ndef one(): return 1\ndef test_1(one): assert one == 1\n"
    ),
    "builtin fixture": "def test_1(tmp_path): assert tmp_path.is_dir()\n",
    "parametrize": (
        "import pytest\n@pytest.mark.parametrize('n', [1, 2])\ndef test_1(n): assert n > 0\n"
    ),
    "raises": "import pytest\ndef test_1():\n    with pytest.raises(ValueError): int('x')\n",
    "hypothesis": (
        "from hypothesis import given, strategies as st\n"
        "@given(st.integers())\ndef test_1(n): assert n == n\n"
    ),
}


@pytest.mark.parametrize("text", BEYOND_THIN.values(), ids=BEYOND_THIN.keys())
def test_what_thin_cannot_do_faithfully_it_refuses_and_thick_does(
    unit_tests: UnitTests, text: str
) -> None:
    assert unit_tests(Runtime.THIN, {"test_b.py": text}, {})["supported"] is False
    value = unit_tests(Runtime.THICK, {"test_b.py": text}, {})
    assert {r["outcome"] for r in value["results"]} == {"passed"}


def test_quick_on_thick_runs_raises_without_a_pytest_session(unit_tests: UnitTests) -> None:
    tests = {"test_b.py": BEYOND_THIN["raises"]}
    value = unit_tests(Runtime.THICK, tests, {}, quick=True)
    assert [r["outcome"] for r in value["results"]] == ["passed"]
    value = unit_tests(Runtime.THICK, {"test_b.py": BEYOND_THIN["fixture"]}, {}, quick=True)
    assert [r["outcome"] for r in value["results"]] == ["passed"]


def test_marks_of_pytest_have_their_own_outcomes(unit_tests: UnitTests) -> None:
    text = (
        "import pytest\n"
        "@pytest.mark.skip\ndef test_1(): pass\n"
        "@pytest.mark.xfail\ndef test_2(): assert 0\n"
        "@pytest.mark.xfail\ndef test_3(): pass\n"
        "@pytest.fixture\ndef bad(): raise KeyError('x')\n"
        "def test_4(bad): pass\n"
        "@pytest.fixture\ndef late():\n    yield\n    raise KeyError('y')\n"
        "def test_5(late): pass\n"
    )
    value = unit_tests(Runtime.THICK, {"test_b.py": text}, {})
    outcomes = {r["id"][-1]: r["outcome"] for r in value["results"]}
    assert outcomes == {"1": "skipped", "2": "xfailed", "3": "xpassed", "4": "error", "5": "error"}


def test_a_submitted_conftest_counts_and_the_projects_own_does_not(unit_tests: UnitTests) -> None:
    tests = {
        "conftest.py": "import pytest\n@pytest.fixture\ndef seven(): return 7\n",
        "test_c.py": (
            "def test_1(seven): assert seven == 7\n"
            "def test_2(request): assert not request.config.getini('testpaths')\n"
        ),
    }
    value = unit_tests(Runtime.THICK, tests, {})
    assert [r["outcome"] for r in value["results"]] == ["passed", "passed"], value
