"""Which further step of EXECUTE follows: thinking, running, mending, thinking again.

A task that no model may be asked for goes through here as before: one search,
in slices.  Else the first step decides who begins; a proposal is judged; one
that nearly passes goes to the repair engine before more tokens are spent, and
one that does not gives its evidence to the next question, to a stronger model.
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
from fractal_rmo.services.performed import Turn, latest_proposal, proposals, proposed
from fractal_rmo.services.state_properties import states_properties

MOST_PROPOSALS = 3
"""In a round; another round begins with what the validator said of the last."""
_VENDORS = (Provider.OPENAI, Provider.ANTHROPIC)
_IN_VAIN = (RepairStatus.PAUSED, RepairStatus.EXHAUSTED, RepairStatus.CANNOT_JUDGE)


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
        case Turn.ASKS if claim.oracle.is_blank():
            return f"tests-{number}"
        case Turn.ASKS | Turn.TESTS_WRITTEN if states_properties(claim, times):
            return f"properties-{number}"
        case Turn.ASKS | Turn.TESTS_WRITTEN | Turn.STATED | Turn.NOT_STATED:
            return f"propose-{number}"
        case Turn.PROPOSED:
            return f"judge-{number}"
        case Turn.NEAR_MISS:
            return f"slice-{number}"
        case Turn.REJECTED:
            return f"propose-{number}" if len(proposals(claim)) < MOST_PROPOSALS else ""
        case Turn.NO_PROPOSAL:  # which is not yet among the outputs
            return f"propose-{number}" if len(proposals(claim)) + 1 < MOST_PROPOSALS else ""
        case status if status in _IN_VAIN:
            return _after_a_search(claim, status == RepairStatus.PAUSED, number, times, models)
    return ""


def _after_a_search(
    claim: Claim, paused: bool, number: int, times: Pipeline, models: LanguageModel
) -> str:
    asked = len(proposals(claim))
    searched_s = (len(claim.slices(Stage.EXECUTE)) + 1) * times.slice_s
    enough = asked or searched_s >= times.search_first_s or not paused
    if may_ask(claim, models) and enough and asked < MOST_PROPOSALS:
        return f"propose-{number}"
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
