"""Properties that a model states: asked for once, paid for, carried to the validator, told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine, text

from fractal_rmo.adapters.llm.simulated import Line
from fractal_rmo.config.settings import Settings
from fractal_rmo.domain.budget import Budget
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.lifecycle import Ending
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Provider, Task, TaskKind
from fractal_rmo.domain.verdict import Level
from fractal_rmo.domain.views import TaskView, answers_from_cache
from fractal_rmo.ports.sandbox import Sandbox
from fractal_rmo.services.documents import open_questions
from fractal_rmo.services.dry_run import ceiling
from fractal_rmo.services.dry_run import questions as dry_run
from fractal_rmo.services.questions import Kind
from tests.services.pipeline import DOUBLED, Rig, actions, code, models_of, rig
from tests.validation.stated.documents import document

pytestmark = pytest.mark.thorough

RIGHT = "def double(n: int) -> int:\n    return n * 2\n"
NEW = Task(
    "Write double(n).",
    tests=SourceTree({"test_solution.py": DOUBLED}),
    kind=TaskKind.GENERATE,
    level=Level.PROPERTY,
)
FIX = replace(
    NEW,
    kind=TaskKind.FIX,
    provider=Provider.OPENAI,
    code=SourceTree({"solution.py": 'def double(n):\n    """Twice n."""\n    return n * 3\n'}),
)
EVEN = document("double(n) % 2 == 0", n="integers(-9, 9)")
GROWS = document("double(n) >= n", n="integers(-9, 9)")
STATES, WRITES = "You state properties", "You write pytest tests"


@pytest.fixture
def make(engine: Engine, redis: Redis, sandbox: Sandbox) -> Any:
    def make(stated: Json, *lines: Line, answer: str = RIGHT, **more: float) -> Rig:
        script = (*lines, Line(STATES, (stated,)), Line("", (code(solution=answer),)))
        return rig(engine, redis, sandbox, models_of(*script, **more), state_properties=True)

    return make


def properties(*stated: Json) -> Json:
    return {"properties": list(stated)}


def level_5(view: TaskView) -> Any:
    return next(v for n, v in view.verdicts if v.level is Level.PROPERTY and n == view.row.round)


@pytest.mark.parametrize("task", [NEW, FIX])
def test_what_is_stated_is_asked_of_the_result(make: Any, task: Task) -> None:
    view = make(properties(EVEN, GROWS)).finish(task)
    assert (view.row.ending, view.row.proven_level) == (Ending.PROVEN, 5), view.summary
    assert actions(view)[:3] == [
        ("", "asks_a_model"),
        ("properties-2", "properties_stated"),
        ("propose-3", "proposed"),
    ]
    verdict = level_5(view)
    assert [one["outcome"] for one in verdict.evidence["stated"]] == ["held", "broken"]
    assert "1 property that a model stated held on" in verdict.summary
    (question,) = [q for q in open_questions(view) if q.kind is Kind.STATED]
    assert question.body is not None
    assert question.body.text() == "n = -1\nassert double(n) >= n"
    assert "With n = -1, 'double(n) >= n' gives False: it compares -2 with -1." in question.text


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("key refused", "There was no answer"),
        (properties(), "None was let in."),
        (
            properties(document("double(n).__class__ == n", n="integers()")),
            "no place in a property",
        ),
    ],
)
def test_without_properties_all_goes_on(make: Any, answer: Json, said: str) -> None:
    view = make(answer).finish(NEW)
    assert (view.row.ending, view.row.proven_level) == (Ending.PROVEN, 5), view.summary
    assert actions(view)[1] == ("properties-2", "no_properties")
    (step,) = [s for s in view.steps if s.action == "properties-2"]
    assert said in str(step.output["note"])
    assert "stated" not in level_5(view).evidence


def test_a_budget_is_kept_for_the_code(make: Any, engine: Engine) -> None:
    view = make(properties(EVEN), dollars=0.01).finish(replace(NEW, budget=Budget(dollars=0.065)))
    assert view.row.ending is Ending.PROVEN, view.summary
    assert actions(view)[1] == ("properties-2", "no_properties")
    with engine.connect() as db:
        asked = db.execute(text("SELECT purpose, state FROM model_calls")).all()
    assert [tuple(row) for row in asked] == [("generate propose-3", "settled")]


def test_what_was_stated_is_paid_for(make: Any, engine: Engine) -> None:
    view = make(properties(EVEN), dollars=0.001).finish(NEW)
    (step,) = [s for s in view.steps if s.action == "properties-2"]
    with engine.connect() as db:
        rows = db.execute(text("SELECT purpose, dollars > 0 FROM model_calls ORDER BY id")).all()
    assert [tuple(row) for row in rows] == [
        ("generate properties-2", True),
        ("generate propose-3", True),
    ]
    tokens, all_tokens = step.output["tokens"], view.row.tokens
    assert isinstance(tokens, int)
    assert 0 < tokens < all_tokens


def test_they_are_stated_once_for_equal_tasks(make: Any, engine: Engine) -> None:
    at_work = make(properties(EVEN), dollars=0.001)
    first, second = at_work.finish(NEW), at_work.finish(NEW)
    assert [answers_from_cache(view.steps) for view in (first, second)] == [0, 1]
    assert level_5(second).evidence["stated"] == level_5(first).evidence["stated"]
    with engine.connect() as db:
        purposes = list(db.execute(text("SELECT purpose FROM model_calls ORDER BY id")).scalars())
    assert purposes.count("generate properties-2") == 1


def test_a_later_round_asks_for_none_and_knows_them_still(make: Any) -> None:
    breaks = "def double(n: int) -> int:\n    return n * 2 if n < 4 else hash(str(n))\n"
    first = Line(f"CODE solution.py\n{breaks}", (code(solution=RIGHT),))
    view = make(properties(EVEN), first, answer=breaks).finish(NEW)
    assert (view.row.ending, view.row.round) == (Ending.PROVEN, 2), view.summary
    assert [name for name, _ in actions(view) if name.startswith("properties")] == ["properties-2"]
    assert [one["outcome"] for one in level_5(view).evidence["stated"]] == ["held"]


@pytest.mark.parametrize(
    ("task", "setting"), [(replace(NEW, level=Level.INTEGRATION), True), (NEW, False)]
)
def test_they_are_asked_for_where_they_are_wanted(
    engine: Engine, redis: Redis, sandbox: Sandbox, task: Task, setting: bool
) -> None:
    models = models_of(Line("", (code(solution=RIGHT),)))
    view = rig(engine, redis, sandbox, models, state_properties=setting).finish(task)
    assert view.row.ending is Ending.PROVEN, view.summary
    assert [name for name, _ in actions(view)] == ["", "propose-2", "judge-3"]


def test_their_writer_sees_no_body_and_no_tests_of_a_model(make: Any) -> None:
    written = {"interface": "solution.double(n: int) -> int", "files": _rows(test_solution=DOUBLED)}
    sees_the_tests = Line("assert double(2)", ("key refused",))
    at_work = make(properties(EVEN), sees_the_tests, Line(WRITES, (written,)))
    view = at_work.finish(replace(NEW, tests=SourceTree()))
    assert view.row.ending is Ending.PROVEN, view.summary
    assert [name for name, _ in actions(view)][:4] == ["", "tests-2", "properties-3", "propose-4"]
    asked = dry_run(FIX, at_work.tools.settings, at_work.tools.models)
    (question,) = [q.request for q in asked if STATES in q.request.system]
    assert "solution.double(n): Twice n." in question.user
    assert "n * 3" not in question.user
    assert "assert double(2) == 4" in question.user


def test_a_dry_run_counts_them(make: Any) -> None:
    at_work = make(properties(EVEN), dollars=0.01)
    settings = at_work.tools.settings

    def named(task: Task, settings: Settings) -> list[str]:
        return [q.request.schema_name for q in dry_run(task, settings, at_work.tools.models)]

    found = dry_run(FIX, settings, at_work.tools.models)
    off = replace(settings, pipeline=replace(settings.pipeline, state_properties=False))
    assert named(FIX, settings) == ["properties", *named(FIX, off)]
    assert ceiling(found, FIX)[1] > ceiling(found[1:], FIX)[1]
    later = replace(FIX, provider=Provider.AUTO)  # the repair engine begins
    assert "properties" not in named(later, Settings())


def _rows(**files: str) -> list[Json]:
    return [{"path": f"{name}.py", "text": content} for name, content in files.items()]
