"""A task's whole way in one process: real tables, real jails, the models of a script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from redis import Redis
from sqlalchemy import Engine

from fractal_rmo.adapters.cache.two_level import TwoLevelCache
from fractal_rmo.adapters.db.agents import SqlAgentStore
from fractal_rmo.adapters.db.ledger import SqlLedger
from fractal_rmo.adapters.db.steps import SqlStepStore
from fractal_rmo.adapters.db.tasks import SqlTaskStore
from fractal_rmo.adapters.llm.asking import Models
from fractal_rmo.adapters.llm.attempt import Attempts
from fractal_rmo.adapters.llm.board import LocalBoard
from fractal_rmo.adapters.llm.prices import PriceBook
from fractal_rmo.adapters.llm.routes import Routes
from fractal_rmo.adapters.llm.simulated import Line, Script, Simulated
from fractal_rmo.config.settings import Pipeline as Times
from fractal_rmo.config.settings import Settings
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.model import Endpoint, ModelProvider, Price
from fractal_rmo.domain.step import Stage, StepRef
from fractal_rmo.domain.task import Task
from fractal_rmo.domain.views import TaskView
from fractal_rmo.ports.models import LanguageModel
from fractal_rmo.ports.sandbox import Sandbox
from fractal_rmo.services.hold import Heart
from fractal_rmo.services.perform import perform
from fractal_rmo.services.submit import submit
from fractal_rmo.services.tools import Tools
from tests.services.carrying import tools_over

DOUBLED = """from solution import double


def test_two():
    assert double(2) == 4


def test_three():
    assert double(3) == 6
"""
"""Tests of a function that doubles."""
HERE = Endpoint("here", ModelProvider.OPENAI, model="some-model")
NEVER = 99
ENDED_IN_TIME = 60
"""Steps after which a task that has not ended never will."""


@dataclass
class Bell:
    """Keeps what is due, in the order in which it was rung."""

    due: list[StepRef] = field(default_factory=list)

    def ring_round(self, steps: Sequence[StepRef]) -> None:
        """Of a canvas only what begins; the rest is due when it is released."""
        first = [step for step in steps if step.stage is Stage.ANALYZE]
        self.due += first or list(steps[:1])

    def ring(self, step: StepRef) -> None:
        self.due.append(step)


def models_of(*lines: Line, latency_s: float = 0.0, dollars: float = 0.0) -> LanguageModel:
    """A model that speaks by a script; ``dollars`` for a thousand tokens."""
    price = Price(1000 * dollars, 1000 * dollars, 1000 * dollars, "test")
    routes = Routes([HERE], {}, (), PriceBook({"some-model": price}))
    speaker = Simulated(Script(lines, latency_s=latency_s))
    return Models(routes, Attempts(lambda _: speaker, LocalBoard(), routes), TwoLevelCache(None))


def code(notes: str = "Done.", **files: str) -> Json:
    """The document of an answer; names without their ending."""
    rows: list[Json] = [{"path": f"{name}.py", "text": text} for name, text in files.items()]
    return {"files": rows, "notes": notes}


@dataclass
class Rig:
    """Submits, and performs what is due until the task has ended."""

    tools: Tools
    bell: Bell
    heart: Heart

    def submit(self, task: Task) -> str:
        return submit(task, self.tools)

    def step(self) -> dict[str, Any]:
        """Perform the step that is due first."""
        ref = self.bell.due.pop(0)
        return perform(ref.step_id, self.tools, self.heart, on_canvas=False)

    def finish(self, task: Task) -> TaskView:
        """The task at its end."""
        task_id = self.submit(task)
        for _ in range(ENDED_IN_TIME):
            if not self.bell.due:
                break
            self.step()
        view = self.tools.tasks.show(task_id)
        assert view.row.ending, [(s.stage, s.action, s.state, s.error) for s in view.steps]
        return view


def rig(engine: Engine, redis: Redis, sandbox: Sandbox, models: LanguageModel, **times: Any) -> Rig:
    """A rig over these servers and jails; of models only code and tests are asked unless told."""
    quiet = {"advise_after": NEVER, "explain": False, "state_properties": False}
    bell, times = Bell(), {**quiet, **times}
    tools = replace(
        tools_over(engine, redis),
        settings=replace(Settings(), pipeline=Times(**times)),
        tasks=SqlTaskStore(engine),
        steps=SqlStepStore(engine),
        agents=SqlAgentStore(engine),
        ledger=SqlLedger(engine),
        models=models,
        sandbox=sandbox,
        bell=bell,
    )
    return Rig(tools, bell, Heart(tools.steps, every_s=10.0, lease_s=30.0))


def actions(view: TaskView) -> list[tuple[str, object]]:
    """The steps of execution with how each ended."""
    found = [step for step in view.steps if step.stage == Stage.EXECUTE]
    return [(step.action, step.output.get("status")) for step in found]
