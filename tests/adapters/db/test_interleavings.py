"""Any interleaving of claims, lost leases, late writes, cancels and upkeep keeps the tables right.

A machine of rules drives the real stores on a real PostgreSQL; after each rule
every invariant is asked.  Leases expire because they are moved back, never by
waiting.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, text

from fractal_rmo.adapters.db.dead import SqlDeadSteps
from fractal_rmo.adapters.db.outbox import SqlOutbox
from fractal_rmo.adapters.db.steps import SqlStepStore
from fractal_rmo.adapters.db.tasks import SqlTaskStore
from fractal_rmo.adapters.db.upkeep import SqlUpkeep
from fractal_rmo.domain.errors import LifecycleError
from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.message import Message, MessageType
from fractal_rmo.domain.outcome import StepOutcome
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import MAX_ATTEMPTS, Claim, Stage, StepState
from fractal_rmo.domain.task import Task
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.domain.views import StepQuery
from tests.faults.invariants import broken, keep_journal

pytestmark = pytest.mark.cluster
TASK = Task("mend it", SourceTree({"a.py": "x = 1\n"}), SourceTree({"test_a.py": "import a\n"}))
PASSED = tuple(Verdict(level, Outcome.PASSED, "good", {}) for level in Level if level <= TASK.level)
FAILED = (Verdict(Level.SYNTAX, Outcome.FAILED, "bad", {}),)


def _analyzed(number: int) -> StepOutcome:
    return StepOutcome(output={"n": number}, releases=Stage.MERGE)


def _merged(number: int) -> StepOutcome:
    if number % 5 == 0:  # as where too few analyzers reported
        return StepOutcome(moves=(TaskState.FAILED,), ending=Ending.INFRASTRUCTURE)
    told = (Message(MessageType.ANALYSIS_COMPLETE, {"round": 1, "action_items": 0, "missing": []}),)
    return StepOutcome(moves=(TaskState.EXECUTING,), messages=told, releases=Stage.EXECUTE)


def _executed(number: int) -> StepOutcome:
    if number % 3 == 0:
        return StepOutcome(output={"position": number}, more=f"slice-{number + 2}")
    if number % 7 == 1:
        return StepOutcome(moves=(TaskState.FAILED,), ending=Ending.NOT_PROVEN)
    found = SourceTree({"a.py": f"x = {number}\n"})
    return StepOutcome(moves=(TaskState.VALIDATING,), candidate=found, releases=Stage.VALIDATE)


def _validated(number: int) -> StepOutcome:
    told = (
        Message(
            MessageType.VALIDATION_RESULT, {"round": 1, "proven": bool(number % 2), "levels": {}}
        ),
    )
    if number % 2:
        return StepOutcome(
            moves=(TaskState.COMPLETE,), ending=Ending.PROVEN, proven_level=int(TASK.level),
            verdicts=PASSED, messages=told,
        )  # fmt: skip
    return StepOutcome(moves=(TaskState.LEARNING,), verdicts=FAILED, messages=told, learn=True)


def _learned(_number: int) -> StepOutcome:
    return StepOutcome(moves=(TaskState.ANALYZING,), next_round=True)


OUTCOMES: dict[Stage, Callable[[int], StepOutcome]] = {
    Stage.ANALYZE: _analyzed,
    Stage.MERGE: _merged,
    Stage.EXECUTE: _executed,
    Stage.VALIDATE: _validated,
    Stage.LEARN: _learned,
}
CHOICE = st.integers(min_value=0, max_value=10_000)
SELDOM = 5
"""One of so many cancels and deadlines acts: else tasks hardly ever get beyond their analyzers."""


class Interleaving(RuleBasedStateMachine):
    """Workers, maintenance and people at one database, in any order."""

    claims = Bundle("claims")

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self.tasks = SqlTaskStore(engine, grace_s=0.0)
        self.steps = SqlStepStore(engine, lease_s=600.0, grace_s=0.0)
        self.upkeep = SqlUpkeep(engine, grace_s=0.0)
        self.outbox = SqlOutbox(engine)
        self.dead = SqlDeadSteps(engine, grace_s=0.0)
        self.accepted: list[str] = []
        self.sliced = 0
        self.latest: dict[str, int] = {}

    @initialize(count=st.integers(min_value=1, max_value=2))
    def begin(self, count: int) -> None:
        with self.engine.connect() as db:
            db.execute(text("TRUNCATE tasks, journal.effects, journal.moves CASCADE"))
        self.accepted = [self.tasks.submit(TASK)[0] for _ in range(count)]

    @rule(choice=CHOICE)
    def submit(self, choice: int) -> None:
        if len(self.accepted) < 3:
            key = f"key-{choice % 2}"
            found, _ = self.tasks.submit(TASK, key)
            assert self.tasks.submit(TASK, key) == (found, ())
            self.accepted += [found] if found not in self.accepted else []

    @rule(target=claims, choice=CHOICE, most=st.integers(min_value=1, max_value=5))
    def deliver(self, choice: int, most: int) -> object:
        """Messages of any steps, in any order, also of those that are done or not yet due."""
        known = self._ids()
        chosen = random.Random(choice).sample(known, min(most, len(known)))  # noqa: S311
        return multiple(*filter(None, map(self._claim, chosen)))

    @rule(target=claims, choice=CHOICE)
    def deliver_what_is_due(self, choice: int) -> object:
        due = [step.step_id for step in self.upkeep.sweep(5)]
        random.Random(choice).shuffle(due)  # noqa: S311
        return multiple(*filter(None, map(self._claim, due)))

    @rule(target=claims, choice=CHOICE)
    def lose_every_worker(self, choice: int) -> object:
        """A step that kills whoever takes it, until nobody may any more."""
        known = self._ids()
        step, claims = known[choice % len(known)], []
        while claim := self._claim(step):
            claims.append(claim)
            self.all_leases_expire()
        assert len(claims) <= MAX_ATTEMPTS
        return multiple(*claims)

    @rule(number=CHOICE, stages=st.integers(min_value=1, max_value=4))
    def work_for_a_while(self, number: int, stages: int) -> None:
        """Healthy workers: without them few tasks get beyond their analyzers."""
        for stage in range(stages):
            for step in self.upkeep.sweep(10):
                if claim := self._claim(step.step_id):
                    self._finish(claim, number + stage)

    @rule(claim=consumes(claims), number=CHOICE)
    def finish(self, claim: Claim, number: int) -> None:
        self._finish(claim, number)

    @rule(claim=claims, number=CHOICE)
    def finish_and_stay(self, claim: Claim, number: int) -> None:
        """A zombie keeps its claim and will write again."""
        self._finish(claim, number)

    @rule(first=claims, second=claims, number=CHOICE)
    def finish_two_at_once(self, first: Claim, second: Claim, number: int) -> None:
        with ThreadPoolExecutor(2) as pool:
            both = pool.map(self._finish, (first, second), (number, number + 1))
        answers = list(both)
        if first.ref.step_id == second.ref.step_id:
            assert sum(answer is not None for answer in answers) <= 1

    @rule(claim=consumes(claims))
    def give_back(self, claim: Claim) -> None:
        self.steps.give_back(claim, "no jail", 0.0)

    @rule(claim=claims)
    def beat(self, claim: Claim) -> None:
        holds = {claim.ref.step_id: claim.fence}
        held = self.steps.held(holds)
        assert self.steps.extend(holds, 600.0) == held
        assert self.steps.note(claim.ref.step_id, claim.fence, {}) is bool(held)

    @rule()
    def all_leases_expire(self) -> None:
        self._run("UPDATE steps SET lease_until = now() - interval '1 s' WHERE state = 'running'")

    @rule(choice=CHOICE)
    def a_deadline_passes(self, choice: int) -> None:
        if choice % SELDOM:
            return
        task = self.accepted[choice // SELDOM % len(self.accepted)]
        self._run("UPDATE tasks SET deadline = now() - interval '1 s' WHERE id = :task", task=task)
        self.upkeep.end_overdue()

    @rule(choice=CHOICE)
    def cancel(self, choice: int) -> None:
        if choice % SELDOM:
            return
        with contextlib.suppress(LifecycleError):
            self.tasks.cancel(self.accepted[choice // SELDOM % len(self.accepted)])

    @rule(choice=CHOICE)
    def begin_anew(self, choice: int) -> None:
        with contextlib.suppress(LifecycleError):
            self.tasks.retry(self.accepted[choice % len(self.accepted)])

    @rule(target=claims, most=st.integers(min_value=1, max_value=4))
    def give_up_and_put_back(self, most: int) -> object:
        """Whatever is due dies on all of its attempts, and a person puts it back."""
        due, claims = [step.step_id for step in self.upkeep.sweep(most)], []
        for step in due:
            while claim := self._claim(step):
                claims.append(claim)
                self.all_leases_expire()
        self.upkeep.reap()
        for line in self.dead.find(StepQuery(state=StepState.DEAD, limit=1000)):
            with contextlib.suppress(LifecycleError):
                self.dead.put_back(line.step.id)
        return multiple(*claims)

    @rule()
    def maintain(self) -> None:
        self.upkeep.reap()
        self.outbox.drain(None, 1000)

    @invariant()
    def nothing_is_broken(self) -> None:
        assert broken(self.engine, at_rest=False) == {}

    def teardown(self) -> None:
        """Whatever happened before, workers that work bring every task to its end."""
        for number in range(200):
            with self.engine.connect() as db:
                if not db.execute(text("SELECT 1 FROM tasks WHERE ending IS NULL")).first():
                    break
            self.all_leases_expire()
            self.maintain()
            for step in self.upkeep.sweep(50):
                if claim := self._claim(step.step_id):
                    self._finish(claim, number)
        assert broken(self.engine, at_rest=True) == {}

    def _claim(self, step_id: str) -> Claim | None:
        claim = self.steps.claim(step_id)
        if claim is not None:
            assert claim.fence > self.latest.get(step_id, 0)
            self.latest[step_id] = claim.fence
        return claim

    def _finish(self, claim: Claim, number: int) -> object:
        if claim.ref.stage is Stage.EXECUTE and number % 3 == 0:
            self.sliced += 1
            number = 3 * self.sliced  # a slice's name is its own
        answer = self.steps.finish(claim, OUTCOMES[claim.ref.stage](number))
        assert answer is None or claim.fence == self.latest[claim.ref.step_id], "a zombie wrote"
        return answer

    def _ids(self) -> list[str]:
        with self.engine.connect() as db:
            return list(map(str, db.execute(text("SELECT id FROM steps ORDER BY id")).scalars()))

    def _run(self, statement: str, **values: str) -> None:
        with self.engine.connect() as db:
            db.execute(text(statement), values)


def interleave(engine: Engine, examples: int, steps: int, phases: Sequence[Phase]) -> None:
    keep_journal(engine)
    profile = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )

    class OnThisDatabase(Interleaving):
        def __init__(self) -> None:
            super().__init__(engine)

    run_state_machine_as_test(OnThisDatabase, settings=profile)


def test_any_interleaving_keeps_the_tables_right(engine: Engine) -> None:
    # shrinking takes minutes: the long run below has the time for it
    interleave(engine, examples=10, steps=40, phases=[Phase.generate])


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_thousands_of_interleaved_rules_keep_the_tables_right(engine: Engine) -> None:
    interleave(engine, examples=120, steps=60, phases=[Phase.generate, Phase.shrink])


def test_siblings_that_finish_at_once_release_one_merge(engine: Engine) -> None:
    keep_journal(engine)
    tasks, steps = SqlTaskStore(engine), SqlStepStore(engine, grace_s=0.0)
    with ThreadPoolExecutor(5) as pool:
        for number in range(20):
            _, refs = tasks.submit(TASK)
            analyzers = [ref.step_id for ref in refs if ref.stage is Stage.ANALYZE]
            claims = list(filter(None, pool.map(steps.claim, [*analyzers, *analyzers])))
            assert len(claims) == 5
            answers = pool.map(steps.finish, claims, [_analyzed(number)] * 5)
            released = [step.stage for due in answers for step in due or ()]
            assert released == [Stage.MERGE]
    assert broken(engine, at_rest=False) == {}
