"""Words of models beside the code: asked for on evidence, paid for, and never needed."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine, text

from fractal_rmo.adapters.llm.simulated import Line
from fractal_rmo.domain.budget import Budget
from fractal_rmo.domain.finding import AnalyzerRole
from fractal_rmo.domain.lifecycle import Ending
from fractal_rmo.domain.pattern import Pattern
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Provider, Task, TaskKind
from fractal_rmo.domain.verdict import Level
from fractal_rmo.domain.views import TaskView, answers_from_cache
from fractal_rmo.ports.sandbox import Sandbox
from fractal_rmo.services.consult import take_notes
from tests.services.pipeline import DOUBLED, Rig, actions, code, models_of, rig

pytestmark = pytest.mark.thorough

RIGHT = "def double(x):\n    return x * 2\n"
WRONG = "def double(x):\n    return 7\n"
BREAKS = "def double(x: int) -> int:\n    return x * 2 if x < 4 else hash(str(x))\n"
NEW = Task(
    "Write double(x).",
    tests=SourceTree({"test_solution.py": DOUBLED}),
    kind=TaskKind.GENERATE,
    provider=Provider.OPENAI,
)
NOTE, STEP = "Seven is returned whatever comes.", "Multiply by two."


def lines(*said: str) -> Any:
    return {"lines": list(said)}


PLANNED = Line(f"PLAN OF ANOTHER MODEL\n- {STEP}", (code(solution=RIGHT),))
PLAN = Line("You coordinate five analyzers", (lines(STEP),))
NOTES = Line("Your subject is logic", (lines(NOTE),))
OTHERS = Line("Your subject is", (lines(),))
EXPLAINED = Line("You tell a person", (lines("double(x) answers twice x."),))
FIRST = Line("", (code(solution=WRONG),))
SCRIPT = (PLANNED, PLAN, NOTES, OTHERS, EXPLAINED, FIRST)


def test_what_was_not_taken_is_noted_planned_and_explained(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    at_work = rig(engine, redis, sandbox, models_of(*SCRIPT), advise_after=1, explain=True)
    view = at_work.finish(NEW)
    assert view.row.ending is Ending.PROVEN, view.summary
    assert actions(view) == [
        ("", "asks_a_model"),
        ("propose-2", "proposed"),
        ("judge-3", "rejected"),
        ("notes-4", "noted"),
        ("plan-5", "planned"),
        ("propose-6", "proposed"),
        ("judge-7", "generated"),
        ("explain-8", "explained"),
    ]
    assert output(view, "notes-4")["notes"] == {"logic": [NOTE]}
    assert len(output(view, "notes-4")["silent"]) == len(AnalyzerRole) - 1
    assert output(view, "plan-5")["plan"] == [STEP]
    assert view.summary == (
        "A model's proposal passes 2 tests. A model says of it: double(x) answers twice x."
    )
    purposes = ["notes-4 " + role for role in AnalyzerRole] + ["plan-5", "explain-8"]
    assert {f"generate {each}" for each in purposes} <= set(calls(engine))


def test_before_the_first_question_and_once_in_a_round(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    models = models_of(PLAN, NOTES, OTHERS, FIRST)
    view = rig(engine, redis, sandbox, models, advise_after=0).finish(NEW)
    asked = [action.partition("-")[0] for action, _ in actions(view)[1:]]
    assert asked == ["notes", "plan", *["propose", "judge"] * 3]


def test_where_nobody_notes_anything_there_is_no_plan(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    script = (Line("Your subject is", ("no such model",)), FIRST)
    view = rig(engine, redis, sandbox, models_of(*script), advise_after=0).finish(NEW)
    assert [action for action, _ in actions(view)][:3] == ["", "notes-2", "propose-3"]
    assert all("FR713" in why for why in output(view, "notes-2")["silent"])


def test_a_round_that_the_validator_rejected_is_noted_and_guided(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    signed: dict[str, Any] = {"level": 5, "outcome": "failed", "kind": "generate", "errors": []}
    learned = "9 results for tasks of kind generate ended at level 5 (property) as failed, of 3"
    script = (
        Line(f"LEARNED FROM ERRORS LIKE THESE\n- {learned}", (lines(NOTE),)),
        replace(PLANNED, contains=f"PLAN OF ANOTHER MODEL\n- {NOTE}"),
        Line("", (code(solution=BREAKS),)),
    )
    at_work = rig(engine, redis, sandbox, models_of(script[1], *script), advise_after=1)
    found = Pattern("PropertyFailed", signed, 9, 3, 1.0, 0.8)
    assert at_work.tools.learning.save_patterns([found], None) == 1
    view = at_work.finish(replace(NEW, level=Level.PROPERTY))
    assert (view.row.ending, view.row.round) == (Ending.PROVEN, 2), view.summary
    later = [step.action for step in view.steps if (step.stage, step.round) == ("execute", 2)]
    assert later == ["", "notes-2", "plan-3", "propose-4", "judge-5"]


def test_an_explanation_that_fails_costs_nothing(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    for answer in ("key refused", lines(f"It is sk-{'a1' * 12}."), lines()):
        script = (Line("You tell a person", (answer,)), Line("", (code(solution=RIGHT),)))
        view = rig(engine, redis, sandbox, models_of(*script), explain=True).finish(NEW)
        assert view.row.ending is Ending.PROVEN, answer
        assert view.summary == "A model's proposal passes 2 tests."
        assert output(view, "explain-4")["silent"]


def test_words_take_half_of_a_budget_and_leave_code_the_rest(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    mended = Line("test_two failed", (code(solution=RIGHT),))
    models = models_of(PLAN, replace(OTHERS, answers=(lines(NOTE),)), mended, FIRST, dollars=0.01)
    view = rig(engine, redis, sandbox, models, advise_after=1).finish(
        replace(NEW, budget=Budget(dollars=0.1))
    )
    assert view.row.ending is Ending.PROVEN, view.summary
    noted = output(view, "notes-4")
    assert noted["notes"]
    assert noted["silent"]
    assert all("FR741" in why for why in noted["silent"])
    with engine.connect() as db:
        spent = db.execute(text("SELECT dollars_spent FROM ledger WHERE account LIKE '%/advice'"))
        assert 0 < spent.scalar_one() <= 0.05


def test_notes_that_are_asked_for_again_are_paid_once(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    at_work = rig(engine, redis, sandbox, models_of(*SCRIPT), advise_after=0)
    at_work.submit(NEW)
    until_due(at_work, "notes-2")
    claim = at_work.tools.steps.claim(at_work.bell.due[0].step_id)
    assert claim is not None
    with at_work.heart.holding(claim) as hold:
        first, again = (take_notes(claim, hold, at_work.tools)[0] for _ in range(2))
    assert (first.tokens_used > 0, again.tokens_used) == (True, 0)
    assert again.output["notes"] == first.output["notes"]
    assert len(calls(engine)) == len(AnalyzerRole)


def test_words_that_another_task_was_told_cost_nothing(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    """Code is asked for anew: a second candidate has to be another one."""
    at_work = rig(engine, redis, sandbox, models_of(*SCRIPT), advise_after=1, explain=True)
    first, before = at_work.finish(NEW), len(calls(engine))
    second = at_work.finish(NEW)
    assert (second.row.ending, second.summary) == (first.row.ending, first.summary)
    assert calls(engine)[before:] == ["generate propose-2", "generate propose-6"]
    answered = {s.action: s.output["from_cache"] for s in second.steps if "from_cache" in s.output}
    assert answered == {"notes-4": len(AnalyzerRole), "plan-5": 1, "explain-8": 1}
    assert (answers_from_cache(first.steps), answers_from_cache(second.steps)) == (0, 7)
    assert second.row.tokens < first.row.tokens


def test_what_is_not_let_in_is_no_answer_for_others(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    leaks, fine = lines(f"It is sk-{'a1' * 12}."), lines("double(x) answers twice x.")
    script = (Line("You tell a person", (leaks, fine)), Line("", (code(solution=RIGHT),)))
    at_work = rig(engine, redis, sandbox, models_of(*script), explain=True)
    first, second, third = (at_work.finish(NEW) for _ in range(3))
    assert "A model says of it" not in first.summary
    assert second.summary == third.summary
    assert "A model says of it: double(x) answers twice x." in second.summary
    assert calls(engine).count("generate explain-4") == 2


@pytest.mark.parametrize(
    "claim",
    ["It is proven for all inputs.", "Now all tests pass.", "It is guaranteed to be fast."],
)
def test_an_explanation_speaks_of_no_verdict(
    engine: Engine, redis: Redis, sandbox: Sandbox, claim: str
) -> None:
    script = (Line("You tell a person", (lines(claim),)), Line("", (code(solution=RIGHT),)))
    view = rig(engine, redis, sandbox, models_of(*script), explain=True).finish(NEW)
    assert view.summary == "A model's proposal passes 2 tests."
    assert "speaks of a verdict" in str(output(view, "explain-4")["silent"])


def test_what_is_not_proven_is_not_explained(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    script = (EXPLAINED, Line("", (code(solution=BREAKS),)))
    task = replace(NEW, level=Level.PROPERTY, budget=Budget(retries=0))
    view = rig(engine, redis, sandbox, models_of(*script), explain=True).finish(task)
    assert view.row.ending is Ending.NOT_PROVEN
    assert output(view, "explain-4")["explanation"]
    assert "A model says" not in view.summary


def test_a_cancel_ends_five_slow_calls_at_once(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    at_work = rig(engine, redis, sandbox, models_of(*SCRIPT, latency_s=60), advise_after=0)
    task = at_work.submit(NEW)
    until_due(at_work, "notes-2")
    cancelled: list[float] = []

    def cancel() -> None:
        while len(calls(engine)) < len(AnalyzerRole):
            time.sleep(0.02)
        at_work.tools.tasks.cancel(task)
        cancelled.append(time.monotonic())

    thread = threading.Thread(target=cancel)
    thread.start()
    said = at_work.step()
    ended = time.monotonic()
    thread.join(30)
    assert "no longer held" in said["did"]
    assert ended - cancelled[0] < 5
    assert at_work.tools.tasks.show(task).row.ending is Ending.CANCELLED


def output(view: TaskView, action: str) -> Any:
    """What a step left."""
    return next(step.output for step in view.steps if step.action == action)


def calls(engine: Engine) -> list[str]:
    """What each call was made for."""
    with engine.connect() as db:
        return list(db.execute(text("SELECT purpose FROM model_calls")).scalars())


def until_due(at_work: Rig, action: str) -> None:
    """Perform what comes before a step."""
    while at_work.bell.due[0].action != action:
        at_work.step()
