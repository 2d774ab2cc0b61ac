"""The executor's step: perform the actions, save the state, hand on a candidate."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from jsonschema import Draft202012Validator

from fractal_rmo.domain.action import ExecutionResult, Strategy
from fractal_rmo.domain.errors import ErrorCode, SandboxUnavailableError
from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.ledger import OverBudgetError
from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.outcome import StepOutcome
from fractal_rmo.domain.priors import Priors
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import ASKING, Claim, Stage
from fractal_rmo.domain.task import CHANGING_KINDS, SAME_BEHAVIOUR, Provider, TaskKind
from fractal_rmo.refactoring.simplify import RefactoringStatus
from fractal_rmo.repair.problem import RepairOutcome, RepairProblem, RepairStatus
from fractal_rmo.repair.search import MAX_CANDIDATES, search
from fractal_rmo.services.asking import ModelMisconfiguredError
from fractal_rmo.services.choice_told import choice_document
from fractal_rmo.services.choose import chosen
from fractal_rmo.services.consult import explain, make_plan, take_notes
from fractal_rmo.services.data import repaired
from fractal_rmo.services.drive import Watcher, drive
from fractal_rmo.services.executor_state import begin, complete
from fractal_rmo.services.hold import Hold
from fractal_rmo.services.judge import judge
from fractal_rmo.services.next_step import asks_first, next_action, to_be_judged
from fractal_rmo.services.performed import OUTPUT_SCHEMA, Turn, done, latest_proposal
from fractal_rmo.services.propose import propose, write_tests
from fractal_rmo.services.refactor import ENGINES, prefix_left
from fractal_rmo.services.slices import last_slice
from fractal_rmo.services.state_properties import state_properties
from fractal_rmo.services.tools import Tools

_OUTPUT = Draft202012Validator(dict(OUTPUT_SCHEMA))
"""Made once: ``jsonschema.validate`` checks the schema itself each time (measured: 14 ms)."""


def execute_step(claim: Claim, hold: Hold, tools: Tools) -> StepOutcome:
    """Choose the strategy, perform it, check its output, save the agent's state."""
    strategy = choose(claim)
    state = begin(claim, strategy, tools)
    try:
        result, candidate = STRATEGIES[strategy](claim, hold, tools)
    except OverBudgetError as error:
        return _ended(Ending.OVER_BUDGET, str(error))
    except ModelMisconfiguredError as error:
        return _ended(Ending.INFRASTRUCTURE, str(error))
    _OUTPUT.validate(dict(result.output))
    complete(claim, result, state, tools)
    return _outcome(claim, result, candidate, tools)


def choose(claim: Claim) -> Strategy:
    """The strategy for a step: a report needs no running, a repair needs a jail."""
    if claim.ref.action.startswith(ASKING):
        return Strategy.API
    if claim.provider is Provider.SIMULATED and claim.kind is not TaskKind.GENERATE:
        return Strategy.SIMULATED
    return Strategy.SANDBOXED if claim.kind in CHANGING_KINDS else Strategy.DIRECT


Performed = tuple[ExecutionResult, SourceTree | None]


def _direct(claim: Claim, _hold: Hold, _tools: Tools) -> Performed:
    """Nothing to change: what was submitted is what will be judged."""
    note = f"Nothing is changed by a task of kind {claim.kind}."
    return done(Strategy.DIRECT, "unchanged", note), claim.code


def _simulated(claim: Claim, _hold: Hold, _tools: Tools) -> Performed:
    """The submitted code as its own answer: for measuring what surrounds execution."""
    return done(Strategy.SIMULATED, "unchanged", "Nothing was executed."), claim.code


def _api(claim: Claim, hold: Hold, tools: Tools) -> Performed:
    """A question to a language model: for code, or what its step is named for."""
    ask = QUESTIONS.get(claim.ref.action.partition("-")[0], propose)
    return ask(claim, hold, tools)


def _sandboxed(claim: Claim, hold: Hold, tools: Tools) -> Performed:
    """One slice of the repair search, or a refactoring or documentation within the time of one."""
    if claim.kind is TaskKind.DATA:
        return _data(claim, hold, tools)
    if claim.ref.action.startswith("judge-"):
        return judge(claim, hold, tools)
    if not claim.ref.action and asks_first(claim, tools.settings.pipeline, tools.models):
        return done(Strategy.DIRECT, Turn.ASKS, "A language model is asked first."), None
    ends = time.monotonic() + min(tools.settings.pipeline.slice_s, max(1.0, claim.seconds_left))

    def pause() -> bool:
        return hold.should_pause() or time.monotonic() > ends

    perform = _refactor if claim.kind in SAME_BEHAVIOUR else _repair
    return perform(claim, hold, tools, pause)


def _noting(hold: Hold, stage: str, before: int = 0) -> Watcher:
    """Record what is tried; ``before`` were tried in earlier slices."""
    return lambda request, number: hold.note(
        {"stage": stage, "trying": request.label, "tried": before + number}
    )


def _rejected(claim: Claim) -> frozenset[str]:
    """The results that earlier rounds could not prove."""
    return frozenset(str(entry["rejected"]) for entry in claim.earlier if entry.get("rejected"))


def _refactor(claim: Claim, hold: Hold, tools: Tools, pause: Callable[[], bool]) -> Performed:
    """All edits that the tests allow, less those that made earlier rounds fail."""
    engine = ENGINES[claim.kind]
    with tools.sandbox.session(claim.python, hold.must_stop) as run:
        found = drive(
            engine.edit(claim.code, claim.tests, pause=pause), run, _noting(hold, claim.kind.value)
        )
    if found.status is RefactoringStatus.UNAVAILABLE:
        raise SandboxUnavailableError(ErrorCode.SANDBOX_UNAVAILABLE, found.note)
    last = claim.tries > claim.budget.retries
    steps = prefix_left(found.steps, _rejected(claim), last=last)
    left = len(steps) == len(found.steps)
    status = RefactoringStatus.REFACTORED if steps else RefactoringStatus.UNCHANGED
    note = found.note if left else engine.tell(steps, found.refused)
    result = done(
        Strategy.SANDBOXED,
        found.status.value if left else status.value,
        note,
        tried=found.tried,
        more_plausible=bool(steps),
        edits=[step.as_json() for step in (*steps, *found.refused)],
    )
    return result, steps[-1].tree if steps else claim.code


def _data(claim: Claim, hold: Hold, tools: Tools) -> Performed:
    with tools.sandbox.session(claim.python, hold.must_stop) as run:
        found = drive(repaired(claim.code, claim.tests), run, _noting(hold, claim.kind.value))
    status = "repaired_rows" if found.edits else "unchanged"
    edits = list(found.edits)
    result = done(Strategy.SANDBOXED, status, found.note, tried=len(edits), edits=edits)
    return result, found.code


def _repair(claim: Claim, hold: Hold, tools: Tools, pause: Callable[[], bool]) -> Performed:
    before, trail, priors = last_slice(claim, tools)
    code, rejected = latest_proposal(claim) or claim.code, _rejected(claim)
    problem = RepairProblem(
        code, claim.oracle, rejected, before, trail, priors=priors, description=claim.description
    )
    watch = _noting(hold, "repair", before)
    with tools.sandbox.session(claim.python, hold.must_stop) as run:
        found = drive(search(problem, max_candidates=MAX_CANDIDATES, pause=pause), run, watch)
        found = drive(chosen(problem, found), run, watch)
    return _found(claim, found, priors)


def _found(claim: Claim, found: RepairOutcome, priors: Priors) -> Performed:
    best = found.offered[0] if found.offered else None
    if found.status is RepairStatus.UNAVAILABLE:
        raise SandboxUnavailableError(ErrorCode.SANDBOX_UNAVAILABLE, found.note)
    note = found.telling(best.description if best else found.note)
    result = done(
        Strategy.SANDBOXED,
        found.status.value,
        note,
        tried=found.tried,
        position=found.position,
        trail=found.trail.as_json(),
        choice=choice_document(found, claim.code) if found.candidates else None,
        partly=found.partly.says() if found.partly else "",
        protocol=priors.named,
        experience=(best.experience if best else found.experience).as_json(),
        more_plausible=len(found.offered) > 1,
    )
    return result, best.tree if best else latest_proposal(claim) or claim.code


QUESTIONS: Mapping[str, Callable[[Claim, Hold, Tools], Performed]] = MappingProxyType(
    {
        "tests": write_tests,
        "properties": state_properties,
        "notes": take_notes,
        "plan": make_plan,
        "explain": explain,
    }
)
STRATEGIES: Mapping[Strategy, Callable[[Claim, Hold, Tools], Performed]] = MappingProxyType(
    {
        Strategy.DIRECT: _direct,
        Strategy.SANDBOXED: _sandboxed,
        Strategy.API: _api,
        Strategy.SIMULATED: _simulated,
    }
)


def _outcome(
    claim: Claim, result: ExecutionResult, candidate: SourceTree | None, tools: Tools
) -> StepOutcome:
    output = result.output
    written = candidate if output["status"] == Turn.TESTS_WRITTEN else None
    stated = candidate if output["status"] == Turn.STATED else None
    more = next_action(claim, output, tools.settings.pipeline, tools.models)
    if more:
        return StepOutcome(output=output, more=more, written_tests=written, stated=stated)
    judged = to_be_judged(claim, candidate, output)
    if judged is None:
        return _ended(Ending.NOT_PROVEN, str(output["note"]), output)
    return StepOutcome(
        output=output,
        moves=(TaskState.VALIDATING,),
        candidate=judged,
        summary=str(output["note"]),
        releases=Stage.VALIDATE,
    )


def _ended(ending: Ending, summary: str, output: JsonObject | None = None) -> StepOutcome:
    return StepOutcome(
        output=output or {}, moves=(TaskState.FAILED,), ending=ending, summary=summary
    )
