"""Level 4: modules import, examples hold and programs start, in interpreters of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fractal_rmo.domain.run import RunEnding, RunResult, Tier
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Outcome
from fractal_rmo.validation.integration.level import integration_level
from fractal_rmo.validation.subject import Subject

pytestmark = pytest.mark.thorough

Canned = Callable[..., tuple[Any, Any]]
Driver = Callable[..., Any]
PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
MAIN = "if __name__ == '__main__':\n"


def subject(code: Mapping[str, str], tests: Mapping[str, str] | None = None) -> Subject:
    return Subject(SourceTree(code), SourceTree(tests or {}))


def module(text: str) -> dict[str, str]:
    return {"solution.py": text}


HONEST = {
    "a function": (module("def f():\n    return 1\n"), "1 module imports"),
    "a package with relative imports": (
        {"p/__init__.py": "from .a import f\n", "p/a.py": "from .b import f\n",
         "p/b.py": "f = 1\n"},
        "3 modules import",
    ),
    "packages below src": (
        {"src/p/__init__.py": "", "src/p/a.py": "import p\nfrom p import __name__\n"},
        "2 modules import",
    ),
    "a root that is a package": (
        {"__init__.py": "from .a import f\n", "a.py": "f = 1\n"}, "2 modules import",
    ),
    "scripts that import their neighbours": (
        {"scripts/a.py": "import b\n", "scripts/b.py": ""}, "2 modules import",
    ),
    "a module with the name of a standard one": (
        {"queue.py": "mine = 1\n", "a.py": "from queue import mine\n"}, "2 modules import",
    ),
    "files for pytest beside the code": (
        {"a.py": "", "conftest.py": "import pytest\n", "test_a.py": "import pytest\n"},
        "1 module imports",
    ),
    "examples": (
        module("def f():\n    '''\n    >>> x = f()\n    >>> x\n    1\n    '''\n    return 1\n"),
        "2 examples hold",
    ),
    "an example of an exception": (
        module(
            "class MyError(Exception): ...\ndef f():\n    '''\n    >>> f()\n"
            "    Traceback (most recent call last):\n        ...\n    solution.MyError: no\n"
            "    '''\n    raise MyError('no')\n"
        ),
        "1 example holds",
    ),
    "an object whose comparison raises": (
        module(
            "class C:\n    def __eq__(self, other): raise TypeError\n    __hash__ = None\n"
            "def f():\n    '''\n    >>> f()\n    1\n    '''\n    return 1\nc = C()\n"
        ),
        "1 example holds",
    ),
    "an example that exits": (
        module(
            "import sys\ndef f():\n    '''\n    >>> f()\n"
            "    Traceback (most recent call last):\n    SystemExit: 2\n    '''\n    sys.exit(2)\n"
        ),
        "1 example holds",
    ),
    "examples with features of the future": (
        module("from __future__ import annotations\n'''\n'''\ndef f():\n    '''\n"
               "    >>> def g(x: no_such_name): ...\n    >>> g.__annotations__\n"
               "    {'x': 'no_such_name'}\n    '''\n"),
        "2 examples hold",
    ),
    "a main block": (module(f"print('hi')\n{MAIN}    exit(0)\n"), "1 program starts"),
    "a usage message": (
        module(f"import sys\n{MAIN}    sys.exit('usage: solution FILE')\n"), "1 program starts",
    ),
    "required arguments": (
        module(
            f"import argparse\n{MAIN}    p = argparse.ArgumentParser()\n"
            "    p.add_argument('file')\n    open(p.parse_args().file)\n"
        ),
        "1 program starts",
    ),
    "a package that is started": (
        {"p/__init__.py": "", "p/__main__.py": "from . import run\nrun.go()\n",
         "p/run.py": "def go(): print(1)\n"},
        "1 program starts",
    ),
    "a program whose name cannot be imported": (
        {"my-tool.py": f"import helper\n{MAIN}    helper.go()\n", "helper.py": "def go(): ...\n"},
        "1 program starts",
    ),
    "what is pickled by a program": (
        module(f"import pickle\nclass C: ...\n{MAIN}    pickle.loads(pickle.dumps(C()))\n"),
        "1 program starts",
    ),
    "declared commands": (
        {"src/p/__init__.py": "class C:\n    @staticmethod\n    def run(): ...\n",
         "pyproject.toml": "[project.scripts]\na = 'p:C.run'\n"},
        "1 declared command is there",
    ),
    "a program that waits for input": (module(f"{MAIN}    input(); input()\n"), "could not be"),
    "a program that reads numbers": (
        module(f"import sys\n{MAIN}    print(int(sys.stdin.readline()))\n"), "could not be judged",
    ),
    "a program that wants arguments": (
        module(f"import sys\n{MAIN}    print(open(sys.argv[1]).read())\n"), "could not be judged",
    ),
    "a program that wants a network": (
        module(
            f"import socket\n{MAIN}    socket.create_connection(('192.0.2.1', 80), timeout=1)\n"
        ),
        "could not be judged",
    ),
    "a program that wants a screen": (
        module(f"class TclError(Exception): ...\n{MAIN}    raise TclError('no display')\n"),
        "could not be judged",
    ),
    "a module for another system": (
        {"a.py": "", "w.py": "import sys\nassert sys.platform == 'win32'\n",
         "x.py": "import winreg\n"},
        "2 more could not be judged",
    ),
    "a program that goes on": (module(f"import time\n{MAIN}    time.sleep(60)\n"), "could not be"),
}  # fmt: skip


@pytest.mark.parametrize(("code", "words"), HONEST.values(), ids=HONEST.keys())
def test_honest_code_passes(real: Driver, code: Mapping[str, str], words: str) -> None:
    verdict = real(integration_level(subject(code)))
    assert verdict.outcome is PASSED, verdict
    assert words in verdict.summary
    assert verdict.evidence["failures"] == []


WRONG = {
    "an unknown name": (module("import os\nnope\n"), "solution.py, line 2", "NameError"),
    "a package that is missing": (module("import not_there\n"), "'not_there'", "--python"),
    "an exit": (module("import sys\nsys.exit(0)\n"), "line 2", "ends the interpreter (SystemExit"),
    "a hard exit": (module("import os\nos._exit(0)\n"), "line 1", "(exit status 0)"),
    "an exit at the end": (
        module("import atexit, os\natexit.register(os._exit, 3)\n"), "line 1", "(exit status 3)",
    ),
    "a signal": (module("import os\nos.abort()\n"), "line 1", "(signal 6, SIGABRT)"),
    "input": (module("try:\n    input()\nexcept EOFError: ...\n"), "line 1", "standard input"),
    "an order of imports": (
        {"p/__init__.py": "", "p/a.py": "import p.b\nX = 1\n", "p/b.py": "from p.a import X\n"},
        "p/b.py, line 1", "ImportError",
    ),
    "a module of the tests": (
        module("from helpers import x\n"), "line 1", "No module named 'helpers'",
    ),
    "a missing part of the code": (
        {"src/p/__init__.py": "import p.gone\n"}, "src/p/__init__.py, line 1", "'p.gone'",
    ),
    "a neighbour in a package, named like a package of others": (
        {"p/__init__.py": "", "p/a.py": "import b\n", "p/b.py": ""}, "'b'", "--python",
    ),
    "an assertion": (module("import sys\n\n\n\nassert False\n"), "line 5", "AssertionError"),
    "a module that no system has": (
        module("import sys\nif sys.platform:\n    import solution.x\n"), "line 3", "'solution.x'",
    ),
    "an example": (
        module("def f():\n    '''F.\n\n    >>> f()\n    2\n    '''\n    return 1\n"),
        "solution.py, line 4", "the example 'f()'",
    ),
    "an example that ends the process": (
        module("import os\ndef f():\n    '''\n    >>> f()\n    1\n    '''\n    os._exit(0)\n"),
        "solution.py, line 4", "running the examples of 'solution' ends the interpreter",
    ),
    "an example whose judge is patched": (
        module(
            "import doctest\ndoctest.OutputChecker.check_output = lambda *a: True\n"
            "def f():\n    '''\n    >>> f()\n    2\n    '''\n    return 1\n"
        ),
        "solution.py, line 5", "the example 'f()'",
    ),
    "a main block": (
        module(f"def f():\n    return 1 / 0\n{MAIN}    f()\n"),
        "solution.py, line 2", "ends with ZeroDivisionError: division by zero (python -m solution)",
    ),
    "a hook that hides an exception": (
        module(f"import sys\nsys.excepthook = lambda *a: None\n{MAIN}    1 / 0\n"),
        "line 4", "ZeroDivisionError",
    ),
    "a name that is unknown after input": (module(f"{MAIN}    nope(input())\n"), "l", "NameError"),
    "help that fails": (
        module(
            f"import argparse\n{MAIN}    p = argparse.ArgumentParser()\n"
            "    p.add_argument('-x', help='50% off')\n    p.parse_args()\n"
        ),
        "line 5", "(python -m solution --help)",
    ),
    "a program that crashes": (
        module(f"import os\n{MAIN}    os.abort()\n"), "line 2", "crashes (signal 6, SIGABRT)",
    ),
    "a command that is not there": (
        {"a.py": "", "pyproject.toml": "[project.scripts]\nx = 'a:main'\n"},
        "pyproject.toml, line 2", "no attribute 'main'",
    ),
    "a command that cannot be called": (
        {"a.py": "main = 1\n", "pyproject.toml": "[project.scripts]\nx = 'a:main'\n"},
        "pyproject.toml, line 2", "not callable",
    ),
    "a project file": ({"a.py": "", "pyproject.toml": "["}, "pyproject.toml", "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize(("code", "place", "words"), WRONG.values(), ids=WRONG.keys())
def test_what_does_not_work_from_outside(
    real: Driver, code: Mapping[str, str], place: str, words: str
) -> None:
    verdict = real(integration_level(subject(code, {"helpers.py": "x = 1\n"})))
    missing = "--python" in words
    assert verdict.outcome is (Outcome.ERROR if missing else FAILED), verdict
    assert place in verdict.summary
    assert words in verdict.summary


def test_one_fault_of_a_package_is_said_once_and_can_be_pasted(real: Driver) -> None:
    code = {"p/__init__.py": "1 / 0\n", "p/a.py": "", "p/b.py": "", "p/__main__.py": ""}
    verdict = real(integration_level(subject(code)))
    (failure,) = verdict.evidence["failures"]
    assert (failure["path"], failure["line"]) == ("p/__init__.py", 1)
    assert failure["command"] == "python -c 'import p'"
    assert (failure["type"], failure["text"]) == ("ZeroDivisionError", "division by zero")


def test_a_wrong_example_says_what_was_expected_and_what_came(real: Driver) -> None:
    text = "def f():\n    '''\n    >>> f()\n    2\n    '''\n    return 1\n"
    (failure,) = real(integration_level(subject(module(text)))).evidence["failures"]
    assert (failure["example"], failure["expected"], failure["got"]) == ("f()", "2\n", "1\n")


def test_a_certain_failure_comes_before_a_missing_package(real: Driver) -> None:
    verdict = real(integration_level(subject({"a.py": "import not_there\n", "b.py": "1 / 0\n"})))
    assert verdict.outcome is FAILED
    assert "b.py, line 1" in verdict.summary
    assert len(verdict.evidence["failures"]) == 2


def test_an_endless_import_meets_its_named_limit(canned: Canned) -> None:
    verdict, _ = canned(integration_level(subject(module(""))), [answer(ended="running")])
    assert verdict.outcome is FAILED
    assert "takes longer than 10 s" in verdict.summary


def test_nothing_to_try_is_not_applicable_and_says_why(canned: Canned) -> None:
    verdict, asked = canned(integration_level(subject({"test_a.py": "", "my-x.py": ""})), [])
    assert (verdict.outcome, asked) == (Outcome.NOT_APPLICABLE, [])
    assert "no module" in verdict.summary


def test_a_project_of_which_nothing_could_be_judged_is_no_pass(real: Driver) -> None:
    verdict = real(integration_level(subject({"my-x.py": f"{MAIN}    input(); input()\n"})))
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert "waits for input" in verdict.summary


def test_one_run_without_the_tests_does_it_all(canned: Canned) -> None:
    both = subject(module("'''\n>>> 1\n1\n'''\n"), {"integration/test_a.py": "", "test_b.py": ""})
    report = lines(["example", "0", "0", "1\n", ""], ["done"])
    results = [completed(one(report=lines(["done"])), one(report=report))]
    verdict, (request,) = canned(integration_level(both), results)
    assert verdict.outcome is PASSED, verdict
    assert list(request.files) == ["code/solution.py"]
    assert (verdict.tier, verdict.duration_s) == ("namespaces", 0.25)
    assert verdict.evidence["counts"] == {
        "imports": 1, "examples": 1, "programs": 0, "declared_commands": 0,
        "integration_test_files_run_at_level_3": 1,
    }  # fmt: skip
    json.dumps(verdict.evidence)


@pytest.mark.parametrize(
    ("ending", "outcome", "words"),
    [
        (RunEnding.TIMED_OUT, FAILED, "out of time"),
        (RunEnding.OUT_OF_MEMORY, FAILED, "out of memory"),
        (RunEnding.TOO_MUCH_OUTPUT, FAILED, "too much"),
        (RunEnding.CRASHED, FAILED, "was ended"),
        (RunEnding.UNAVAILABLE, Outcome.ERROR, "No jail"),
    ],
)
def test_every_bad_ending_by_its_name(
    canned: Canned, ending: RunEnding, outcome: Outcome, words: str
) -> None:
    results = [RunResult(ending, detail="The figure.")]
    verdict, _ = canned(integration_level(subject(module(""))), results)
    assert verdict.outcome is outcome
    assert words in verdict.summary
    assert "The figure." in verdict.summary
    assert verdict.evidence["ending"] == ending.value


STRANGE: list[Any] = [
    None, "passed", {}, {"checks": "x"}, {"checks": []}, {"checks": [None]}, {"checks": [{}]},
    {"checks": [{"ended": "exited", "status": True, "report": "", "output": ""}]},
    {"checks": [{"ended": "exited", "status": "0", "report": "", "output": ""}]},
    {"checks": [{"ended": "exited", "status": 0, "report": [], "output": ""}]},
]  # fmt: skip


@pytest.mark.parametrize("value", STRANGE)
def test_an_answer_outside_the_schema_is_an_error(canned: Canned, value: Any) -> None:
    results = [RunResult(RunEnding.COMPLETED, value)]
    verdict, _ = canned(integration_level(subject(module(""))), results)
    assert verdict.outcome is Outcome.ERROR
    assert "does not fit its schema" in verdict.summary


@pytest.mark.parametrize(
    "report",
    ["", "[", "[[\n", '["done", 1]\n', '{"done": 1}\n', '["raised"]\n', "[" * 100_000, '["done"'],
)
def test_a_report_without_its_end_is_no_pass(canned: Canned, report: str) -> None:
    results = [answer(report=report)]
    verdict, _ = canned(integration_level(subject(module(""))), results)
    assert verdict.outcome is FAILED


@pytest.mark.parametrize(
    "line",
    [["example", "0", "0", "2\n", ""], ["example", "-1", "0", "1\n", ""], ["example", "0", "0"],
     ["example", "0", "9" * 9000, "1\n", ""]],
)  # fmt: skip
def test_examples_that_were_not_reported_are_no_pass(canned: Canned, line: list[str]) -> None:
    results = [completed(one(report=lines(["done"])), one(report=lines(line, ["done"])))]
    verdict, _ = canned(integration_level(subject(module("'''\n>>> 1\n1\n'''\n"))), results)
    assert verdict.outcome is FAILED


def lines(*reported: list[str]) -> str:
    return "".join(f"{json.dumps(words)}\n" for words in reported)


def one(**given: Any) -> dict[str, Any]:
    return {
        "ended": "exited", "status": 0, "asked": False, "report": "", "output": "", **given,
    }  # fmt: skip


def answer(**given: Any) -> RunResult:
    return completed(one(**given))


def completed(*checks: dict[str, Any]) -> RunResult:
    value: Any = {"checks": list(checks), "tools": {"python": "3.11"}}
    return RunResult(RunEnding.COMPLETED, value, duration_s=0.25, tier=Tier.NAMESPACES)
