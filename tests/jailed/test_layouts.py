"""Projects as people lay them out: what plain pytest passes in one folder passes here too."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from fractal_rmo.adapters.source_files import is_test
from fractal_rmo.domain.run import Runtime
from fractal_rmo.jailed.layout import lay_out

UnitTests = Callable[..., dict[str, Any]]
HALF = "def half(n):\n    return n / 2\n"
USE = "def test_half():\n    assert half(4) == 2\n"
FIXTURE = "import pytest\n@pytest.fixture\ndef four(): return 4\n"
USE_FIXTURE = "def test_four(four):\n    assert half(four) == 2\n"

LAYOUTS = {
    "tests inside a package": {
        "mypkg/__init__.py": "",
        "mypkg/core.py": "from mypkg.util import half\n",
        "mypkg/util.py": HALF,
        "mypkg/test_core.py": f"from mypkg.core import half\n{USE}",
    },
    "relative imports": {
        "mypkg/__init__.py": "from .core import half\n",
        "mypkg/core.py": HALF,
        "mypkg/inner/__init__.py": "",
        "mypkg/inner/test_core.py": f"from ..core import half\n{USE}",
        "mypkg/test_core.py": f"from . import core\nfrom .core import half\n{USE}",
    },
    "a conftest and helpers inside a package": {
        "mypkg/__init__.py": "",
        "mypkg/core.py": HALF,
        "mypkg/cases.py": "CASES = [(4, 2)]\n",
        "mypkg/conftest.py": FIXTURE,
        "mypkg/test_core.py": (
            f"from .core import half\nfrom .cases import CASES\n{USE_FIXTURE}"
            "def test_cases():\n    assert all(half(a) == b for a, b in CASES)\n"
        ),
    },
    "a package of tests": {
        "core.py": HALF,
        "tests/__init__.py": "",
        "tests/cases.py": "FOUR = 4\n",
        "tests/test_core.py": (
            "from core import half\nfrom tests.cases import FOUR\nfrom .cases import FOUR as F\n"
            "def test_half():\n    assert half(FOUR) == half(F) == 2\n"
        ),
    },
    "a folder of tests with helpers": {
        "mypkg/__init__.py": "",
        "mypkg/core.py": HALF,
        "tests/helpers.py": "FOUR = 4\n",
        "tests/conftest.py": FIXTURE,
        "tests/deep/test_core.py": f"from mypkg.core import half\n{USE_FIXTURE}",
        "tests/test_core_too.py": (
            "from helpers import FOUR\nfrom mypkg.core import half\n"
            "def test_half():\n    assert half(FOUR) == 2\n"
        ),
    },
    "names that are patched": {
        "core.py": HALF,
        "tests/test_core.py": (
            "import core\nfrom unittest import mock\ndef four(): return 0\n"
            "def test_half():\n"
            "    with mock.patch('test_core.four', lambda: 4): assert core.half(four()) == 2\n"
        ),
    },
    "a mirror of the package": {
        "mypkg/__init__.py": "",
        "mypkg/core.py": HALF,
        "tests/mypkg/test_core.py": f"from mypkg.core import half\n{USE}",
    },
    "the package itself": {
        "__init__.py": "from .core import half\n",
        "core.py": HALF,
        "test_core.py": f"from .core import half\n{USE}",
    },
    "src": {
        "src/mypkg/__init__.py": "from mypkg.core import half\n",
        "src/mypkg/core.py": HALF,
        "tests/test_core.py": f"from mypkg.core import half\n{USE}",
    },
    "src with tests inside": {
        "src/mypkg/__init__.py": "",
        "src/mypkg/core.py": HALF,
        "src/mypkg/test_core.py": f"from .core import half\n{USE}",
    },
    "a byte order mark": {
        "core.py": f"\ufeff{HALF}",
        "test_core.py": f"\ufefffrom core import half\n{USE}",
    },
}
EACH = pytest.mark.parametrize("files", LAYOUTS.values(), ids=LAYOUTS.keys())


@pytest.mark.thorough
@EACH
def test_what_passes_in_one_folder_passes(
    unit_tests: UnitTests, tmp_path: Path, files: Mapping[str, str]
) -> None:
    code, tests = _split(files)
    quick, real = (unit_tests(Runtime.THICK, tests, code, quick=q) for q in (True, False))
    for value in (quick, real):
        assert value["problem"] == ""
        assert {r["outcome"] for r in value["results"]} == {"passed"}, value["results"]
    assert quick["collected"] == real["collected"] == _plain_pytest(tmp_path, files)


@pytest.mark.thorough
@pytest.mark.parametrize("runtime", [Runtime.THIN, Runtime.THICK], ids=str)
def test_only_lines_of_the_code_are_traced(unit_tests: UnitTests, runtime: Runtime) -> None:
    code, tests = _split(LAYOUTS["relative imports"])
    lines = unit_tests(runtime, tests, code, trace=True)["lines"]
    assert lines["mypkg/test_core.py::test_half"] == {"mypkg/core.py": [2]}


@pytest.mark.parametrize("runtime", [Runtime.THIN, Runtime.THICK], ids=str)
def test_a_failure_inside_a_package_names_the_code(unit_tests: UnitTests, runtime: Runtime) -> None:
    code, tests = _split(LAYOUTS["relative imports"])
    broken = {**code, "mypkg/core.py": "def half(n):\n    return n / 0\n"}
    places = {(r["path"], r["line"]) for r in unit_tests(runtime, tests, broken)["results"]}
    assert places == {("mypkg/core.py", 2)}


TRICKS = {
    "a file of the same name": {"mypkg/test_core.py": "def test_half(): pass\n"},
    "a package of the same name": {"mypkg/test_core/__init__.py": "def test_half(): pass\n"},
    "a conftest": {"mypkg/conftest.py": "import mypkg.core\nmypkg.core.half = lambda n: 2\n"},
    "a conftest above": {"conftest.py": "import mypkg.core\nmypkg.core.half = lambda n: 2\n"},
}


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS.keys())
@pytest.mark.parametrize("quick", [True, False])
def test_code_takes_the_place_of_no_test(
    unit_tests: UnitTests, trick: Mapping[str, str], quick: bool
) -> None:
    code = {"mypkg/__init__.py": "", "mypkg/core.py": "def half(n):\n    return n\n", **trick}
    tests = {"mypkg/test_core.py": f"from mypkg.core import half\n{USE}"}
    value = unit_tests(Runtime.THICK, tests, code, quick=quick)
    assert "passed" not in {r["outcome"] for r in value["results"]}


def test_tests_take_the_place_of_no_code(tmp_path: Path) -> None:
    files = {"code/mypkg/core.py": "x = 1\n", "tests/mypkg/core.py": "x = 2\n"}
    box = lay_out(tmp_path, files)
    assert box.code != box.tests
    assert box.path.index(str(box.code)) < box.path.index(str(box.tests))


def test_a_blank_package_file_of_the_tests_is_no_conflict(unit_tests: UnitTests) -> None:
    code = {"mypkg/__init__.py": "from .core import half\n", "mypkg/core.py": HALF}
    tests = {"mypkg/__init__.py": "", "mypkg/test_core.py": f"from mypkg import half\n{USE}"}
    value = unit_tests(Runtime.THICK, tests, code)
    assert [r["outcome"] for r in value["results"]] == ["passed"]


@pytest.mark.parametrize("quick", [True, False])
def test_two_test_files_of_one_name_both_run(unit_tests: UnitTests, quick: bool) -> None:
    tests = {f"{folder}/test_core.py": f"from core import half\n{USE}" for folder in "ab"}
    value = unit_tests(Runtime.THICK, tests, {"core.py": HALF}, quick=quick)
    assert [r["id"] for r in value["results"]] == [f"{path}::test_half" for path in tests]


def _split(files: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The code and the tests, as the command line tells them apart."""
    code = {path: text for path, text in files.items() if not is_test(Path(path))}
    return code, {path: text for path, text in files.items() if path not in code}


def _plain_pytest(folder: Path, files: Mapping[str, str]) -> list[str]:
    """The ids of the tests that the real pytest collects and passes in the project's folder."""
    home = folder / "home"
    for path, text in files.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir=.", "-rA", "-p"]
    done = subprocess.run(
        [*command, "no:cacheprovider", *filter(lambda p: "/test_" in f"/{p}", files)],
        cwd=home,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": "src",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    lines = [line for line in done.stdout.splitlines() if line.startswith("PASSED ")]
    return [line.split(" ")[1] for line in lines]
