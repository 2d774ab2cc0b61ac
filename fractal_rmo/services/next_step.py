"""Which further step of EXECUTE follows: thinking, running, mending, thinking again.

A task that no model may be asked for goes through here as before: one search,
in slices.  Else the first step decides who begins; a proposal is judged; one
that nearly passes goes to the repair engine before more tokens are spent, and
one that does not gives its evidence to the next question, to a stronger model.
Before that, once in a round, the analyzers' models note what they see and the
coordinator's makes a plan of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from fractal_rmo.config.settings import Pipeline
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import Claim, Stage
from fractal_rmo.domain.task import Provider, TaskKind
from fractal_rmo.ports.models import LanguageModel
from fractal_rmo.repair.problem import RepairStatus
from fractal_rmo.services.performed import Turn, latest_proposal, notes_of, proposals, proposed
from fractal_rmo.services.slots import why_no_tests
from fractal_rmo.services.state_properties import states_properties

MOST_PROPOSALS = 3
"""In a round; another round begins with what the validator said of the last."""
_VENDORS = (Provider.OPENAI, Provider.ANTHROPIC)
_THEN = {Turn.PROPOSED: "judge", Turn.NEAR_MISS: "slice", Turn.PLANNED: "propose"}
_IN_VAIN = (
    RepairStatus.PAUSED,
    RepairStatus.EXHAUSTED,
    RepairStatus.CANNOT_JUDGE,
    RepairStatus.UNDECIDED,
)


def may_ask(claim: Claim, models: LanguageModel) -> bool:
    """Whether a model may propose: AUTO asks one only for what needs it, and only if there is."""
    if claim.kind is TaskKind.GENERATE:
        return True
    if claim.provider in _VENDORS:
        return claim.kind in (TaskKind.FIX, TaskKind.REFACTOR)
    return claim.kind is TaskKind.FIX and claim.provider is Provider.AUTO and models.offers()


def asks_first(claim: Claim, times: Pipeline, models: LanguageModel) -> bool:
    """Whether a model is asked before the repair engine is tried."""
    if not may_ask(claim, models):
        return False
    named = claim.kind is TaskKind.GENERATE or claim.provider in _VENDORS
    was_asked = any(entry.get("by_model") for entry in claim.earlier)
    return named or was_asked or not times.search_first_s


def next_action(
    claim: Claim, output: Mapping[str, Json], times: Pipeline, models: LanguageModel
) -> str:
    """The name of the step to come, "" where execution is over."""
    number = len(claim.slices(Stage.EXECUTE)) + 2
    match output["status"]:
        case status if status in _THEN:
            return f"{_THEN[Turn(str(status))]}-{number}"
        case Turn.ASKS if claim.oracle.is_blank():
            return f"tests-{number}"
        case Turn.NO_TESTS if not why_no_tests(claim):  # the first such answer
            return f"tests-{number}"
        case Turn.ASKS | Turn.TESTS_WRITTEN if states_properties(claim, times):
            return f"properties-{number}"
        case Turn.ASKS | Turn.TESTS_WRITTEN | Turn.STATED | Turn.NOT_STATED | Turn.REJECTED:
            return _ask(claim, len(proposals(claim)), times)
        case Turn.NO_PROPOSAL:  # which is not yet among the outputs
            return _ask(claim, len(proposals(claim)) + 1, times)
        case Turn.NOTED:
            return f"{'plan' if notes_of(output) else 'propose'}-{number}"
        case Turn.GENERATED:
            return f"explain-{number}" if times.explain else ""
        case status if status in _IN_VAIN:
            return _after_a_search(claim, status == RepairStatus.PAUSED, number, times, models)
    return ""


def _ask(claim: Claim, asked: int, times: Pipeline) -> str:
    """The next question for code, behind one for notes where ``asked`` went before in vain."""
    if asked >= MOST_PROPOSALS:
        return ""
    before = claim.slices(Stage.EXECUTE)
    in_vain = asked + sum(bool(entry.get("by_model")) for entry in claim.earlier)
    noted = any(output.get("status") == Turn.NOTED for output in before)
    is_due = in_vain >= times.advise_after and not noted
    return f"{'notes' if is_due else 'propose'}-{len(before) + 2}"


def _after_a_search(
    claim: Claim, paused: bool, number: int, times: Pipeline, models: LanguageModel
) -> str:
    asked = len(proposals(claim))
    searched_s = (len(claim.slices(Stage.EXECUTE)) + 1) * times.slice_s
    enough = asked or searched_s >= times.search_first_s or not paused
    if may_ask(claim, models) and enough and asked < MOST_PROPOSALS:
        return _ask(claim, asked, times)
    return f"slice-{number}" if paused and not asked else ""


def to_be_judged(
    claim: Claim, candidate: SourceTree | None, output: Mapping[str, Json]
) -> SourceTree | None:
    """What validation gets where nothing passed: the best proposal of a task without code."""
    if claim.kind is not TaskKind.GENERATE:
        return candidate or claim.code
    if candidate is not None and len(candidate):
        return candidate
    judged = [each for each in (*claim.slices(Stage.EXECUTE), output) if "passing" in each]
    trees = [proposed(claim, o) for o in proposals(claim) if o["status"] == Turn.PROPOSED]
    counts = [o["passing"] for o in judged]
    pairs = [(n, tree) for n, tree in zip(counts, trees, strict=False) if isinstance(n, int)]
    return max(pairs, key=lambda pair: pair[0])[1] if pairs else latest_proposal(claim)
