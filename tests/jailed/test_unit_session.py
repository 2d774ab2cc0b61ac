"""Candidates whose tests need pytest's session: each is judged as pytest itself would judge it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Runner, RunRequest, Runtime
from tests.jailed.mutants import ROOM, completed

pytestmark = pytest.mark.thorough

CODE = "import os\ndef f(a):\n    return a\ndef home():\n    return os.environ.get('HOME_OF', '')\n"
RIGHT = CODE.replace("return a\n", "return a + 1\n")
CONFTEST = (
    "import pytest\n"
    "from solution import f\n"
    "@pytest.fixture\ndef two():\n    yield f(1)\n"
    "@pytest.fixture(autouse=True)\ndef at(monkeypatch):\n    monkeypatch.setenv('HOME_OF', 'x')\n"
)
TESTS = (
    "from solution import *\n"
    "def test_home(): assert home() == 'x'\n"
    "def test_two(two): assert two == 2\n"
    "def test_three(capsys):\n"
    "    print(f(2))\n"
    "    assert capsys.readouterr().out == '3\\n'\n"
)
HOME, TWO, THREE = (f"test_s.py::test_{name}" for name in ("home", "two", "three"))
GIVEN = {"conftest.py": CONFTEST, "test_s.py": TESTS}


def judge(
    run: Runner,
    *candidates: str,
    tests: Mapping[str, str] | None = None,
    code: str = CODE,
    path: str = "solution.py",
    **more: Json,
) -> dict[str, Any]:
    tests = tests or GIVEN
    payload: dict[str, Json] = {
        "tests": list(tests),
        "code": [path],
        "step_limit": 100_000,
        "failing": [TWO, THREE],
        "candidates": [{path: text} for text in candidates],
        "cpu_s": 2.0,
        "wall_s": 10.0,
        "budget_s": 30.0,
        **more,
    }
    files = {f"code/{path}": code, **{f"tests/{name}": text for name, text in tests.items()}}
    value = completed(run, RunRequest(Runtime.THICK, "unit_candidates", files, payload, ROOM))
    assert value["supported"]
    return value


def test_candidates_are_judged_by_fixtures_that_import_them(run: Runner) -> None:
    """Also those of ``conftest.py``: were it imported once for all, ``two`` would be that of
    the code as it is."""
    breaking = RIGHT.replace("'HOME_OF'", "'HOME'")
    value = judge(
        run, RIGHT, CODE, breaking, "def f(a:\n", CODE.replace("return a\n", "return -a\n")
    )
    right, same, broken, no_code, minus = value["judged"]
    assert (right["passed"], right["reached"], right["broken"]) == ([TWO, THREE], {}, [])
    assert (broken["passed"], broken["broken"]) == ([TWO, THREE], [HOME])
    assert same["reached"] == value["control"]["reached"] == {TWO: 3, THREE: 6}
    assert no_code["problem"] == "SyntaxError"
    assert minus["far"][TWO] > value["control"]["far"][TWO] > 0
    assert value["cpu_s"] > 0


def test_one_that_ends_or_never_ends_costs_itself_alone(run: Runner) -> None:
    leaving = CODE.replace("return a\n", "os._exit(0)\n")
    endless = CODE.replace("    return a\n", "    while True:\n        a += 1\n")
    exiting = "raise SystemExit\n"
    first, left, never, gone, last = judge(run, RIGHT, leaving, endless, exiting, RIGHT)["judged"]
    assert first["passed"] == last["passed"] == [TWO, THREE]
    assert left == {"number": 1, "ending": "crashed"}
    assert never["endless"] == TWO
    assert "SystemExit" in gone["problem"]


def test_one_cannot_claim_or_leave_behind_anything(run: Runner) -> None:
    said = json.dumps({"passed": [TWO, THREE], "reached": {}, "broken": []})
    forging = (
        f"{CODE}body = {said!r}.encode()\n"
        "for fd in range(3, 64):\n"
        "    try: os.write(fd, bytes(16) + len(body).to_bytes(8, 'big') + body)\n"
        "    except OSError: pass\n"
    )
    spoiling = f"{CODE}import builtins, _pytest.runner\nbuiltins.print = lambda *_: None\n"
    forged, spoilt, innocent = judge(run, forging, spoiling, CODE)["judged"]
    assert not forged.get("passed")
    assert not spoilt["passed"]
    assert innocent["reached"] == {TWO: 3, THREE: 6}


@pytest.mark.parametrize(
    "hook",
    [
        "def pytest_sessionstart(session):\n    import os\n    os.environ['STARTED'] = '2'\n",
        "pytest_plugins = ['pytester']\nimport os\nos.environ['STARTED'] = '2'\n",
    ],
)
def test_hooks_of_the_start_of_a_session_are_heard(run: Runner, hook: str) -> None:
    tests = (
        "import os\nfrom solution import *\n"
        "def test_two(): assert f(1) == int(os.environ['STARTED'])\n"
    )
    value = judge(run, RIGHT, CODE, tests={"conftest.py": hook, "test_s.py": tests}, failing=[TWO])
    assert [one["passed"] for one in value["judged"]] == [[TWO], []]


def test_tests_inside_the_package_of_the_code_meet_the_candidate(run: Runner) -> None:
    """To import such a test imports the package, which must not be that of the code as it is."""
    tests = {"shop/tests/__init__.py": "", "shop/tests/test_s.py": INSIDE}
    name = "shop/tests/test_s.py::test_two"
    value = judge(run, RIGHT, tests=tests, path="shop/__init__.py", failing=[name])
    assert value["judged"][0]["passed"] == [name]
    assert value["control"]["passed"] == []


INSIDE = "from shop import f\ndef test_two(tmp_path): assert tmp_path and f(1) == 2\n"
