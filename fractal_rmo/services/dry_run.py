"""What a model would be asked for a task, by whom and at what price; nobody is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from fractal_rmo.config.settings import Settings
from fractal_rmo.domain.finding import AnalyzerRole
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.model import Estimate, ModelRequest
from fractal_rmo.domain.protocol import SHIPPED
from fractal_rmo.domain.step import Claim, Stage, StepRef
from fractal_rmo.domain.task import Task
from fractal_rmo.generation.replies import LONGEST_LINE
from fractal_rmo.generation.voices import MOST_NOTES, MOST_STEPS
from fractal_rmo.ports.models import LanguageModel
from fractal_rmo.services.consult import explanation_request, notes_requests, plan_request
from fractal_rmo.services.next_step import MOST_PROPOSALS, asks_first, may_ask
from fractal_rmo.services.performed import Turn
from fractal_rmo.services.propose import code_request, tests_request
from fractal_rmo.services.slots import MOST_EVIDENCE
from fractal_rmo.services.state_properties import properties_request, states_properties

BYTES_PER_TOKEN = 2
"""As prices are estimated: text that an answer's tokens could be, at the most."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and the most that each endpoint could take for one attempt at it.

    It is asked once at most in a round of the task.
    """

    request: ModelRequest
    offers: Sequence[Estimate]


def questions(task: Task, settings: Settings, models: LanguageModel) -> tuple[Question, ...]:
    """All questions of a round in which no proposal is taken but the last; () for none.

    The analyzers' findings are missing: they come of the task's own steps.  What earlier answers
    add to later questions is shown as a remark, and priced at its greatest length.
    """
    claim = _claim(task)
    if not may_ask(claim, models):
        return ()
    begins = asks_first(claim, settings.pipeline, models)
    shown, priced = (
        _asked(_Round(claim, settings, begins=begins, full=full)) for full in (False, True)
    )
    return tuple(
        Question(each, models.quote(longest)) for each, longest in zip(shown, priced, strict=True)
    )


def ceiling(found: Sequence[Question], task: Task) -> tuple[int, float]:
    """Tokens and dollars of a round, where each question takes one attempt at its dearest offer.

    Never more than the task's budget, which no call is made beyond.
    """
    tokens = sum(max((offer.usage.tokens for offer in each.offers), default=0) for each in found)
    dollars = sum(max((offer.dollars for offer in each.offers), default=0.0) for each in found)
    return min(tokens, task.budget.tokens), min(dollars, task.budget.dollars)


@dataclass(frozen=True, slots=True)
class _Round:
    """What will be known at each question; ``full`` stands for it at its greatest length.

    ``begins`` says that a model is asked before the repair engine.
    """

    claim: Claim
    settings: Settings
    begins: bool
    full: bool

    def at(
        self, action: str, proposals: int = 0, *, notes: bool = False, plan: bool = False
    ) -> Claim:
        """The claim of a step after so many proposals."""
        outputs: dict[str, Mapping[str, Json]] = {
            f"execute/propose-{number + 2}": self._proposal() for number in range(proposals)
        }
        noted = self._lines("what this analyzer's model noted", MOST_NOTES)
        outputs["execute/plan-9"] = {
            "notes": {name.value: noted for name in AnalyzerRole} if notes else {},
            "plan": self._lines("a step of the plan", MOST_STEPS) if plan else [],
        }
        return replace(self.claim, ref=replace(self.claim.ref, action=action), outputs=outputs)

    def _proposal(self) -> Mapping[str, Json]:
        path = next(iter(self.claim.code.files), "solution.py")
        longest = BYTES_PER_TOKEN * self.settings.agents.executor.max_tokens if self.full else 0
        return {
            "status": Turn.PROPOSED,
            "files": {path: "# (what was proposed)".ljust(longest, ".")},
            "evidence": self._lines("what the tests said of it", MOST_EVIDENCE // MOST_PROPOSALS),
        }

    def _lines(self, says: str, count: int) -> list[Json]:
        return [f"({says})".ljust(LONGEST_LINE, ".")] * count if self.full else [f"({says})"]


def _asked(later: _Round) -> Iterator[ModelRequest]:
    """In the order in which they would be asked."""
    settings, protocol = later.settings, {"version": SHIPPED.version}
    if later.claim.oracle.is_blank():
        yield tests_request(later.at("tests"), settings, protocol)
    if later.begins and states_properties(later.claim, settings.pipeline):
        yield properties_request(later.at("properties"), settings, protocol)
    for number in range(MOST_PROPOSALS):
        if number == settings.pipeline.advise_after:
            yield from notes_requests(later.at("notes", number), settings, protocol)
            yield plan_request(later.at("plan", number, notes=True), settings, protocol)
        noted = number >= settings.pipeline.advise_after
        asking = later.at("propose", number, notes=noted, plan=noted)
        yield code_request(asking, settings, protocol)
    if settings.pipeline.explain:
        yield explanation_request(later.at("explain", 1), settings, protocol)


def _claim(task: Task) -> Claim:
    return Claim(
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
