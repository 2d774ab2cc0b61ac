"""The warm static tools, over real files."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

Static = Callable[..., dict[str, Any]]


def test_each_tool_finds_its_own_kind_of_issue(static: Static) -> None:
    code = {
        "solution.py": (
            "import subprocess\n"
            "def f(a):\n    return undefined_name + a\n"
            "def g(x):\n    return f(x, 2)\n"
            "def h(command):\n    subprocess.call(command, shell=True)\n"
        )
    }
    value = static(code)
    assert value["problem"] == ""
    assert ("solution.py", 3, "F821") in _places(value["ruff"])
    assert ("solution.py", 5, "call-arg") in _places(value["mypy"])
    assert ("solution.py", 7, "B602") in _places(value["bandit"])
    shell = next(f for f in value["bandit"] if f["rule"] == "B602")
    assert (shell["severity"], shell["confidence"]) == ("high", "high")
    assert set(value["tools"]) == {"python", "ruff", "mypy", "bandit"}


def test_suppression_comments_have_no_effect(static: Static) -> None:
    code = {
        "solution.py": (
            "# mypy: ignore-errors\n"
            "# ruff: noqa\n"
            "import subprocess\n"
            "x = undefined_name  # noqa: F821\n"
            "def f(a): return a\n"
            "y = f(1, 2)  # type: ignore\n"
            "subprocess.call(input(), shell=True)  # nosec\n"
        )
    }
    value = static(code)
    assert ("solution.py", 4, "F821") in _places(value["ruff"])
    assert ("solution.py", 6, "call-arg") in _places(value["mypy"])
    assert ("solution.py", 7, "B602") in _places(value["bandit"])


def test_modules_of_one_package_see_each_other(static: Static) -> None:
    code = {
        "pack/__init__.py": "",
        "pack/a.py": "def one(x):\n    return x\n",
        "pack/b.py": "from pack.a import one\n\n\ndef two():\n    return one(1, 2)\n",
    }
    assert ("pack/b.py", 5, "call-arg") in _places(static(code)["mypy"])


def test_ordinary_code_has_no_findings(static: Static) -> None:
    code = {"solution.py": "def add(a, b):\n    return a + b\n"}
    value = static(code)
    assert (value["ruff"], value["mypy"], value["bandit"]) == ([], [], [])


def _places(findings: list[dict[str, Any]]) -> set[tuple[str, int, str]]:
    return {(f["path"], f["line"], f["rule"]) for f in findings}


def test_every_module_of_the_standard_library_is_known(static: Static) -> None:
    names = sorted(name for name in sys.stdlib_module_names if not name.startswith("_"))
    code = {
        "solution.py": "\n".join(f"import {name}" for name in names)
        + "\n\n\ndef f() -> int:\n    return sqlite3.sqlite_version\n"
    }
    value = static(code)
    assert value["problem"] == ""
    assert [found["rule"] for found in value["mypy"]] == ["return-value"]


def test_installed_packages_are_not_read(static: Static) -> None:
    value = static({"solution.py": "import numpy as np\n\n\nx: int = np.nothing_of_this_name\n"})
    assert (value["problem"], value["mypy"]) == ("", [])


def test_a_run_leaves_nothing_for_the_next(static: Static) -> None:
    static({"a.py": "def f(x: int) -> int:\n    return x\n", "b.py": "import a\na.f(1)\n"})
    value = static({"a.py": "def f(x: str) -> str:\n    return x\n", "b.py": "import a\na.f(1)\n"})
    assert [(found["path"], found["rule"]) for found in value["mypy"]] == [("b.py", "arg-type")]
