"""The swarm and the ladder out of a task's rows."""

from __future__ import annotations

from itertools import combinations

import pytest

from fractal_rmo.domain.verdict import Level, Outcome
from fractal_rmo.domain.views import TaskView, candidates_tried
from tests.webapp.pages.conftest import ENDED, analyzed, step, view
from webapp.pages.fanout import Box, drawings
from webapp.pages.ladder import earlier_rounds, ladder
from webapp.pages.patch import lines

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED


def said(task: TaskView) -> dict[str, tuple[str, str]]:
    return {node.name: (node.state, node.note) for node in drawings(task)[0].nodes}


def test_a_task_that_nobody_took_up_waits_everywhere() -> None:
    found = said(view())
    assert found.pop("task") == ("task", "round 1")
    assert set(found.values()) == {("waiting", "waiting")}


def test_every_step_shows_where_it_is() -> None:
    steps = (
        *analyzed(),
        step("merge", output={"action_items": [1, 2]}),
        step("execute", output={"tried": 30}),
        step("execute", "slice-2", "running", progress={"tried": 42}),
        step("validate", state="waiting"),
    )
    found = said(view(steps))
    assert found["logic"] == ("done", "1 finding · 0.5 s")
    assert found["merge"] == ("done", "2 items · 0.5 s")
    assert found["execute"] == ("running", "slice 2 · running")
    assert found["validate"] == ("waiting", "waiting")


@pytest.mark.parametrize(
    ("action", "said_of_it"), [("propose-2", "asks a model"), ("judge-3", "runs the tests")]
)
def test_a_models_turn_shows_what_it_waits_for(action: str, said_of_it: str) -> None:
    steps = (*analyzed(), step("merge"), step("execute"), step("execute", action, "running"))
    assert said(view(steps))["execute"] == ("running", f"{said_of_it} · running")


def test_an_analyzer_without_a_report_and_a_failed_proof_are_told_from_the_others() -> None:
    output = {"analysis": {"issues_found": [], "failed": "it broke"}}
    steps = (step("analyze", "logic", output=output), step("validate", output={"proven_level": 1}))
    found = said(view(steps, {1: {Level.SYNTAX: PASSED, Level.STATIC: FAILED}}, **ENDED))
    assert found["logic"] == ("dead", "no report")
    assert found["validate"] == ("failed", "level 1 of 3 · 0.5 s")


def test_a_later_round_shows_its_own_steps_and_the_way_back() -> None:
    first = (*analyzed(), step("merge"), step("execute"), step("learn"))
    steps = (*first, step("merge", state="queued", round=2))
    task = view(steps, round=2)
    assert said(task)["merge"] == ("queued", "queued")
    assert said(task)["execute"][0] == "waiting"
    assert drawings(task)[0].returns == 1
    anew = (*steps, step("analyze", "logic", "queued", round=2))
    assert drawings(view(anew, round=2))[0].returns == 0


@pytest.mark.parametrize("number", [0, 1])
def test_no_box_covers_another_or_leaves_the_drawing(number: int) -> None:
    drawing = drawings(view())[number]
    boxes = [node.box for node in drawing.nodes]
    assert all(0 <= b.x < b.right <= drawing.width for b in boxes)
    assert all(0 <= b.y < b.bottom <= drawing.height for b in boxes)
    assert not any(_meet(a, b) for a, b in combinations(boxes, 2))


def _meet(a: Box, b: Box) -> bool:
    return a.x < b.right and b.x < a.right and a.y < b.bottom and b.y < a.bottom


def test_a_search_counts_on_from_slice_to_slice() -> None:
    assert (
        candidates_tried(
            [step("execute", output={"tried": 9}), step("execute", progress={"tried": 12})]
        )
        == 12
    )
    assert candidates_tried([step("execute", progress={"tried": "many"})]) == 0


def test_every_rung_says_why_it_has_no_verdict() -> None:
    reached = {1: {Level.SYNTAX: PASSED, Level.STATIC: FAILED}}
    words = [rung.word for rung in ladder(view(verdicts=reached, **ENDED))]
    assert words == ["passed", "failed", "not reached", *["not asked"] * 3]
    assert [rung.word for rung in ladder(view(level=2))] == [
        *["to be proven"] * 2, *["not asked"] * 4,
    ]  # fmt: skip


def test_a_report_has_nothing_to_prove() -> None:
    task = view((step("validate"),), kind="analyze")
    assert {rung.word for rung in ladder(task)} == {"not asked"}
    assert said(task)["validate"] == ("done", "nothing to prove · 0.5 s")


def test_earlier_rounds_keep_their_verdicts() -> None:
    verdicts = {1: {Level.SYNTAX: FAILED}, 2: {Level.SYNTAX: PASSED}}
    ((number, (rung,)),) = earlier_rounds(view(verdicts=verdicts, round=2))
    assert (number, rung.word) == (1, "failed")


def test_lines_of_a_patch_are_told_apart_by_where_they_stand() -> None:
    head = "diff --git a/x b/x\n--- a/x\n+++ b/x\n"
    diff = f"{head}@@ -1,2 +1,2 @@\n same\n--- not a head\n+++ nor this\n"
    kinds = [kind for kind, _ in lines(diff)]
    assert kinds == ["head", "head", "head", "hunk", "same", "drop", "add"]
    assert list(lines("")) == []
