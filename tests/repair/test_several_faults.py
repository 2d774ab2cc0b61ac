"""Programs as students write them, with faults of which none alone explains all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.domain.run import Runner
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.repair.problem import RepairProblem, RepairStatus
from fractal_rmo.repair.search import search
from fractal_rmo.services.choose import chosen
from fractal_rmo.services.drive import drive
from tests.repair.students import PROGRAMS

pytestmark = pytest.mark.thorough

QUICK = ("vowel",)
"""The others take longer in sum than they tell more."""


@pytest.fixture(scope="module", name="run")
def make_run() -> Iterator[Runner]:
    sandbox = ZygoteSandbox()
    with sandbox.session() as session:
        yield session
    sandbox.close()


@pytest.mark.parametrize(
    "name",
    [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in PROGRAMS],
)
def test_what_a_learner_wrote_is_mended(run: Runner, name: str) -> None:
    program = PROGRAMS[name]
    trees = SourceTree(program.files), SourceTree({"test_solution.py": program.tests})
    problem = RepairProblem(*trees)
    outcome = drive(search(problem, max_candidates=20_000), run)
    assert outcome.status is RepairStatus.REPAIRED
    best = drive(chosen(problem, outcome), run).candidates[0]
    space: dict[str, object] = {}
    if program.truths:
        exec(best.tree.files["solution.py"], space)  # noqa: S102 - our own  # pylint: disable=exec-used
    assert all(eval(truth, space) for truth in program.truths), best.description  # noqa: S307  # pylint: disable=eval-used
