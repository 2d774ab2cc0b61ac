"""What a job costs whose time is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.domain.run import Runner, RunRequest, RunResult
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Task, TaskKind
from fractal_rmo.domain.verdict import Level
from fractal_rmo.services.solve import solve

pytestmark = pytest.mark.thorough
WRONG = "def half(n):\n    return n\n"
RIGHT = "def half(n):\n    return 'two'\n"
TESTS = "from solution import half\ndef test_1(): assert half(4) == 'two'\n"


@dataclass
class Overheard:
    """A sandbox, and how long the runs might have taken that it was asked for."""

    sandbox: ZygoteSandbox
    walls: dict[str, list[float]] = field(default_factory=dict)

    @contextmanager
    def session(self, *rest: object) -> Iterator[Runner]:
        with self.sandbox.session(*rest) as run:  # type: ignore[arg-type]

            def heard(request: RunRequest) -> RunResult:
                self.walls.setdefault(request.program, []).append(request.limits.wall_s)
                return run(request)

            yield heard


@pytest.fixture
def overheard() -> Iterator[Overheard]:
    sandbox = ZygoteSandbox()
    yield Overheard(sandbox)
    sandbox.close()


@pytest.mark.parametrize(
    ("code", "longest"), [(WRONG, 10.0), pytest.param(RIGHT, 40.0, marks=pytest.mark.slow)]
)
def test_code_that_was_not_mended_in_time_is_not_run_for_long(
    overheard: Overheard, code: str, longest: float
) -> None:
    given = SourceTree({"solution.py": code}), SourceTree({"test_s.py": TESTS})
    task = Task(TaskKind.FIX, *given, level=Level.UNIT)
    solution = solve(task, overheard, out_of_time=lambda: True)  # type: ignore[arg-type]
    assert solution.proven == (code == RIGHT)
    assert longest / 2 <= overheard.walls["unit_tests_apart"][0] < longest
