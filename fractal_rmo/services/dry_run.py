"""What a model would be asked for a task, by whom and at what price; nobody is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fractal_rmo.config.settings import Settings
from fractal_rmo.domain.model import Estimate, ModelRequest
from fractal_rmo.domain.protocol import SHIPPED
from fractal_rmo.domain.step import Claim, Stage, StepRef
from fractal_rmo.domain.task import Task
from fractal_rmo.ports.models import LanguageModel
from fractal_rmo.services.next_step import asks_first, may_ask
from fractal_rmo.services.propose import code_request, tests_request
from fractal_rmo.services.state_properties import properties_request, states_properties


@dataclass(frozen=True, slots=True)
class Question:
    """The first question of a role, and the most that each endpoint could take for it."""

    request: ModelRequest
    offers: Sequence[Estimate]


def questions(task: Task, settings: Settings, models: LanguageModel) -> tuple[Question, ...]:
    """In the order in which they would be asked; () where no model is asked.

    The fences' nonce differs from that of the task itself, and the analyzers'
    findings are missing: they come of the task's own steps.
    """
    claim = Claim(
        ref=StepRef("dry-run", "", Stage.EXECUTE, "propose-2"),
        fence=0,
        attempts=1,
        round=1,
        tries=1,
        kind=task.kind,
        level=task.level,
        provider=task.provider,
        budget=task.budget,
        python=task.python,
        seconds_left=task.budget.seconds,
        code=task.code,
        tests=task.tests,
        description=task.description,
    )
    if not may_ask(claim, models):
        return ()
    protocol = {"version": SHIPPED.version}
    requests = [code_request(claim, settings, protocol)]
    begins = asks_first(claim, settings.pipeline, models)
    if begins and states_properties(claim, settings.pipeline):
        requests.insert(0, properties_request(claim, settings, protocol))
    if claim.oracle.is_blank():
        requests.insert(0, tests_request(claim, settings, protocol))
    return tuple(Question(each, models.quote(each)) for each in requests)
