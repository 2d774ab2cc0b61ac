"""The program of level 4: what a check finds when its first line runs, and what it cannot do."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import RunEnding, Runner, RunRequest, Runtime

Outside = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def outside(run: Runner) -> Outside:
    """Perform checks on code files; what came back for each."""

    def call(code: Mapping[str, str], *checks: Mapping[str, Json]) -> list[dict[str, Any]]:
        files = {f"code/{path}": text for path, text in code.items()}
        payload: dict[str, Json] = {"checks": [{**_CHECK, **check} for check in checks]}
        result = run(RunRequest(Runtime.THIN, "outside", files, payload))
        assert result.ending is RunEnding.COMPLETED, result
        assert isinstance(result.value, dict)
        found: list[dict[str, Any]] = result.value["checks"]
        return found

    return call


_CHECK: dict[str, Json] = {
    "kind": "import", "name": "a", "package": "", "file": "a.py", "arguments": [], "docs": [],
    "before": ["."], "after": [], "seconds": 10,
}  # fmt: skip


def test_nothing_is_loaded_that_an_interpreter_does_not_load_itself(outside: Outside) -> None:
    text = "import sys\nprint(sorted(m for m in sys.modules if m in sys.stdlib_module_names))\n"
    (found,) = outside({"a.py": text}, {})
    loaded = set(json.loads(found["output"].replace("'", '"')))
    assert not loaded & {"json", "typing", "re", "traceback", "doctest", "subprocess", "unittest"}
    own = {"_io", "_json", "posix", "marshal", "site", "__future__"}
    usual = "abc codecs encodings io os stat posixpath genericpath zipimport sys time builtins"
    assert {m for m in loaded if not m.startswith("_")} <= own | set(usual.split())


def test_the_path_holds_the_project_and_the_standard_library(outside: Outside) -> None:
    text = "import sys, json\nprint(json.dumps([sys.path, sys.flags.safe_path, sys.argv]))\n"
    (found,) = outside({"a.py": text, "src/b.py": ""}, {"before": [".", "src"], "after": ["x"]})
    path, safe, arguments = json.loads(found["output"])
    code = path[0]
    assert (path[1], path[-1], arguments) == (f"{code}/src", f"{code}/x", [f"{code}/a.py"])
    assert safe is True
    assert not any("tests" in entry or "packages" in entry for entry in path)


def test_every_check_has_an_interpreter_and_a_seed_of_its_own(outside: Outside) -> None:
    text = "import builtins, os\nprint(hasattr(builtins, 'mine'), hash('x'))\nbuiltins.mine = 1\n"
    one, two = outside({"a.py": text}, {}, {})
    assert one["output"] == two["output"]
    assert one["output"].startswith("False ")


@pytest.mark.parametrize(
    ("text", "asked"),
    [("", False), ("input()", True), ("import sys; sys.stdin.read(1)", True), ("1 / 0", False)],
)
def test_whether_input_was_read_is_seen_from_outside(
    outside: Outside, text: str, asked: bool
) -> None:
    (found,) = outside({"a.py": f"{text}\n"}, {})
    assert found["asked"] is asked


def test_what_runs_on_is_stopped_in_time_and_does_not_stop_the_next(outside: Outside) -> None:
    began = time.monotonic()
    slow, next_ = outside(
        {"a.py": "import time\ntime.sleep(60)\n", "b.py": ""},
        {"seconds": 0.5}, {"name": "b", "file": "b.py"},
    )  # fmt: skip
    assert time.monotonic() - began < 6
    assert (slow["ended"], slow["status"]) == ("running", None)
    assert (next_["ended"], next_["status"], next_["report"]) == ("exited", 0, '["done"]\n')


def test_a_flood_of_output_fills_nobodys_memory(outside: Outside) -> None:
    text = "import os\nfor _ in range(200): os.write(1, b'x' * 65536)\nprint('last')\n"
    (found,) = outside({"a.py": text}, {})
    assert found["status"] == 0
    assert len(found["output"]) == 2000
    assert found["output"].endswith("xlast\n")


def test_a_process_that_is_left_behind_delays_nothing(outside: Outside) -> None:
    text = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(60)\n"
    began = time.monotonic()
    (found,) = outside({"a.py": text}, {})
    assert (found["ended"], found["status"]) == ("exited", 0)
    assert time.monotonic() - began < 6


def test_modules_of_the_code_come_before_those_of_the_reporter(outside: Outside) -> None:
    """A submitted json.py or traceback.py takes no part in what is reported."""
    evil = "def dumps(*a): return 'forged'\nformat_exc = dumps\n"
    code = {"a.py": "import json, traceback\njson.dumps()\n1 / 0\n", "json.py": evil}
    (found,) = outside({**code, "traceback.py": evil}, {})
    words = json.loads(found["report"])
    assert words[:5] == ["raised", "ZeroDivisionError", "division by zero", "a.py", "3"]
    assert "ArithmeticError" in words[5].split()


def test_what_an_exception_says_of_itself_harms_nobody(outside: Outside) -> None:
    text = "class E(Exception):\n    def __str__(self): raise ValueError('no')\nraise E\n"
    (found,) = outside({"a.py": text}, {})
    assert json.loads(found["report"])[2] == "<its text raised ValueError>"


def test_what_programs_use_of_site_is_there(outside: Outside) -> None:
    (found,) = outside({"a.py": "exit, quit, help\n"}, {})
    assert found["report"] == '["done"]\n'


def test_the_interpreter_is_that_of_the_zygote(outside: Outside) -> None:
    (found,) = outside({"a.py": "import sys\nprint(sys.version)\n"}, {})
    assert found["output"] == f"{sys.version}\n"


def test_a_run_that_kills_its_watcher_is_told_from_a_result(run: Runner) -> None:
    files = {"code/a.py": "import os\nos.kill(os.getppid(), 9)\n"}
    result = run(RunRequest(Runtime.THIN, "outside", files, {"checks": [_CHECK]}))
    assert result.ending is RunEnding.CRASHED
