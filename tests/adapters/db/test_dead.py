"""Dead steps on a real PostgreSQL: their evidence, and the way back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from fractal_rmo.adapters.db.dead import SqlDeadSteps
from fractal_rmo.domain.errors import FractalError, InputError, LifecycleError
from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.outcome import StepOutcome
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import Stage, StepRef, StepState
from fractal_rmo.domain.views import StepQuery, StepRow
from tests.adapters.db.desk import PROVEN, Desk
from tests.faults.invariants import broken, keep_journal

pytestmark = pytest.mark.cluster


class DeadDesk(Desk):
    """A desk at which steps die."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.dead = SqlDeadSteps(engine, grace_s=0.0)

    def kill(self, ref: StepRef) -> None:
        """Two attempts that say why, then a worker that is lost."""
        for word in ("one", "two"):
            self.steps.give_back(self.claim(ref), f"error {word}", 0.0)
        self.claim(ref)
        with self.engine.connect() as db:
            lost = text("UPDATE steps SET lease_until = now() - interval '1 s' WHERE id = :id")
            db.execute(lost, {"id": ref.step_id})
        self.upkeep.reap()

    def reach_execution(self) -> StepRef:
        self.analyze_all()
        (merge,), (execute,) = self.of(Stage.MERGE), self.of(Stage.EXECUTE)
        to_execute = StepOutcome(moves=(TaskState.EXECUTING,), releases=Stage.EXECUTE)
        self.steps.finish(self.claim(merge), to_execute)
        return execute

    def step(self, ref: StepRef) -> StepRow:
        return next(s for s in self.tasks.show(self.task).steps if s.id == ref.step_id)


@pytest.fixture
def desk(engine: Engine) -> DeadDesk:
    return DeadDesk(engine)


def test_each_attempt_is_kept_with_what_it_said_and_when(desk: DeadDesk) -> None:
    execute = desk.reach_execution()
    desk.kill(execute)
    step = desk.step(execute)
    assert step.state is StepState.DEAD
    assert [(entry["attempt"], entry["said"]) for entry in step.evidence] == [
        (1, "error one"),
        (2, "error two"),
        (3, "The worker was lost: its lease expired."),
    ]
    assert all(str(entry["at"]).endswith("+00:00") for entry in step.evidence)


def test_a_long_error_is_kept_in_part(desk: DeadDesk) -> None:
    ref = desk.of(Stage.ANALYZE)[0]
    desk.steps.give_back(desk.claim(ref), "\0x" * 5000, 0.0)
    (entry,) = desk.step(ref).evidence
    assert len(str(entry["said"])) == 2000


def test_a_task_goes_on_from_its_dead_step_and_does_nothing_twice(desk: DeadDesk) -> None:
    execute = desk.reach_execution()
    desk.kill(execute)
    row = desk.tasks.show(desk.task).row
    assert (row.state, row.ending) == (TaskState.FAILED, Ending.INFRASTRUCTURE)
    with desk.engine.connect() as db:  # found on the next day
        db.execute(text("UPDATE tasks SET deadline = deadline - interval '1 day'"))
    assert desk.dead.put_back(execute.step_id) == (desk.task, (execute,))
    view = desk.tasks.show(desk.task)
    assert (view.row.state, view.row.ending, view.row.round) == (TaskState.EXECUTING, None, 1)
    assert view.summary == ""
    assert desk.upkeep.end_overdue() == 0
    states = {step.stage: step.state for step in view.steps}
    assert states["analyze"] is states["merge"] is StepState.DONE
    assert states["validate"] is StepState.WAITING
    claim = desk.claim(execute)
    assert (claim.attempts, claim.fence, claim.round) == (1, 4, 1)
    assert set(claim.outputs) == {"merge", *(f"analyze/{r.action}" for r in desk.of(Stage.ANALYZE))}
    done = StepOutcome(
        moves=(TaskState.VALIDATING,),
        releases=Stage.VALIDATE,
        candidate=SourceTree({"a.py": "x = 2\n"}),
    )
    (validate,) = desk.steps.finish(claim, done) or ()
    assert desk.steps.finish(desk.claim(validate), PROVEN) == ()
    assert desk.tasks.show(desk.task).row.ending is Ending.PROVEN
    assert [e["said"] for e in desk.step(execute).evidence][-1] == "Put back by a person."


def test_what_is_put_back_can_die_again(desk: DeadDesk) -> None:
    execute = desk.reach_execution()
    for times in (1, 2):
        desk.kill(execute)
        assert desk.tasks.show(desk.task).row.ending is Ending.INFRASTRUCTURE
        assert len(desk.step(execute).evidence) == 4 * times - 1
        desk.dead.put_back(execute.step_id)


def test_a_validation_that_died_is_put_back_with_its_candidate(desk: DeadDesk) -> None:
    desk.steps.give_back(desk.reach_validation(), "error", 0.0)
    (validate,) = desk.of(Stage.VALIDATE)
    with desk.engine.connect() as db:
        db.execute(text("UPDATE steps SET attempts = 3 WHERE stage = 'validate'"))
    desk.upkeep.reap()
    desk.dead.put_back(validate.step_id)
    claim = desk.claim(validate)
    assert claim.candidate == SourceTree({"a.py": "x = 2\n"})
    assert desk.steps.finish(claim, PROVEN) == ()


def test_a_lesson_that_died_is_put_back(desk: DeadDesk) -> None:
    failed = StepOutcome(moves=(TaskState.LEARNING,), learn=True)
    (learn,) = desk.steps.finish(desk.reach_validation(), failed) or ()
    desk.kill(learn)
    desk.dead.put_back(learn.step_id)
    again = StepOutcome(moves=(TaskState.ANALYZING,), next_round=True)
    (merge,) = desk.steps.finish(desk.claim(learn), again) or ()
    assert desk.claim(merge).round == 2


def test_too_many_dead_analyzers_go_back_together(desk: DeadDesk) -> None:
    *poisons, fourth, fifth = desk.of(Stage.ANALYZE)
    for ref in (fourth, fifth):
        desk.steps.finish(desk.claim(ref), StepOutcome(releases=Stage.MERGE))
    for ref in poisons:
        desk.kill(ref)
    (merge,) = desk.of(Stage.MERGE)
    no_quorum = StepOutcome(moves=(TaskState.FAILED,), ending=Ending.INFRASTRUCTURE)
    desk.steps.finish(desk.claim(merge), no_quorum)
    _, due = desk.dead.put_back(poisons[1].step_id)
    assert set(due) == set(poisons)
    assert desk.tasks.show(desk.task).row.state is TaskState.ANALYZING
    assert desk.steps.claim(merge.step_id) is None
    answers = [
        desk.steps.finish(desk.claim(ref), StepOutcome(releases=Stage.MERGE)) for ref in poisons
    ]
    assert answers == [(), (), (merge,)]
    assert desk.claim(merge).attempts == 1


def test_an_analyzer_whose_task_went_on_stays_dead(desk: DeadDesk) -> None:
    poison, *others = desk.of(Stage.ANALYZE)
    desk.kill(poison)
    with pytest.raises(LifecycleError, match="FR213 Its task goes on without it"):
        desk.dead.put_back(poison.step_id)
    for ref in others:
        desk.steps.finish(desk.claim(ref), StepOutcome(releases=Stage.MERGE))
    desk.tasks.cancel(desk.task)
    with pytest.raises(LifecycleError, match=r"FR213 .*cancelled"):
        desk.dead.put_back(poison.step_id)


def test_after_a_retry_the_old_step_stays_dead(desk: DeadDesk) -> None:
    execute = desk.reach_execution()
    desk.kill(execute)
    desk.tasks.retry(desk.task)
    with pytest.raises(LifecycleError, match=r"FR213 .*begun anew"):
        desk.dead.put_back(execute.step_id)
    assert desk.tasks.show(desk.task).row.round == 2


def test_of_several_who_put_a_step_back_one_does(desk: DeadDesk) -> None:
    execute = desk.reach_execution()
    desk.kill(execute)

    def put_back(_: int) -> str:
        try:
            desk.dead.put_back(execute.step_id)
        except FractalError as error:
            return error.code
        return ""

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(put_back, range(4)))
    assert answers == ["", *["FR212"] * 3]


def test_dead_steps_are_listed_newest_first(desk: DeadDesk) -> None:
    poisons = desk.of(Stage.ANALYZE)[:3]
    for ref in poisons:
        desk.kill(ref)
    query = StepQuery(state="dead", limit=2)
    first = desk.dead.find(query)
    rest = desk.dead.find(StepQuery(state="dead", before=first[-1].step.id))
    ids = [line.step.id for line in (*first, *rest)]
    assert ids == [ref.step_id for ref in reversed(poisons)]
    assert {(line.task_id, line.ending) for line in first} == {(desk.task, None)}
    assert len(desk.dead.find(StepQuery())) == 8


@pytest.mark.parametrize("name", ["nonsense", "\0", "0192d0a0-0000-7000-8000-000000000000"])
def test_a_step_that_is_none_is_not_found(desk: DeadDesk, name: str) -> None:
    with pytest.raises(InputError, match="FR211"):
        desk.dead.put_back(name)


def test_what_is_put_back_breaks_no_rule_when_it_takes_effect(desk: DeadDesk) -> None:
    keep_journal(desk.engine)
    *poisons, fourth, fifth = desk.of(Stage.ANALYZE)
    for ref in (fourth, fifth):
        desk.steps.finish(desk.claim(ref), StepOutcome(releases=Stage.MERGE))
    for ref in poisons:
        desk.kill(ref)
    (merge,) = desk.of(Stage.MERGE)
    no_quorum = StepOutcome(moves=(TaskState.FAILED,), ending=Ending.INFRASTRUCTURE)
    desk.steps.finish(desk.claim(merge), no_quorum)
    assert broken(desk.engine, at_rest=False) == {}
    desk.dead.put_back(poisons[0].step_id)
    assert broken(desk.engine, at_rest=False) == {}
    for ref in poisons:
        desk.steps.finish(desk.claim(ref), StepOutcome(releases=Stage.MERGE))
    to_execute = StepOutcome(moves=(TaskState.EXECUTING,), releases=Stage.EXECUTE)
    assert desk.steps.finish(desk.claim(merge), to_execute)
    assert broken(desk.engine, at_rest=False) == {}


def test_a_lost_attempt_is_evidence_whoever_takes_the_step_over(desk: DeadDesk) -> None:
    execute = desk.reach_execution()
    desk.claim(execute)
    with desk.engine.connect() as db:
        db.execute(
            text("UPDATE steps SET lease_until = now() - interval '1 s' WHERE stage = 'execute'")
        )
    assert desk.claim(execute).attempts == 2  # a message came before the reaper
    (entry,) = desk.step(execute).evidence
    assert (entry["attempt"], entry["said"]) == (1, "The worker was lost: its lease expired.")
