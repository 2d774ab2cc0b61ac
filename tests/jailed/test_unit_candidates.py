"""Many candidates in one run: each is judged as in a run of its own, whatever the others do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Runner, RunRequest, Runtime
from fractal_rmo.jailed.programs.candidate_bench import dealt
from tests.jailed.mutants import ROOM, completed

pytestmark = pytest.mark.thorough

CODE = "def f(a):\n    return a\n"
TESTS = (
    "from solution import f\n"
    "def test_two(): assert f(1) == 2\n"
    "def test_three():\n    assert f(2) > 0\n    assert f(2) == 3\n"
    "def test_zero(): assert f(0) in (0, 1)\n"
)
FAILING = ["test_solution.py::test_two", "test_solution.py::test_three"]
RIGHT = "def f(a):\n    return a + 1\n"


def judge(
    run: Runner,
    *candidates: str,
    code: str = CODE,
    tests: str = TESTS,
    runtime: Any = Runtime.THIN,
    budget_s: float = 30.0,
    cpu_s: float = 0.5,
) -> dict[str, Any]:
    payload: dict[str, Json] = {
        "tests": ["test_solution.py"],
        "code": ["solution.py"],
        "step_limit": 100_000,
        "failing": FAILING,
        "candidates": [{"solution.py": text} for text in candidates],
        "cpu_s": cpu_s,
        "wall_s": 5.0,
        "budget_s": budget_s,
    }
    files = {"code/solution.py": code, "tests/test_solution.py": tests}
    return completed(run, RunRequest(runtime, "unit_candidates", files, payload, ROOM))


def one(run: Runner, text: str, **given: Any) -> dict[str, Any]:
    """How a candidate is judged between two right ones, which must be judged right."""
    first, found, last = judge(run, RIGHT, text, RIGHT, **given)["judged"]
    assert first["passed"] == last["passed"] == FAILING
    assert isinstance(found, dict)
    return found


def judged(
    run: Runner, code: str, tests: str, failing: list[str], texts: list[str], path: str
) -> list[dict[str, Any]]:
    """What is said of texts of a file of the code, all in one fork."""
    payload: dict[str, Json] = {
        "tests": ["test_s.py"],
        "code": [path],
        "step_limit": 100_000,
        "failing": [f"test_s.py::{name}" for name in failing],
        "candidates": [{path: text} for text in texts],
        "cpu_s": 0.5,
        "wall_s": 5.0,
        "budget_s": 30.0,
    }
    files = {f"code/{path}": code, "tests/test_s.py": tests}
    value = completed(run, RunRequest(Runtime.THIN, "unit_candidates", files, payload, ROOM))
    return list(value["judged"])


def test_candidates_are_dealt_to_few_forks_and_the_first_are_judged_first() -> None:
    assert list(dealt(3, 4, 2)) == [[0, 1, 2]]
    assert list(dealt(5, 4, 2)) == [[0, 2, 4], [1, 3]]
    assert list(dealt(9, 4, 2)) == [[0, 2, 4, 6], [1, 3, 5, 7], [8]]
    assert list(dealt(5, 4, 1)) == [[0, 1, 2, 3], [4]]


def test_a_folder_that_is_no_package_is_imported_anew(run: Runner) -> None:
    tests = "from sub import helping\ndef test_1(): assert helping.f(1) == 2\n"
    texts = [CODE.replace("a\n", "a + 0\n"), RIGHT, CODE]
    found = judged(run, CODE, tests, ["test_1"], texts, "sub/helping.py")
    assert [bool(one["passed"]) for one in found] == [False, True, False]


def test_what_a_package_does_to_its_folders_reaches_no_other_candidate(run: Runner) -> None:
    tests = "from package import f\ndef test_1(): assert f() == 2\n"
    right = (code := "def f(): return len(__path__)\n") + "__path__.append('elsewhere')\n"
    found = judged(run, code, tests, ["test_1"], [right, right, code], "package/__init__.py")
    assert [bool(one["passed"]) for one in found] == [True, True, False]


def test_code_is_imported_from_where_the_tests_look_for_it(run: Runner) -> None:
    tests = (
        "import pathlib, sys, tempfile\n"
        "folder = pathlib.Path(tempfile.mkdtemp())\n"
        f"folder.joinpath('solution.py').write_text({RIGHT!r})\n"
        "sys.path.insert(0, str(folder))\n"
        "from solution import f\n"
        "def test_1(): assert f(1) == 2\n"
    )
    found = judged(run, CODE, tests, ["test_1"], [CODE + "a = 1\n", CODE], "solution.py")
    assert [bool(one["passed"]) for one in found] == [True, True]


def test_files_that_one_leaves_are_not_there_for_the_next(run: Runner) -> None:
    code = (
        "import os\ndef f(a):\n    known = os.path.exists('left')\n    open('left', 'w').close()\n"
        "    os.makedirs('deep/er', exist_ok=True)\n    return 9 if known else a\n"
    )
    tests = "from solution import f\ndef test_1(): assert f(1) == 2\n"
    right = code.replace("else a", "else a + 1")
    found = judged(run, code, tests, ["test_1"], [right] * 200, "solution.py")
    assert len(found) == 200
    assert all(one["passed"] for one in found)


def test_what_passing_tests_leave_behind_speaks_against_nobody(run: Runner) -> None:
    code = (
        "import os\ndef f(a):\n    return a\n"
        "def once():\n    was = os.environ.get('WAS', 'no')\n    os.environ['WAS'] = 'yes'\n"
        "    return was\n"
    )
    tests = (
        "from solution import f, once\n"
        "def test_1(): assert f(1) == 2\ndef test_2(): assert f(5) == 6\n"
        "def test_3(): assert once() == 'no'\n"
    )
    half, right = (code.replace("return a\n", f"return {text}\n") for text in ("2", "a + 1"))
    found = judged(run, code, tests, ["test_1", "test_2"], [half, right], "solution.py")
    assert [one["broken"] for one in found] == [[], []]
    assert len(found[1]["passed"]) == 2


def test_a_recursion_without_an_end_leaves_lines_for_one_that_ends(run: Runner) -> None:
    code = "def fib(n):\n    if n == 1:\n        return n\n    return fib(n - 1) + fib(n - 2)\n"
    tests = "from solution import fib\ndef test_1(): assert fib(15) == 610\n"
    (right,) = judged(run, code, tests, ["test_1"], [code.replace("==", "<=")], "solution.py")
    assert right["passed"]


def test_what_passes_and_how_far_the_others_come(run: Runner) -> None:
    value = judge(run, RIGHT, "def f(a):\n    return 2\n", "def f(a):\n    return -a\n")
    right, two, minus = value["judged"]
    assert (right["passed"], right["reached"], right["broken"]) == (FAILING, {}, [])
    assert (two["passed"], two["broken"]) == (FAILING[:1], ["test_solution.py::test_zero"])
    assert two["reached"] == {FAILING[1]: 5}
    assert minus["reached"] == {FAILING[0]: 2, FAILING[1]: 4}
    assert value["control"]["reached"] == {FAILING[0]: 2, FAILING[1]: 5}
    assert value["control"]["far"][FAILING[0]] < minus["far"][FAILING[0]]
    assert right["far"] == {}
    assert value["cpu_s"] > 0


def test_what_was_judged_before_the_time_was_over_counts(run: Runner) -> None:
    slow = "import time\ndef f(a):\n    time.sleep(0.1)\n    return a + 1\n"
    value = judge(run, *[slow] * 40, budget_s=2.0)
    assert 0 < len(value["judged"]) < 40
    assert all(each["passed"] == FAILING for each in value["judged"])


def test_an_endless_candidate_is_stopped_by_its_steps(run: Runner) -> None:
    assert one(run, "def f(a):\n    while True:\n        a += 1\n")["endless"] == FAILING[0]


@pytest.mark.parametrize(
    ("body", "ending"),
    [
        ("import os; os._exit(0)", "crashed"),
        ("import os; os.kill(os.getpid(), 9)", "crashed"),
        ("return 10 ** 10 ** 9", "timed_out"),
        ("import time; time.sleep(60)", "timed_out"),
    ],
)
def test_a_candidate_that_ends_its_fork_costs_itself_alone(
    run: Runner, body: str, ending: str
) -> None:
    found = one(run, f"def f(a):\n    {body}\n")
    assert found == {"number": 1, "ending": ending}


def test_what_has_no_lines_is_stopped_by_what_the_code_as_it_is_takes(run: Runner) -> None:
    value = judge(run, "def f(a):\n    return 10 ** 10 ** 9\n", RIGHT, cpu_s=20.0)
    assert [one["ending"] for one in value["judged"]] == ["timed_out", "finished"]
    assert value["cpu_s"] < 10


def test_what_does_not_compile_is_no_candidate(run: Runner) -> None:
    assert one(run, "def f(a:\n")["problem"] == "SyntaxError"


def test_what_a_candidate_leaves_behind_is_noticed_and_helps_nobody(run: Runner) -> None:
    """It makes every later ``f`` look right, also that of the code as it is."""
    spoiling = "import operator\ndef f(a):\n    operator.index = lambda x: x + 1\n    return a\n"
    code = "import operator\ndef f(a):\n    return operator.index(a)\n"
    spoilt, innocent = judge(run, spoiling, f"{code}# as it was\n", code=code)["judged"]
    assert innocent["passed"] == []
    assert spoilt["passed"] == []


def test_a_candidate_cannot_answer_for_another(run: Runner) -> None:
    """Whatever it writes to the descriptors that it finds is under no mark that counts."""
    said = json.dumps({"passed": FAILING, "reached": {}, "broken": []})
    forging = (
        "import os\n"
        "def f(a):\n"
        f"    body = {said!r}.encode()\n"
        "    for fd in range(3, 64):\n"
        "        try: os.write(fd, bytes(16) + len(body).to_bytes(8, 'big') + body)\n"
        "        except OSError: pass\n"
        "    return a\n"
    )
    value = judge(run, forging, CODE, CODE)
    assert [each.get("passed", []) for each in value["judged"]] == [[], [], []]


def test_tests_of_pytest_alone_are_not_supported_where_it_is_not_loaded(run: Runner) -> None:
    tests = f"import pytest\n@pytest.mark.skip\ndef test_1(): pass\n{TESTS}"
    assert judge(run, RIGHT, tests=tests)["supported"] is False


def test_plain_uses_of_pytest_are_supported_where_it_is_loaded(run: Runner) -> None:
    tests = f"import pytest\n{TESTS}"
    (found,) = judge(run, RIGHT, tests=tests, runtime=Runtime.THICK)["judged"]
    assert found["passed"] == FAILING
