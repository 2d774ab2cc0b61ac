"""The stores over one database, and a task to walk through them."""

from __future__ import annotations

from sqlalchemy import Engine

from fractal_rmo.adapters.db.agents import SqlAgentStore
from fractal_rmo.adapters.db.outbox import SqlOutbox
from fractal_rmo.adapters.db.steps import SqlStepStore
from fractal_rmo.adapters.db.tasks import SqlTaskStore
from fractal_rmo.adapters.db.upkeep import SqlUpkeep
from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.message import Message, MessageType
from fractal_rmo.domain.outcome import StepOutcome
from fractal_rmo.domain.pattern import ErrorRecord
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import Claim, Stage, StepRef
from fractal_rmo.domain.task import Task
from fractal_rmo.domain.verdict import Level, Outcome, Verdict

TASK = Task("mend it", SourceTree({"a.py": "x = 1\n"}), SourceTree({"test_a.py": "import a\n"}))
VERDICT = Verdict(Level.SYNTAX, Outcome.PASSED, "It \0 parses.", {"odd": ["\ud800", float("nan")]})
PROVEN = StepOutcome(
    moves=(TaskState.COMPLETE,),
    ending=Ending.PROVEN,
    proven_level=1,
    verdicts=(VERDICT,),
    messages=(
        Message(
            MessageType.VALIDATION_RESULT, {"round": 1, "proven": True, "levels": {"1": "passed"}}
        ),
    ),
)
FAILED = ErrorRecord("AnalyzerFailed", "it broke", "logic")


class Desk:
    """The stores over one database, and a task whose steps are known by stage."""

    def __init__(self, engine: Engine, *, lease_s: float = 30.0, task: Task = TASK) -> None:
        self.engine = engine
        self.tasks = SqlTaskStore(engine)
        self.steps = SqlStepStore(engine, lease_s=lease_s, grace_s=0.0)
        self.upkeep = SqlUpkeep(engine, grace_s=0.0)
        self.outbox = SqlOutbox(engine)
        self.agents = SqlAgentStore(engine)
        self.task, self.refs = self.tasks.submit(task)

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

    def analyze_all_with_errors(self) -> None:
        """Five errors, one of each analyzer."""
        for ref in self.of(Stage.ANALYZE):
            outcome = StepOutcome(releases=Stage.MERGE, errors=(FAILED,))
            assert self.steps.finish(self.claim(ref), outcome) is not None
