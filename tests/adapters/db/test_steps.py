"""Claims, fences, fan-in and the audit chain on a real PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text

from fractal_rmo.adapters.db.steps import SqlStepStore
from fractal_rmo.adapters.db.tasks import SqlTaskStore
from fractal_rmo.adapters.db.upkeep import GENESIS, SqlUpkeep, chain_hash, content_digest
from fractal_rmo.domain.errors import FractalError, InputError, LifecycleError
from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.message import Message, MessageType
from fractal_rmo.domain.outcome import AgentSnapshot, StepOutcome
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import Claim, Stage, StepRef, StepState
from fractal_rmo.domain.task import Task
from fractal_rmo.domain.verdict import Level, Outcome, Verdict

pytestmark = pytest.mark.cluster
TASK = Task("mend it", SourceTree({"a.py": "x = 1\n"}), SourceTree({"test_a.py": "import a\n"}))


class Desk:
    """The stores over one database, and a task whose steps are known by stage."""

    def __init__(self, engine: Engine, *, lease_s: float = 30.0) -> None:
        self.engine = engine
        self.tasks = SqlTaskStore(engine)
        self.steps = SqlStepStore(engine, lease_s=lease_s, grace_s=0.0)
        self.upkeep = SqlUpkeep(engine, grace_s=0.0)
        self.task, self.refs = self.tasks.submit(TASK)

    def of(self, stage: Stage) -> list[StepRef]:
        return [ref for ref in self.refs if ref.stage is stage]

    def claim(self, ref: StepRef) -> Claim:
        claim = self.steps.claim(ref.step_id)
        assert claim is not None
        return claim

    def analyze_all(self) -> tuple[StepRef, ...]:
        due: tuple[StepRef, ...] = ()
        for ref in self.of(Stage.ANALYZE):
            outcome = StepOutcome(output={"role": ref.action}, releases=Stage.MERGE)
            due = self.steps.finish(self.claim(ref), outcome) or ()
        return due

    def reach_validation(self) -> Claim:
        self.analyze_all()
        (merge,), (execute,), (validate,) = map(
            self.of, (Stage.MERGE, Stage.EXECUTE, Stage.VALIDATE)
        )
        to_execute = StepOutcome(moves=(TaskState.EXECUTING,), releases=Stage.EXECUTE)
        self.steps.finish(self.claim(merge), to_execute)
        to_validate = StepOutcome(
            moves=(TaskState.VALIDATING,),
            releases=Stage.VALIDATE,
            candidate=SourceTree({"a.py": "x = 2\n"}),
        )
        self.steps.finish(self.claim(execute), to_validate)
        return self.claim(validate)


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


VERDICT = Verdict(Level.SYNTAX, Outcome.PASSED, "It \0 parses.", {"odd": ["\ud800", float("nan")]})
PROVEN = StepOutcome(
    moves=(TaskState.COMPLETE,),
    ending=Ending.PROVEN,
    proven_level=1,
    verdicts=(VERDICT,),
    messages=(Message(MessageType.VALIDATION_RESULT, {"proven": True}),),
)


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
    with pytest.raises(LifecycleError, match="FR203"):
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
    with pytest.raises(LifecycleError, match="FR202"):
        desk.steps.finish(claim, StepOutcome(moves=(TaskState.COMPLETE,), ending=Ending.PROVEN))
    assert desk.tasks.show(desk.task).row.state is TaskState.ANALYZING


def test_a_retry_begins_anew_and_nothing_of_before_reaches_into_it(desk: Desk) -> None:
    zombie = desk.reach_validation()
    with pytest.raises(LifecycleError, match="FR202"):
        desk.tasks.retry(desk.task)
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


def test_an_agents_state_is_saved_only_over_the_version_it_was_read_at(desk: Desk) -> None:
    agent = f"executor:{desk.task}"
    assert desk.steps.save_agent(desk.task, AgentSnapshot(agent, 0, {"n": 1})) == 1
    assert desk.steps.save_agent(desk.task, AgentSnapshot(agent, 1, {"n": 2})) == 2
    for stale in (0, 1):
        with pytest.raises(FractalError, match="FR204"):
            desk.steps.save_agent(desk.task, AgentSnapshot(agent, stale, {"n": 9}))
    assert desk.steps.load_agent(agent) == AgentSnapshot(agent, 2, {"n": 2})


def test_the_audit_chain_covers_every_message_once(desk: Desk) -> None:
    desk.steps.finish(desk.reach_validation(), PROVEN)
    with ThreadPoolExecutor(2) as pool:
        sealed = list(pool.map(lambda _: desk.upkeep.seal_messages(), range(2)))
    with desk.engine.connect() as db:
        messages = db.execute(
            text(
                "SELECT id, correlation_id, causation_id, type, payload, created_at FROM messages"
                " ORDER BY id"
            )
        )
        digests = [content_digest(dict(row)) for row in messages.mappings()]
        chain = db.execute(text("SELECT hash FROM audit_log ORDER BY position")).scalars().all()
    expected, previous = [], GENESIS
    for digest in digests:
        previous = chain_hash(previous, digest)
        expected.append(previous)
    assert sorted(sealed) == [0, len(expected)]
    assert list(chain) == expected


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
