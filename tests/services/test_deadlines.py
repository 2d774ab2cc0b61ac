"""A task whose time is over ends with its next step, whether or not the sweeper came by."""

from __future__ import annotations

import pytest
from redis import Redis
from sqlalchemy import Engine, text

from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Task, TaskKind
from fractal_rmo.ports.sandbox import Sandbox
from tests.services.pipeline import models_of, rig

pytestmark = pytest.mark.cluster
CODE = "def f():\n    return 1\n"
TESTS = "from solution import f\n\n\ndef test():\n    assert f() == 1\n"
_OVER = text("UPDATE tasks SET deadline = now() WHERE CAST(id AS text) = :task")


@pytest.mark.parametrize("performed", [0, 3, 6])
def test_it_ends_with_its_next_step(
    engine: Engine, redis: Redis, performed: int, sandbox: Sandbox
) -> None:
    at_work = rig(engine, redis, sandbox, models_of())
    trees = SourceTree({"solution.py": CODE}), SourceTree({"test_solution.py": TESTS})
    task = at_work.submit(Task("too late", *trees, TaskKind.VALIDATE))
    for _ in range(performed):
        at_work.step()
    with engine.begin() as db:
        db.execute(_OVER, {"task": task})
    while at_work.bell.due:
        at_work.step()
    view = at_work.tools.tasks.show(task)
    assert (view.row.ending, view.row.state) == (Ending.DEADLINE, TaskState.FAILED)
    assert "ran out" in view.summary
    assert not [step for step in view.steps if step.state in ("queued", "running")]
