from __future__ import annotations

import io

import pytest

from fractal_rmo.cli.views import print_steps, print_task
from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.step import StepState
from fractal_rmo.domain.views import StepLine, StepRow
from tests.webapp.pages.conftest import view

DEAD = StepRow(
    "analyze", "logic", 1, StepState.DEAD, 3, "gone", {}, id="7",
    evidence=({"attempt": 1, "at": "2026-01-01\x1b[1m", "said": "no\x1b[2J disk\nleft"},),
)  # fmt: skip


def test_a_dead_step_is_told_with_what_each_attempt_said_and_nothing_a_terminal_obeys() -> None:
    told = io.StringIO()
    print_steps([StepLine(DEAD, "9", Ending.INFRASTRUCTURE), StepLine(DEAD, "8", None)], told)
    assert told.getvalue().splitlines()[:4] == [
        "7 dead: analyze logic, round 1, 3 attempts; task 9, which ended as infrastructure",
        "    2026-01-01\ufffd[1m, attempt 1: no\ufffd[2J disk",
        "      left",
        "7 dead: analyze logic, round 1, 3 attempts; task 8",
    ]


@pytest.mark.parametrize("ending", [Ending.INFRASTRUCTURE, Ending.CANCELLED])
def test_a_task_says_how_the_step_it_ended_by_is_put_back(
    ending: Ending, capsys: pytest.CaptureFixture[str]
) -> None:
    print_task(view((DEAD,), ending=ending, state=TaskState.FAILED))
    hint = "'fractal-rmo requeue 7' puts it back"
    assert (hint in capsys.readouterr().out) is (ending is Ending.INFRASTRUCTURE)
