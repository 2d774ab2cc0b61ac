"""Tasks as a page gets them, made by hand, and a reader with the token."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
import pytest

from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import ROLES, StepState
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.domain.views import StepRow, TaskRow, TaskView
from tests.webapp.conftest import Web


@pytest.fixture
def reader(web: Web) -> Iterator[httpx2.Client]:
    with web.client(Accept="text/html") as client:
        yield client


def step(stage: str, action: str = "", state: str = "done", **given: Any) -> StepRow:
    """A step of the first round, if nothing else is said."""
    row: dict[str, Any] = {"round": 1, "attempts": 1, "error": "", "progress": {}, **given}
    return StepRow(stage, action, state=StepState(state), elapsed_s=0.5, **row)


def analyzed() -> tuple[StepRow, ...]:
    """The five analyzers, each with one finding."""
    output = {"analysis": {"issues_found": [{}], "failed": ""}}
    return tuple(step("analyze", role, output=output) for role in ROLES)


def view(
    steps: tuple[StepRow, ...] = (),
    verdicts: Mapping[int, Mapping[Level, Outcome]] | None = None,
    **given: Any,
) -> TaskView:
    """A task with the verdicts of each round."""
    row: dict[str, Any] = {
        "id": "01a21780-995e-7baf-be85-cdeb58dd433d", "kind": "fix", "description": "it",
        "level": 3, "provider": "auto", "python": "", "state": TaskState.EXECUTING,
        "ending": None, "proven_level": 0, "round": 1, "created_at": "2026-01-01T00:00:00+00:00",
        "elapsed_s": 1.0, **given,
    }  # fmt: skip
    return TaskView(
        row=TaskRow(**row),
        summary="",
        budget={"seconds": 300.0, "tokens": 1, "dollars": 1.0, "retries": 3},
        code=SourceTree({"solution.py": "x = 1\n"}),
        tests=SourceTree(),
        steps=steps,
        verdicts=tuple(
            (number, Verdict(level, outcome, "seen"))
            for number, reached in (verdicts or {}).items()
            for level, outcome in reached.items()
        ),
    )


ENDED: Mapping[str, Any] = {"ending": Ending.NOT_PROVEN, "state": TaskState.FAILED}
