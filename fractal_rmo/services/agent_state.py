"""Agents' states: changed without losing anybody's change, and written as JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from fractal_rmo.domain.action import ActionItem, Priority
from fractal_rmo.domain.agent import AgentState
from fractal_rmo.domain.errors import ErrorCode, FractalError
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.pattern import ErrorRecord, Pattern
from fractal_rmo.ports.agents import AgentStore

TRIES = 5
Change = Callable[[AgentState], AgentState]


def update(store: AgentStore, known: AgentState, change: Change) -> AgentState:
    """Apply ``change`` to the present state and save it; returns what was saved.

    ``known`` is what the caller believes it to be, and may be a guess: when
    another version is found, the change is made anew on a fresh read.  Raises
    ``FractalError`` (STALE_VERSION) when that happens ``TRIES`` times.
    """
    for _ in range(TRIES):
        try:
            return store.save(change(known))
        except FractalError as error:
            if error.code is not ErrorCode.STALE_VERSION:
                raise
        blank = AgentState(known.agent_id, known.task_id)
        known = store.load(known.agent_id, fresh=True) or blank
    raise FractalError(
        ErrorCode.STALE_VERSION, f"{known.agent_id} was overtaken {TRIES} times in a row."
    )


def content(state: AgentState) -> dict[str, Json]:
    """All fields but the two ids, the version and the times."""
    return {
        "current_action": _item_out(state.current_action) if state.current_action else None,
        "completed_actions": [_item_out(item) for item in state.completed_actions],
        "error_history": [dataclasses.asdict(error) for error in state.error_history],
        "learned_patterns": [dataclasses.asdict(pattern) for pattern in state.learned_patterns],
        "context": dict(state.context),
    }


def document(state: AgentState) -> dict[str, Json]:
    """Every field; times are ISO 8601, UTC."""
    return {
        "agent_id": state.agent_id,
        "task_id": state.task_id,
        **content(state),
        "version": state.version,
        "created_at": state.created_at.isoformat() if state.created_at else None,
        "updated_at": state.updated_at.isoformat() if state.updated_at else None,
    }


def from_content(written: Mapping[str, Any], **named: Any) -> AgentState:
    """The state that ``content`` wrote, with its ids, version and times.

    Raises ``FractalError`` (BAD_DOCUMENT) for what is none.
    """
    try:
        current = written.get("current_action")
        return AgentState(
            current_action=_item_in(current) if current else None,
            completed_actions=tuple(map(_item_in, written.get("completed_actions", ()))),
            error_history=tuple(ErrorRecord(**e) for e in written.get("error_history", ())),
            learned_patterns=tuple(Pattern(**p) for p in written.get("learned_patterns", ())),
            context=dict(written.get("context", {})),
            **named,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        detail = f"This is no agent's state: {type(error).__name__} {error}."
        raise FractalError(ErrorCode.BAD_DOCUMENT, detail) from error


def from_document(written: Mapping[str, Any]) -> AgentState:
    """The state that ``document`` wrote.  Raises ``FractalError`` (BAD_DOCUMENT) for others."""
    names = ("agent_id", "task_id", "version", "created_at", "updated_at")
    named = {name: written.get(name) for name in names}
    try:
        for name in ("created_at", "updated_at"):
            named[name] = datetime.fromisoformat(str(named[name])) if named[name] else None
    except ValueError as error:
        raise FractalError(ErrorCode.BAD_DOCUMENT, f"{error}.") from error
    return from_content(written, **named)


def _item_out(item: ActionItem) -> dict[str, Json]:
    return {
        "id": item.id,
        "type": item.type,
        "priority": item.priority.value,
        "parameters": dict(item.parameters),
        "dependencies": list(item.dependencies),
        "sources": list(item.sources),
        "reason": item.reason,
    }


def _item_in(written: Mapping[str, Any]) -> ActionItem:
    if "id" not in written:  # versions before 0004 kept the action's bare output
        return ActionItem("", str(written["status"]), Priority.MEDIUM, dict(written))
    return ActionItem(
        id=written["id"],
        type=written["type"],
        priority=Priority(written["priority"]),
        parameters=dict(written["parameters"]),
        dependencies=tuple(written["dependencies"]),
        sources=tuple(written["sources"]),
        reason=written["reason"],
    )
