"""How many candidates a task has tried, over slices, proposals and rounds."""

from __future__ import annotations

from fractal_rmo.domain.step import StepState
from fractal_rmo.domain.views import StepRow, candidates_tried


def step(action: str, tried: int, round_: int = 1) -> StepRow:
    return StepRow("execute", action, round_, StepState.DONE, 1, "", {}, {"tried": tried})


def test_slices_count_on_and_each_proposal_counts() -> None:
    search = [step("", 5700), step("slice-2", 5752), step("judge-4", 1), step("judge-8", 1)]
    assert candidates_tried(search) == 5754


def test_each_round_searches_anew() -> None:
    assert candidates_tried([step("", 40), step("", 30, 2)]) == 70
    assert candidates_tried([]) == 0
