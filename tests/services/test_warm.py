"""What is started ahead of a local job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Task, TaskKind
from fractal_rmo.domain.verdict import Level
from fractal_rmo.services.warm import warming

pytestmark = pytest.mark.thorough

CODE = SourceTree({"solution.py": "def f():\n    return 1\n"})
PLAIN = "def test_1(): pass\n"
WITH_PYTEST = "import pytest\ndef test_1(): pass\n"
WITH_HYPOTHESIS = "from hypothesis import given\n"


@pytest.fixture
def own() -> Iterator[ZygoteSandbox]:
    sandbox = ZygoteSandbox()
    yield sandbox
    sandbox.close()


@pytest.mark.parametrize(
    ("level", "tests", "started"),
    [
        (Level.SYNTAX, PLAIN, {"thin": 0, "static": 0, "thick": 0}),
        (Level.STATIC, PLAIN, {"static": 1, "thick": 0}),
        (Level.UNIT, PLAIN, {"static": 1, "thin": 2, "thick": 1, "property": 0, "mutants": 0}),
        (Level.UNIT, WITH_PYTEST, {"static": 1, "thin": 2, "thick": 2}),
        (Level.MUTATION, WITH_HYPOTHESIS, {"thin": 2, "thick": 0, "property": 2, "mutants": 1}),
    ],
)
def test_a_level_finds_its_interpreters_started(
    own: ZygoteSandbox, level: Level, tests: str, started: dict[str, int]
) -> None:
    assert own.tier  # what showed that it works may be kept
    before = _zygotes(own)
    with warming(own, _task(level, tests)):
        pass
    after = _zygotes(own)
    expected = {name: max(count, before[name]) for name, count in started.items()}
    assert {name: after[name] for name in started} == expected


def test_what_goes_wrong_is_left_to_the_job(own: ZygoteSandbox) -> None:
    with warming(own, _task(Level.UNIT, PLAIN, python="/nowhere/python")):
        pass
    assert set(_zygotes(own)) <= {"thin", "static"}


def _task(level: Level, tests: str, python: str = "") -> Task:
    given = SourceTree({"test_s.py": tests})
    return Task(code=CODE, tests=given, kind=TaskKind.VALIDATE, level=level, python=python)


def _zygotes(sandbox: ZygoteSandbox) -> Counter[str]:
    """Its living zygotes, by runtime."""
    return Counter(key.runtime.value for key, one in sandbox._zygotes.items() if one.alive)
