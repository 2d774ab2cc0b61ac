"""Where the tests allow several patches, an example in the task's description tells which."""

from __future__ import annotations

import pytest
from redis import Redis
from sqlalchemy import Engine

from fractal_rmo.domain.lifecycle import Ending
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Task
from fractal_rmo.ports.sandbox import Sandbox
from tests.services.pipeline import models_of, rig

pytestmark = pytest.mark.cluster
CODE = "def combined(a, b):\n    return a - b\n"
TESTS = "from solution import combined\n\n\ndef test_two():\n    assert combined(2, 2) == 4\n"


@pytest.mark.parametrize(("answer", "operator"), [("5", "+"), ("6", "*")])
def test_an_example_of_the_task_decides(
    engine: Engine, redis: Redis, sandbox: Sandbox, answer: str, operator: str
) -> None:
    task = Task(
        f"Combines two numbers.\n>>> combined(2, 3)\n{answer}",
        SourceTree({"solution.py": CODE}),
        SourceTree({"test_solution.py": TESTS}),
    )
    view = rig(engine, redis, sandbox, models_of()).finish(task)
    assert view.row.ending is Ending.PROVEN, view.summary
    assert view.result == SourceTree({"solution.py": CODE.replace("-", operator)})
