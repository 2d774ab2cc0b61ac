"""What the executor keeps of a task between its actions.

Both changes are safe to make twice: an action is known by its step's id, and a
round's error is taken over once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from fractal_rmo.domain.action import ActionItem, ExecutionResult, Priority, Strategy
from fractal_rmo.domain.agent import AgentState
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.pattern import ErrorRecord
from fractal_rmo.domain.step import Claim, Stage
from fractal_rmo.domain.task import TaskKind
from fractal_rmo.services.agent_state import update
from fractal_rmo.services.tools import Tools

_LEFT_OUT = ("edits", "experience", "files", "notes", "plan", "properties")
"""Of an output; the step keeps them."""
_TYPES: Mapping[TaskKind, str] = MappingProxyType(
    {
        TaskKind.FIX: "repair",
        TaskKind.REFACTOR: "refactor",
        TaskKind.DOCUMENT: "document",
        TaskKind.DATA: "mend",
        TaskKind.GENERATE: "generate",
    }
)


_WORKING = (Strategy.SANDBOXED, Strategy.API)


def begin(claim: Claim, strategy: Strategy, tools: Tools) -> AgentState:
    """The executor's state with the action that it takes up now.

    Saved only where the action takes time: nobody sees what is over at once.
    """
    known = _known(claim, tools)
    action = _action(claim, strategy)
    if strategy not in _WORKING:
        return replace(known, current_action=action)
    return update(tools.agents, known, lambda state: _begun(state, claim, action, tools))


def complete(claim: Claim, result: ExecutionResult, state: AgentState, tools: Tools) -> AgentState:
    """Save the action as done, with what it came to."""
    output = result.output
    action = replace(
        _action(claim, Strategy(str(output["strategy"]))),
        parameters={name: value for name, value in output.items() if name not in _LEFT_OUT},
        reason=str(output["note"]),
    )

    def done(before: AgentState) -> AgentState:
        began = _begun(before, claim, action, tools)
        others = tuple(item for item in began.completed_actions if item.id != action.id)
        return replace(began, current_action=None, completed_actions=(*others, action))

    return update(tools.agents, state, done)


def _known(claim: Claim, tools: Tools) -> AgentState:
    """The present state; a task's first action has none, so it asks nobody."""
    blank = AgentState(f"executor:{claim.ref.task_id}", claim.ref.task_id)
    if claim.round == 1 and not claim.slices(Stage.EXECUTE):
        return blank
    return tools.agents.load(blank.agent_id) or blank


def _begun(state: AgentState, claim: Claim, action: ActionItem, tools: Tools) -> AgentState:
    errors = _new_errors(state, claim)
    patterns = tools.known.patterns_like(errors) if errors else ()
    return replace(
        state,
        current_action=action,
        error_history=(*state.error_history, *errors),
        learned_patterns=(
            *state.learned_patterns,
            *(pattern for pattern in patterns if pattern not in state.learned_patterns),
        ),
        context={**_context(claim), "protocol": tools.known.protocol()},
    )


def _context(claim: Claim) -> dict[str, Json]:
    return {
        "round": claim.round,
        "kind": claim.kind.value,
        "level": int(claim.level),
        "provider": claim.provider.value,
        "rejected": [str(entry["rejected"]) for entry in claim.earlier if entry.get("rejected")],
    }


def _new_errors(state: AgentState, claim: Claim) -> tuple[ErrorRecord, ...]:
    """What validation said of the round before, if this round has not taken it over yet."""
    if not claim.earlier or state.context.get("round") == claim.round:
        return ()
    written: Any = claim.earlier[-1].get("error")
    return (ErrorRecord(**written),) if written else ()


def _action(claim: Claim, strategy: Strategy) -> ActionItem:
    return ActionItem(
        id=claim.ref.step_id,
        type=_TYPES.get(claim.kind, "hand_on") if strategy in _WORKING else "hand_on",
        priority=Priority.HIGH,
        parameters={"strategy": strategy.value, "round": claim.round},
        sources=("executor",),
    )
