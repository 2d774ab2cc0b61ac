"""A run that does not end with its own genuine result is crashed, whatever it prints or returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from fractal_rmo.domain.run import RunEnding, Runtime

if TYPE_CHECKING:
    from tests.adapters.sandbox.conftest import Trials

BOTH = pytest.mark.parametrize("runtime", [Runtime.THIN, Runtime.THICK], ids=str)
FORGED = """
import os
for fd in range(3, 64):
    try:
        os.write(fd, b'x' * 40 + b'{"value": {"supported": true}}')
    except OSError:
        pass
"""


@BOTH
@pytest.mark.parametrize("code", [0, 1])
def test_os_exit_zero_is_not_success(trials: Trials, runtime: Runtime, code: int) -> None:
    result = trials.body(f"import os\nos._exit({code})", runtime=runtime)
    assert result.ending is RunEnding.CRASHED
    assert result.value is None
    assert f"exit code {code}" in result.detail


@BOTH
def test_os_exit_at_import_of_the_code_is_crashed(trials: Trials, runtime: Runtime) -> None:
    tests = {"test_it.py": "import solution\ndef test_it(): pass\n"}
    code = {"solution.py": "import os\nprint('1 passed')\nos._exit(0)\n"}
    result = trials.tests(tests, code, runtime=runtime)
    assert result.ending is RunEnding.CRASHED


@BOTH
def test_forged_result_is_crashed(trials: Trials, runtime: Runtime) -> None:
    for ending in ("", "os._exit(0)\n"):
        result = trials.body(FORGED + ending, runtime=runtime)
        assert result.ending is RunEnding.CRASHED, result
        assert "result channel" in result.detail


@BOTH
def test_forgery_by_a_surviving_child_is_crashed(trials: Trials, runtime: Runtime) -> None:
    body = f"import os\nif os.fork() == 0:\n    exec({FORGED!r})\n    os._exit(0)\nos.wait()"
    assert trials.body(body, runtime=runtime).ending is RunEnding.CRASHED


@BOTH
def test_sys_exit_in_a_test_is_a_failed_test(trials: Trials, runtime: Runtime) -> None:
    result = trials.body("import sys\nsys.exit(0)", runtime=runtime)
    assert isinstance(result.value, Mapping)
    assert "SystemExit" in str(result.value["results"])
    assert "'failed'" in str(result.value["results"])


@BOTH
def test_sys_exit_at_import_is_a_problem_not_a_pass(trials: Trials, runtime: Runtime) -> None:
    result = trials.tests({"test_it.py": "import sys\nsys.exit(0)\n"}, {}, runtime=runtime)
    assert isinstance(result.value, Mapping)
    assert "SystemExit" in str(result.value["problem"])
    assert result.value["results"] == []


def test_segfault_is_crashed_and_named(trials: Trials) -> None:
    result = trials.body("import ctypes\nctypes.string_at(0)")
    assert result.ending is RunEnding.CRASHED
    assert "SIGSEGV" in result.detail


def test_a_value_that_is_no_json_is_crashed_not_guessed(trials: Trials) -> None:
    body = "import json\njson.JSONEncoder.encode = lambda *a: 'lies'\njson.dumps = None"
    result = trials.body(body)
    assert result.ending in (RunEnding.COMPLETED, RunEnding.CRASHED)
    assert "lies" not in str(result.value)


def test_a_submitted_pytest_module_does_not_replace_pytest(trials: Trials) -> None:
    code = {"pytest.py": "raise SystemExit('shadow')\n"}
    tests = {"test_it.py": "import pytest\ndef test_it():\n    assert pytest.version_tuple\n"}
    result = trials.tests(tests, code, runtime=Runtime.THICK)
    assert isinstance(result.value, Mapping)
    assert "'passed'" in str(result.value["results"])


def test_a_submitted_module_wins_over_a_preloaded_one(trials: Trials) -> None:
    code = {"queue.py": "MARK = 7\n"}
    tests = {"test_it.py": "import queue\ndef test_it():\n    assert queue.MARK == 7\n"}
    assert "'passed'" in str(trials.tests(tests, code).value)
