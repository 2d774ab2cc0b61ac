"""Which state and chance a function uses, itself or through what it calls."""

from __future__ import annotations

import pytest

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.generated.targets import Catalogue
from fractal_rmo.validation.property.uses import Uses


def _uses(files: dict[str, str], name: str = "f") -> tuple[str, bool]:
    """(chance, whether it has state) of a function or method of ``solution.py``."""
    code = SourceTree(files)
    target = Catalogue(code, SourceTree({})).defined("solution.py", name)
    assert target is not None
    uses = Uses(code)
    return uses.chance(target), uses.has_state(target)


NOW = """
import time
class A:
    def now(self):
        return time.time()
def f(x):
    return x.now()
"""
CACHED = """
import functools, time
@functools.cache
def f(x):
    return x
"""


@pytest.mark.parametrize(
    ("code", "chance"),
    [
        ("import os\ndef g(x):\n    return os.getpid()\ndef f(x):\n    return x\n", ""),
        ("import os\ndef g(x):\n    return os.getpid()\ndef f(x):\n    return g(x)\n", "os"),
        ("from time import time as now\ndef f(x):\n    return now()\n", "time.time"),
        ("import random\nR = random.Random()\ndef f(x):\n    return R.choice(x)\n", "random"),
        ("def f(x):\n    import uuid\n    return uuid.uuid4()\n", "uuid"),
        ("import os.path as p\ndef f(x):\n    return p.abspath(x)\n", "os.path"),
        ("def f(x):\n    return hash(x) + id(x)\n", ""),
        ("def eval(x):\n    return 1\ndef f(x):\n    return eval(x)\n", ""),
        ("from random import *\ndef f(x):\n    return choice(x)\n", "random.*"),
        ("def f(x):\n    return eval(x)\n", "eval"),
        (NOW, "time"),
        (CACHED, ""),
    ],
)
def test_chance_counts_where_it_is_used(code: str, chance: str) -> None:
    expected = f"solution.f uses {chance} (solution.py)" if chance else ""
    assert _uses({"solution.py": code})[0] == expected


def test_calls_are_followed_into_other_files() -> None:
    helper = (
        "import random\ndef pick(x):\n    return random.choice(x)\ndef keep(x):\n    return x\n"
    )
    for used, chance in (("pick", "solution.f uses random (helper.py)"), ("keep", "")):
        for head, call in (
            (f"from helper import {used} as g", "g(x)"),
            ("import helper", f"helper.{used}(x)"),
        ):
            code = f"{head}\ndef f(x):\n    return {call}\n"
            assert _uses({"solution.py": code, "helper.py": helper})[0] == chance


@pytest.mark.parametrize(
    ("body", "has_state"),
    [("return v", True), ("return g(n)", True), ("return n", False), ("return w", False)],
)
def test_state_counts_where_it_is_used(body: str, has_state: bool) -> None:
    code = (
        "w = 1\ndef init():\n    global v\n    v = 1\ndef g(n):\n    return v\n"
        f"def f(n):\n    {body}\n"
    )
    assert _uses({"solution.py": code})[1] is has_state


def test_a_method_uses_what_its_class_does() -> None:
    code = (
        "import time\nclass C:\n    def __init__(self):\n        self.t = time.time()\n"
        "    def f(self):\n        return self.t\n"
    )
    assert _uses({"solution.py": code}, "C.f")[0] == "solution.C.f uses time (solution.py)"
