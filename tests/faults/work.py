"""Tasks for the tests of faults, from ones that end at once to ones that never would."""

from __future__ import annotations

from fractal_rmo.config.load import CHECKOUT
from fractal_rmo.domain.budget import Budget
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Provider, Task, TaskKind
from fractal_rmo.domain.verdict import Level

_FOLDER = CHECKOUT / "examples" / "off_by_one"
_CODE, _TESTS = (
    SourceTree({name: (_FOLDER / name).read_text()}) for name in ("solution.py", "test_solution.py")
)
ANALYZE = Task("look", _CODE, _TESTS, TaskKind.ANALYZE)
FIX = Task("mend", _CODE, _TESTS, TaskKind.FIX, Level.UNIT)
QUICK = Task("quick", _CODE, _TESTS, TaskKind.VALIDATE, Level.SYNTAX, Provider.SIMULATED)

_SLOW = "import time\n\n\ndef f(x):\n    time.sleep(0.01)\n    return x * 3 + 1 - 2\n"
_SLOW_TESTS = (
    "from solution import f\n\n\ndef test_it():\n    assert [f(0), f(1), f(5)] == [1, 4, 16]\n"
)
SEARCH = Task("search", SourceTree({"solution.py": _SLOW}), SourceTree({"test_it.py": _SLOW_TESTS}))
"""A search of several slices under the settings of these tests."""

_SLOWER = SourceTree({"solution.py": _SLOW.replace("0.01", "0.06")})
LONG_SEARCH = Task("long search", _SLOWER, SEARCH.tests)
"""A search of many slices."""

_SPIN = "def f(x):\n    while True:\n        x += 1\n"
_SPIN_TESTS = "from solution import f\n\n\ndef test_it():\n    assert f(1) == 1\n"


def spinning(seconds: float = 300.0) -> Task:
    """Keeps a processor busy in a jail until that is ended."""
    return Task(
        "spin",
        SourceTree({"solution.py": _SPIN}),
        SourceTree({"test_it.py": _SPIN_TESTS}),
        TaskKind.VALIDATE,
        Level.UNIT,
        budget=Budget(seconds=seconds),
    )


NEVER_RIGHT = Task(
    "never right",
    SourceTree({"solution.py": "def f(x):\n    return x * 3 + 1 - 2\n"}),
    SourceTree(
        {"test_it.py": "from solution import f\n\n\ndef test_it():\n    assert f(0) == 1\n"}
    ),
    TaskKind.FIX,
    Level.MUTATION,
)
"""Many repairs pass the only test, and level 6 rejects each: no test notices its mutants."""

_HOG = "def f(x):\n    kept = []\n    while True:\n        kept.append(bytearray(50_000_000))\n"
HOG = Task(
    "hog",
    SourceTree({"solution.py": _HOG}),
    SourceTree({"test_it.py": _SPIN_TESTS}),
    TaskKind.VALIDATE,
    Level.UNIT,
)
"""Takes memory until its jail ends it."""
