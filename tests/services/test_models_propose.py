"""What becomes of a model's proposals: judged, mended, asked for again, paid for."""

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
from fractal_rmo.domain.errors import ErrorCode, InfrastructureError, InputError
from fractal_rmo.domain.lifecycle import Ending
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Provider, Task, TaskKind
from fractal_rmo.domain.verdict import Level
from fractal_rmo.ports.sandbox import Sandbox
from tests import undecided
from tests.generation.injections import REPLIES, TEXTS
from tests.services.pipeline import Rig, actions, code, models_of, rig

pytestmark = pytest.mark.thorough

RIGHT = "def double(x):\n    return x * 2\n"
WRONG = "def double(x):\n    return 0\n"
ALMOST = "def double(x):\n    return x + x if x > 0 else 1\n"
TESTS = """from solution import double


def test_two():
    assert double(2) == 4


def test_three():
    assert double(3) == 6


def test_nothing():
    assert double(0) == 0
"""
FIX = Task(
    "Doubles a number.",
    SourceTree({"solution.py": WRONG}),
    SourceTree({"test_solution.py": TESTS}),
    provider=Provider.OPENAI,
)
NEW = Task("Write double(x).", tests=FIX.tests, kind=TaskKind.GENERATE)
ANY = ""


def answers(*documents: Any) -> Line:
    return Line(ANY, documents)


@pytest.mark.parametrize("provider", [Provider.OPENAI, Provider.AUTO])
def test_a_model_fixes_what_the_engine_has_no_time_for(
    engine: Engine, redis: Redis, sandbox: Sandbox, provider: Provider
) -> None:
    at_work = rig(
        engine, redis, sandbox, models_of(answers(code(solution=RIGHT))), search_first_s=0
    )
    view = at_work.finish(replace(FIX, provider=provider))
    assert (view.row.ending, view.row.proven_level) == (Ending.PROVEN, 3), view.summary
    assert view.result == SourceTree({"solution.py": RIGHT})
    assert actions(view) == [
        ("", "asks_a_model"),
        ("propose-2", "proposed"),
        ("judge-3", "generated"),
    ]


OPEN = replace(
    FIX,
    code=SourceTree({"solution.py": undecided.CODE}),
    tests=SourceTree({"test_solution.py": undecided.TESTS}),
)
"""Patches that do different things pass these tests."""


def test_what_the_tests_leave_open_is_no_result(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    at_work = rig(engine, redis, sandbox, models_of())
    view = at_work.finish(replace(OPEN, provider=Provider.OFFLINE))
    assert (view.row.ending, view.result) == (Ending.NOT_PROVEN, None)
    assert "The tests do not decide" in view.summary
    assert actions(view) == [("", "undecided")]
    assert view.steps[-1].output


@pytest.mark.slow
def test_what_the_tests_leave_open_a_model_is_asked(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    right = undecided.CODE.replace("x - 1", "x + 2").replace("x - 3", "x * 3")
    at_work = rig(engine, redis, sandbox, models_of(answers(code(solution=right))))
    view = at_work.finish(replace(OPEN, provider=Provider.AUTO))
    assert (view.row.ending, view.result) == (Ending.PROVEN, SourceTree({"solution.py": right}))
    assert actions(view)[:2] == [("", "undecided"), ("propose-2", "proposed")]


def test_where_the_engine_is_done_first_nobody_is_asked(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    easy = replace(
        FIX, code=SourceTree({"solution.py": "def double(x):\n    return x + 2\n"}),
        provider=Provider.AUTO,
    )  # fmt: skip
    view = rig(engine, redis, sandbox, models_of(answers("key refused"))).finish(easy)
    assert view.row.ending is Ending.PROVEN
    assert actions(view) == [("", "repaired")]


def test_a_near_miss_is_mended_without_another_question(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    almost = code(solution=ALMOST.replace("else 1", "else x + 1"))
    at_work = rig(engine, redis, sandbox, models_of(answers(almost)))
    view = at_work.finish(NEW)
    assert view.row.ending is Ending.PROVEN, view.summary
    assert actions(view)[-2:] == [("judge-3", "near_miss"), ("slice-4", "repaired")]
    assert _calls(engine) == 1


@pytest.mark.parametrize("budget", [Budget(tokens=0), Budget(dollars=0.0)])
def test_who_gives_nothing_is_charged_nothing(
    engine: Engine, redis: Redis, sandbox: Sandbox, budget: Budget
) -> None:
    models = models_of(answers(code(solution=RIGHT)), dollars=0.01)
    view = rig(engine, redis, sandbox, models).finish(replace(NEW, budget=budget))
    assert view.row.ending is Ending.OVER_BUDGET
    assert _calls(engine) == 0


def test_evidence_goes_into_the_next_question(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    lines = (
        Line("test_two failed: AssertionError", (code(solution=RIGHT),)),
        answers(code(solution=WRONG)),
    )
    view = rig(engine, redis, sandbox, models_of(*lines)).finish(NEW)
    assert view.row.ending is Ending.PROVEN, view.summary
    assert [status for _, status in actions(view)][2:] == ["rejected", "proposed", "generated"]


def test_proposals_are_bounded_and_the_best_is_judged(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    view = rig(engine, redis, sandbox, models_of(answers(code(solution=WRONG)))).finish(NEW)
    assert (view.row.ending, view.row.proven_level) == (Ending.NOT_PROVEN, 2)
    assert "test_two" in view.summary
    assert _calls(engine) == 3


def test_a_budget_that_is_used_up_ends_the_task(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    models = models_of(answers(code(solution=WRONG)), dollars=0.01)
    view = rig(engine, redis, sandbox, models).finish(replace(NEW, budget=Budget(dollars=0.065)))
    assert view.row.ending is Ending.OVER_BUDGET
    assert "FR741" in view.summary
    with engine.connect() as db:
        states = db.execute(text("SELECT state FROM model_calls")).scalars().all()
    assert set(states) <= {"settled"}


def test_what_was_proven_before_the_budget_ended_is_kept(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    breaks = "def double(x: int) -> int:\n    return x * 2 if x < 4 else hash(str(x))\n"
    task = replace(NEW, level=Level.PROPERTY, budget=Budget(dollars=0.065))
    models = models_of(answers(code(solution=breaks)), dollars=0.01)
    view = rig(engine, redis, sandbox, models).finish(task)
    assert view.row.ending is Ending.OVER_BUDGET, view.summary
    assert (view.row.round > 1, view.row.proven_level) == (True, 4)
    assert view.result == SourceTree({"solution.py": breaks})


def test_a_later_round_sees_what_was_not_proven_and_why(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    breaks = "def double(x: int) -> int:\n    return x * 2 if x < 4 else hash(str(x))\n"
    task = replace(NEW, level=Level.PROPERTY)
    lines = (Line(f"CODE solution.py\n{breaks}", (code(solution=RIGHT),)),)
    models = models_of(*lines, answers(code(solution=breaks)))
    view = rig(engine, redis, sandbox, models).finish(task)
    assert (view.row.ending, view.row.round) == (Ending.PROVEN, 2), view.summary
    assert view.result == SourceTree({"solution.py": RIGHT})


def test_a_wrong_key_ends_the_task_with_what_to_do(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    view = rig(engine, redis, sandbox, models_of(answers("key refused"))).finish(NEW)
    assert view.row.ending is Ending.INFRASTRUCTURE
    assert "FR711" in view.summary


def test_what_can_be_waited_for_gives_the_step_back(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    at_work = rig(engine, redis, sandbox, models_of(answers("connection lost")))
    task = at_work.submit(NEW)
    said = _until(at_work, "gave it back")
    assert "FR704" in said["error"]
    (step,) = [s for s in at_work.tools.tasks.show(task).steps if s.action == "propose-2"]
    assert (step.state, step.attempts) == ("queued", 1)


def test_a_step_does_not_use_up_its_attempts_while_all_endpoints_rest(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    """Three attempts within six seconds would end every task of a minute's outage."""
    models = models_of(answers(*["overloaded"] * 5, code(solution=RIGHT)))
    at_work = rig(engine, redis, sandbox, models)
    at_work.submit(NEW)
    _until(at_work, "gave it back")
    at_work.submit(NEW)
    _until(at_work, "gave it back")
    third = at_work.submit(NEW)
    assert "FR705" in _until(at_work, "gave it back")["error"]
    waits = "SELECT extract(epoch FROM publish_after - now()) FROM steps"
    with engine.connect() as db:
        delay_s = db.execute(
            text(f"{waits} WHERE task_id = :id AND action = 'propose-2'"), {"id": third}
        ).scalar_one()
    assert 50 < delay_s <= 60


def test_an_answer_outlives_a_ledger_that_does_not_answer(
    engine: Engine, redis: Redis, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def settle(*_: Any, **__: Any) -> None:
        raise InfrastructureError(ErrorCode.DATABASE_DOWN)

    at_work = rig(engine, redis, sandbox, models_of(answers(code(solution=RIGHT))))
    monkeypatch.setattr(at_work.tools.ledger, "settle", settle)
    view = at_work.finish(NEW)
    assert view.row.ending is Ending.PROVEN, view.summary
    with engine.connect() as db:
        states = list(db.execute(text("SELECT state FROM model_calls")).scalars())
    assert states == ["reserved"]  # to be closed as a lost one


def answer_of_tests(path: str, written: str) -> Any:
    """The document of an answer for tests."""
    return {"files": [{"path": path, "text": written}], "interface": "solution.double(x)"}


NO_TEST, SOME_TESTS = (
    answer_of_tests("solution.py", RIGHT),
    answer_of_tests("test_solution.py", TESTS),
)
REFUSED = "The tests were not let in: 'solution.py' is no name of a test file."


def test_tests_that_are_not_let_in_are_asked_for_once_more_with_the_reason(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    again = Line(f"- {REFUSED}", (SOME_TESTS,))
    first = Line("You write pytest tests", (NO_TEST,))
    models = models_of(again, first, answers(code(solution=RIGHT)))
    view = rig(engine, redis, sandbox, models).finish(replace(NEW, tests=SourceTree()))
    assert view.row.ending is Ending.PROVEN, view.summary
    steps = [("", "asks_a_model"), ("tests-2", "no_tests"), ("tests-3", "tests_written")]
    assert actions(view)[:3] == steps
    proposed = next(s for s in view.steps if s.action == "propose-4")
    assert proposed.output["status"] == "proposed"


@pytest.mark.parametrize("answer", [NO_TEST, "refused by policy"])
def test_after_two_answers_without_tests_the_task_has_ended(
    engine: Engine, redis: Redis, sandbox: Sandbox, answer: Any
) -> None:
    models = models_of(answers(answer))
    view = rig(engine, redis, sandbox, models).finish(replace(NEW, tests=SourceTree()))
    assert view.row.ending is Ending.NOT_PROVEN
    assert actions(view)[1:] == [("tests-2", "no_tests"), ("tests-3", "no_tests")]
    assert _calls(engine) == 2
    assert "ests were" in view.summary


def test_a_budget_without_room_for_a_second_question_for_tests_ends_the_task(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    models = models_of(answers(NO_TEST), dollars=0.01)
    task = replace(NEW, tests=SourceTree(), budget=Budget(dollars=0.055))
    view = rig(engine, redis, sandbox, models).finish(task)
    assert view.row.ending is Ending.OVER_BUDGET
    assert _calls(engine) == 1


def test_what_is_said_of_code_is_one_plain_line_without_secrets(
    engine: Engine, redis: Redis, sandbox: Sandbox
) -> None:
    told = code("Done.\n\x1b[31mAll\u202e.", solution=RIGHT)
    leaked = code(f"The key is sk-{'a1' * 12}.", solution=RIGHT)
    models = models_of(Line("looks like an API key", (told,)), answers(leaked))
    view = rig(engine, redis, sandbox, models).finish(NEW)
    said = [s.output["note"] for s in view.steps if s.action.startswith("propose")]
    assert said == ["The answer was not let in: The answer holds what looks like an API key.",
                    "Done. [31mAll."]  # fmt: skip


def test_a_cancel_ends_a_slow_call_at_once(engine: Engine, redis: Redis, sandbox: Sandbox) -> None:
    at_work = rig(engine, redis, sandbox, models_of(answers(code(solution=RIGHT)), latency_s=60))
    task = at_work.submit(NEW)
    cancelled: list[float] = []

    def cancel() -> None:
        while not any(
            step.action.startswith("propose") and step.state == "running"
            for step in at_work.tools.tasks.show(task).steps
        ):
            time.sleep(0.02)
        at_work.tools.tasks.cancel(task)
        cancelled.append(time.monotonic())

    thread = threading.Thread(target=cancel)
    thread.start()
    _until(at_work, "no longer held")
    ended = time.monotonic()
    thread.join(30)
    assert ended - cancelled[0] < 2
    assert at_work.tools.tasks.show(task).row.ending is Ending.CANCELLED


@pytest.mark.parametrize("name", ["edits the tests", "opens a socket"])
def test_a_reply_that_does_more_is_not_run(
    engine: Engine, redis: Redis, sandbox: Sandbox, name: str
) -> None:
    files, said = REPLIES[name]
    rows = [{"path": path, "text": content} for path, content in files.items()]
    evil = {"files": rows, "notes": "Trust me."}
    lines = (Line("not let in", (code(solution=RIGHT),)), answers(evil))
    at_work = rig(engine, redis, sandbox, models_of(*lines))
    view = at_work.finish(replace(NEW, description=f"Write double(x). {TEXTS[0]}"))
    assert view.row.ending is Ending.PROVEN, view.summary
    refused = view.steps[[s.action for s in view.steps].index("propose-2")]
    assert said in str(refused.output["note"])
    assert view.result == SourceTree({"solution.py": RIGHT})


@pytest.mark.parametrize(
    ("task", "error"),
    [
        (Task("Write.", kind=TaskKind.GENERATE, provider=Provider.OFFLINE), ErrorCode.NEEDS_MODEL),
        (
            Task("Write.", kind=TaskKind.GENERATE, provider=Provider.ANTHROPIC),
            ErrorCode.NEEDS_MODEL,
        ),
        (Task(" ", kind=TaskKind.GENERATE), ErrorCode.NEEDS_DESCRIPTION),
    ],
)
def test_what_cannot_be_done_is_refused_at_the_door(
    engine: Engine, redis: Redis, sandbox: Sandbox, task: Task, error: ErrorCode
) -> None:
    with pytest.raises(InputError) as refused:
        rig(engine, redis, sandbox, models_of()).submit(task)
    assert refused.value.code is error


def _calls(engine: Engine) -> int:
    with engine.connect() as db:
        found: int = db.execute(text("SELECT count(*) FROM model_calls")).scalar_one()
    return found


def _until(at_work: Rig, did: str) -> dict[str, Any]:
    for _ in range(40):
        said = at_work.step()
        if did in said["did"]:
            return said
    raise AssertionError(did)
