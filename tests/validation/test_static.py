"""Level 2: sure crashes and severe holes fail; ordinary code never does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fractal_rmo.domain.run import RunEnding, RunResult
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Outcome
from fractal_rmo.validation.static import static_level
from fractal_rmo.validation.subject import Subject

Canned = Callable[..., tuple[Any, Any]]
Driver = Callable[..., Any]

CRITICAL = {
    "undefined name": "def f():\n    return nope\n",
    "read before set": "n = 0\ndef f():\n    print(n)\n    n = 1\n",
    "too many arguments": "def f(a):\n    return a\n\ndef g():\n    return f(1, 2)\n",
    "format count": "def f(a):\n    return '%s %s' % (a,)\n",
    "format argument": "def f(a):\n    return '{} {}'.format(a)\n",
    "shell": "import subprocess\ndef f(c):\n    subprocess.call(c, shell=True)\n",
    "noqa": "def f():\n    return nope  # noqa\n",
}
ORDINARY = {
    "untyped": "def f(a, b=None):\n    b = b or []\n    b.append(a)\n    return b\n",
    "changing type": "def f(x):\n    x = str(x)\n    x = len(x)\n    return x\n",
    "guarded name": "try:\n    unicode\nexcept NameError:\n    unicode = str\n",
    "guarded import": "try:\n    import simplejson as json\nexcept ImportError:\n    import json\n",
    "exec": "exec('x = 1')\nprint(x)\n",
    "star": "from math import *\nprint(sin(1))\n",
    "postponed": "from __future__ import annotations\ndef f(x: Later) -> Later:\n    return x\n",
    "quoted": "def f(x: 'Later'):\n    return x\n",
    "md5": "import hashlib\ndef f(b):\n    return hashlib.md5(b).hexdigest()\n",
    "mixin": (
        "class M:\n    def __init__(self, *a, **k):\n        super().__init__(*a, **k)\n"
        "class N:\n    def __init__(self, x):\n        super().__init__(x)\n"
    ),
    "mutable default": "def f(a=[]):\n    a.append(1)\n    return a\n",
    "unused": "import os\ndef f():\n    try:\n        g = 1\n    except:\n        pass\n",
    "recursive class": "class A:\n    def make(self):\n        return A()\n",
    "late global": "def f():\n    return LATER\n\nLATER = 3\n",
    "dynamic attribute": "def f():\n    f.count = getattr(f, 'count', 0) + 1\n    return f.count\n",
    "loop variable": "for i in range(3):\n    pass\nprint(i)\n",
    "conditional definition": (
        "import sys\nif sys.argv:\n    def f(): return 1\nelse:\n    def f(a): return a\n"
    ),
    "walrus": "def f(v):\n    return [y for x in v if (y := x)]\n",
}


@pytest.mark.thorough
@pytest.mark.parametrize("text", CRITICAL.values(), ids=CRITICAL.keys())
def test_a_sure_crash_or_severe_hole_fails(real: Driver, text: str) -> None:
    verdict = real(static_level(_subject(text)))
    assert verdict.outcome is Outcome.FAILED, verdict
    assert "solution.py, line" in verdict.summary
    assert verdict.evidence["critical"]


@pytest.mark.parametrize("text", ORDINARY.values(), ids=ORDINARY.keys())
def test_ordinary_code_passes(real: Driver, text: str) -> None:
    verdict = real(static_level(_subject(text)))
    assert verdict.outcome is Outcome.PASSED, verdict
    assert verdict.tier
    assert {"ruff", "mypy", "bandit"} <= set(verdict.tools)


def test_a_fix_is_not_blamed_for_what_the_original_had(real: Driver) -> None:
    old = "def f():\n    return nope\n"
    kept = Subject(_tree("\n# moved\n" + old), SourceTree(), _tree(old))
    verdict = real(static_level(kept))
    assert verdict.outcome is Outcome.PASSED
    assert {note["rule"] for note in verdict.evidence["notes"]} == {"F821", "name-defined"}
    worse = Subject(_tree(old + "def g():\n    return nope\n"), SourceTree(), _tree(old))
    assert real(static_level(worse)).outcome is Outcome.FAILED


def test_no_jail_is_an_error_not_a_failure(canned: Canned) -> None:
    result = RunResult(RunEnding.UNAVAILABLE, detail="no jail")
    verdict, _ = canned(static_level(_subject("x = 1\n")), [result])
    assert verdict.outcome is Outcome.ERROR
    assert "no jail" in verdict.summary


def test_a_tool_that_fails_is_an_error_not_a_pass(canned: Canned) -> None:
    value = {"ruff": [], "mypy": [], "bandit": [], "problem": "mypy failed: KeyError"}
    result = RunResult(RunEnding.COMPLETED, value)
    verdict, _ = canned(static_level(_subject("x = 1\n")), [result])
    assert verdict.outcome is Outcome.ERROR


def _tree(text: str) -> SourceTree:
    return SourceTree({"solution.py": text})


def _subject(text: str) -> Subject:
    return Subject(_tree(text), SourceTree())
