"""Claims, fences and fan-in on a real PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text

from fractal_rmo.domain.errors import InputError, LifecycleError
from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.outcome import StepOutcome
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import Stage, StepState
from fractal_rmo.domain.task import Task, TaskKind
from tests.adapters.db.desk import PROVEN, TASK, Desk

pytestmark = pytest.mark.cluster


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def test_a_task_walks_from_submission_to_proof(desk: Desk) -> None:
    claim = desk.reach_validation()
    assert claim.candidate == SourceTree({"a.py": "x = 2\n"})
    assert claim.outputs["analyze/logic"] == {"role": "logic"}
    assert desk.steps.finish(claim, PROVEN) == ()
    view = desk.tasks.show(desk.task)
    assert (view.row.state, view.row.ending) == (TaskState.COMPLETE, Ending.PROVEN)
    assert view.result == SourceTree({"a.py": "x = 2\n"})
    assert [v.summary for _, v in view.verdicts] == ["It \ufffd parses."]


def test_the_merge_is_due_only_after_all_five_analyzers(desk: Desk) -> None:
    (merge,) = desk.of(Stage.MERGE)
    assert desk.steps.claim(merge.step_id) is None
    assert desk.analyze_all() == (merge,)


def test_analyzers_that_finish_at_once_release_the_merge_once(desk: Desk) -> None:
    claims = [desk.claim(ref) for ref in desk.of(Stage.ANALYZE)]
    outcome = StepOutcome(releases=Stage.MERGE)
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda claim: desk.steps.finish(claim, outcome), claims))
    assert sorted(map(len, (answer or () for answer in answers))) == [0, 0, 0, 0, 1]


def test_a_second_delivery_of_a_running_step_gets_nothing(desk: Desk) -> None:
    ref = desk.of(Stage.ANALYZE)[0]
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(desk.steps.claim, [ref.step_id] * 8))
    assert sum(claim is not None for claim in claims) == 1


def test_a_zombies_late_write_changes_nothing(engine: Engine) -> None:
    desk = Desk(engine, lease_s=0.0)
    ref = desk.of(Stage.ANALYZE)[0]
    zombie, heir = desk.claim(ref), desk.claim(ref)
    assert heir.fence == zombie.fence + 1
    assert desk.steps.finish(zombie, StepOutcome(output={"by": "zombie"})) is None
    assert desk.steps.finish(heir, StepOutcome(output={"by": "heir"})) == ()
    step = next(s for s in desk.tasks.show(desk.task).steps if s.action == ref.action)
    assert step.output == {"by": "heir"}


def test_a_step_that_loses_every_worker_is_given_up_and_its_neighbours_go_on(
    engine: Engine,
) -> None:
    desk = Desk(engine, lease_s=0.0)
    poison, *others = desk.of(Stage.ANALYZE)
    for _ in range(3):
        desk.claim(poison)
    assert desk.steps.claim(poison.step_id) is None
    for ref in others:
        desk.steps.finish(desk.claim(ref), StepOutcome(releases=Stage.MERGE))
    assert desk.upkeep.reap() == 1
    steps = {s.action or s.stage: s.state for s in desk.tasks.show(desk.task).steps}
    assert steps[poison.action] is StepState.DEAD
    assert steps["merge"] is StepState.QUEUED


def test_an_expired_lease_is_published_again(engine: Engine) -> None:
    desk = Desk(engine, lease_s=0.0)
    ref = desk.of(Stage.ANALYZE)[0]
    desk.claim(ref)
    desk.upkeep.sweep()
    assert desk.upkeep.reap() == 1
    assert [s.step_id for s in desk.upkeep.sweep()].count(ref.step_id) == 1


def test_what_only_stands_in_a_long_queue_is_not_published_again(engine: Engine) -> None:
    desk = Desk(engine)
    older = [ref.step_id for ref in desk.of(Stage.ANALYZE)]
    for _ in range(2):
        desk.tasks.submit(TASK)
    with engine.connect() as db:
        db.execute(text("UPDATE steps SET publish_after = publish_after - interval '1 minute'"))
    waiting = {ref.queue: 3 for ref in desk.of(Stage.ANALYZE)}
    assert desk.upkeep.sweep(9, waiting) == []
    short_of_one = waiting | {"analyze.logic": 2}
    (found,) = desk.upkeep.sweep(9, short_of_one)
    assert found.step_id in older
    assert found.queue == "analyze.logic"
    assert len(desk.upkeep.sweep(9, {})) == 3 * 5


def test_a_cancelled_task_takes_no_more_work(desk: Desk) -> None:
    claim = desk.claim(desk.of(Stage.ANALYZE)[0])
    desk.tasks.cancel(desk.task)
    assert desk.steps.finish(claim, StepOutcome(releases=Stage.MERGE)) is None
    assert desk.steps.extend({claim.ref.step_id: claim.fence}, 30.0) == frozenset()
    assert desk.tasks.show(desk.task).row.ending is Ending.CANCELLED
    with pytest.raises(LifecycleError, match=r"FR203 'cancelled' is refused: .* it is failed"):
        desk.tasks.cancel(desk.task)


def test_a_failed_round_returns_through_learning(desk: Desk) -> None:
    claim = desk.reach_validation()
    failed = StepOutcome(
        output={"rejected": "abc", "feedback": "level 3 failed"},
        moves=(TaskState.LEARNING,),
        learn=True,
    )
    (learn,) = desk.steps.finish(claim, failed) or ()
    assert learn.stage is Stage.LEARN
    again = StepOutcome(moves=(TaskState.ANALYZING,), next_round=True)
    (merge,) = desk.steps.finish(desk.claim(learn), again) or ()
    second = desk.claim(merge)
    assert (second.round, second.earlier) == (
        2,
        ({"rejected": "abc", "feedback": "level 3 failed"},),
    )
    assert set(second.outputs) == {f"analyze/{ref.action}" for ref in desk.of(Stage.ANALYZE)}


def test_an_illegal_move_raises_and_changes_nothing(desk: Desk) -> None:
    claim = desk.claim(desk.of(Stage.ANALYZE)[0])
    refused = "FR202 'end of analyze' is refused: .* analyzing cannot become complete"
    with pytest.raises(LifecycleError, match=refused):
        desk.steps.finish(claim, StepOutcome(moves=(TaskState.COMPLETE,), ending=Ending.PROVEN))
    assert desk.tasks.show(desk.task).row.state is TaskState.ANALYZING


def test_a_retry_begins_anew_and_nothing_of_before_reaches_into_it(desk: Desk) -> None:
    zombie = desk.reach_validation()
    before = desk.tasks.show(desk.task).row
    with pytest.raises(LifecycleError, match=r"FR202 'retry' is refused: .* validating cannot"):
        desk.tasks.retry(desk.task)
    assert replace(desk.tasks.show(desk.task).row, elapsed_s=before.elapsed_s) == before
    desk.tasks.cancel(desk.task)
    steps = desk.tasks.retry(desk.task)
    assert [s.stage for s in steps].count(Stage.ANALYZE) == 5
    row = desk.tasks.statuses([desk.task])[desk.task].row
    assert (row.state, row.ending, row.round) == (TaskState.IDLE, None, 2)
    assert desk.steps.finish(zombie, PROVEN) is None
    claim = desk.claim(steps[0])
    assert (claim.round, claim.tries, claim.outputs, claim.earlier) == (2, 1, {}, ())


def test_statuses_of_unknown_tasks_are_left_out(desk: Desk) -> None:
    nobody = "0192d0a0-0000-7000-8000-000000000000"
    assert set(desk.tasks.statuses([desk.task, nobody])) == {desk.task}


def test_the_same_idempotency_key_is_one_task(desk: Desk) -> None:
    first, steps = desk.tasks.submit(TASK, "key")
    assert len(steps) == 8
    assert desk.tasks.submit(TASK, "key") == (first, ())


def test_a_task_past_its_deadline_ends_by_name(desk: Desk) -> None:
    with desk.engine.connect() as db:
        db.execute(text("UPDATE tasks SET deadline = now() - interval '1 second'"))
    assert desk.upkeep.end_overdue() == 1
    assert desk.tasks.show(desk.task).row.ending is Ending.DEADLINE


def test_a_running_step_of_a_cancelled_task_is_dropped_and_never_published(engine: Engine) -> None:
    desk = Desk(engine, lease_s=0.0)
    desk.claim(desk.of(Stage.ANALYZE)[0])
    desk.tasks.cancel(desk.task)
    assert desk.upkeep.reap() == 0
    assert {step.state for step in desk.tasks.show(desk.task).steps} == {StepState.DROPPED}
    assert desk.upkeep.sweep() == []


def test_a_key_with_other_content_is_refused(desk: Desk) -> None:
    desk.tasks.submit(TASK, "key")
    other = Task("mend it", SourceTree({"a.py": "x = 3\n"}), TASK.tests)
    with pytest.raises(InputError, match="FR118"):
        desk.tasks.submit(other, "key")


def test_an_id_is_found_in_any_spelling(desk: Desk) -> None:
    assert desk.tasks.show(f"urn:uuid:{desk.task.upper()}").row.id == desk.task


def test_slices_are_told_in_order(desk: Desk) -> None:
    claim = desk.claim(desk.of(Stage.ANALYZE)[0])
    names = ["execute", *(f"execute/slice-{n}" for n in range(2, 12)), "merge"]
    outputs = {name: {"n": number} for number, name in enumerate(names)}
    claim = replace(claim, outputs=dict(reversed(outputs.items())))
    assert [output["n"] for output in claim.slices(Stage.EXECUTE)] == list(range(11))


def test_what_is_only_described_is_told_apart_by_its_description(engine: Engine) -> None:
    desk = Desk(engine)
    for words in ("a mean", "a mean", "a median"):
        desk.tasks.submit(Task(words, kind=TaskKind.GENERATE))
    with engine.connect() as db:
        found = db.execute(
            text("""
            SELECT count(DISTINCT content_sha256) FROM tasks WHERE kind = 'generate'
        """)
        ).scalar_one()
    assert found == 2
