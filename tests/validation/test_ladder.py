from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Level, Outcome, is_proven, proven_level
from fractal_rmo.validation.ladder import LADDER, climb
from fractal_rmo.validation.subject import Subject

Driver = Callable[..., Any]
TESTS = SourceTree({"test_s.py": "from solution import f\ndef test_1():\n    assert f() == 1\n"})


def test_good_code_climbs_all_built_levels(real: Driver) -> None:
    subject = Subject(SourceTree({"solution.py": "def f():\n    return 1\n"}), TESTS)
    verdicts = real(climb(subject, Level.INTEGRATION))
    assert [v.level for v in verdicts] == [1, 2, 3, 4]
    assert {v.outcome for v in verdicts} == {Outcome.PASSED}
    assert is_proven(verdicts, Level.INTEGRATION)
    assert not verdicts[2].shared_process


@pytest.mark.parametrize(
    ("text", "stopped_at"),
    [
        ("def f(:\n", 1),
        ("def f():\n    return nope\n", 2),
        ("def f():\n    return 2\n", 3),
        ("def f():\n    return 1\n\n\nif __name__ == '__main__':\n    1 / (f() - 1)\n", 4),
    ],
)
def test_the_first_level_that_does_not_pass_ends_the_climb(
    real: Driver, text: str, stopped_at: int
) -> None:
    subject = Subject(SourceTree({"solution.py": text}), TESTS)
    verdicts = real(climb(subject, Level.INTEGRATION))
    assert verdicts[-1].level == stopped_at
    assert verdicts[-1].outcome is Outcome.FAILED
    assert proven_level(verdicts) == stopped_at - 1


def test_the_order_is_that_of_the_levels() -> None:
    assert [level for level, _ in LADDER] == list(Level)


@pytest.mark.thorough
def test_what_is_not_applicable_leads_on(real: Driver) -> None:
    code = SourceTree({"solution.py": "async def f():\n    return 1\n"})
    tests = SourceTree(
        {
            "test_s.py": "import asyncio\nfrom solution import f\n\n"
            "def test_1():\n    assert asyncio.run(f()) == 1\n"
        }
    )
    verdicts = real(climb(Subject(code, tests), Level.MUTATION))
    assert verdicts[4].outcome is Outcome.NOT_APPLICABLE
    assert verdicts[5].outcome is Outcome.PASSED


def test_a_lower_level_may_be_asked_for(real: Driver) -> None:
    subject = Subject(SourceTree({"solution.py": "x = 1\n"}), SourceTree())
    assert [v.level for v in real(climb(subject, Level.STATIC))] == [1, 2]


@pytest.mark.thorough
@pytest.mark.parametrize(
    "check",
    [
        "import doctest\ndef test(): assert doctest.testmod(solution).failed == 0\n",
        "import dataclasses\ndef test(): assert dataclasses.asdict(solution.made(1)) == {'n': 1}\n",
        "def test(): assert solution.made(2).__dict__ == {'n': 2}\n",
    ],
)
def test_what_looks_into_the_code_is_judged_beside_it(real: Driver, check: str) -> None:
    text = (
        "from dataclasses import dataclass\n\n\n@dataclass\nclass Made:\n    n: int\n\n\n"
        'def made(n):\n    """Made of a number.\n\n    >>> made(3).n\n    3\n    """\n'
        "    return Made(n)\n"
    )
    tests = SourceTree({"test_s.py": f"import solution\n{check}"})
    good = real(climb(Subject(SourceTree({"solution.py": text}), tests), Level.UNIT))[-1]
    assert (good.outcome, good.shared_process) == (Outcome.PASSED, True)
    bad = SourceTree({"solution.py": text.replace("Made(n)", "Made(n + 1)")})
    assert real(climb(Subject(bad, tests), Level.UNIT))[-1].outcome is Outcome.FAILED
