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


def _search(description: str, lines: int, sleeps: float) -> Task:
    """The last of so many alike lines is to subtract; a test that sleeps makes the search long."""
    added = [2 * number for number in range(3, 3 + lines)]
    places = "".join(f"    y = y + {number} - x\n" for number in added)
    wanted = [x - lines * x + sum(added) - 2 * added[-1] for x in (0, 1, 29)]
    test = (
        f"import time\n\nfrom solution import f\n\n\ndef test_it():\n    time.sleep({sleeps})\n"
        f"    assert [f(0), f(1), f(29)] == {wanted}\n"
    )
    code = SourceTree({"solution.py": f"def f(x):\n    y = x\n{places}    return y\n"})
    return Task(description, code, SourceTree({"test_it.py": test}))


SEARCH = _search("search", 20, 0.1)
"""A search of several slices under the settings of these tests."""
LONG_SEARCH = _search("long search", 40, 0.2)
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
