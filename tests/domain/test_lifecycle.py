from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fractal_rmo.domain.errors import LifecycleError
from fractal_rmo.domain.lifecycle import (
    TERMINAL,
    TRANSITIONS,
    Ending,
    TaskState,
    check,
    mermaid,
    way_to_failed,
)

STATES = st.sampled_from(TaskState)


@given(STATES, STATES)
def test_a_move_outside_the_table_is_refused(current: TaskState, target: TaskState) -> None:
    if target in TRANSITIONS[current]:
        assert check(current, target, "it") is target
    else:
        named = rf"FR202 'it' is refused: .* {current} cannot become {target}"
        with pytest.raises(LifecycleError, match=named):
            check(current, target, "it")


@pytest.mark.parametrize("state", [s for s in TaskState if s not in TERMINAL])
def test_every_live_task_can_fail_along_the_table(state: TaskState) -> None:
    for target in way_to_failed(state, "cancel"):
        state = check(state, target, "cancel")
    assert state is TaskState.FAILED


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_an_ended_task_cannot_fail_again(state: TaskState) -> None:
    with pytest.raises(LifecycleError, match=rf"FR203 'cancel' is refused: .* {state}"):
        way_to_failed(state, "cancel")


def test_every_ending_goes_with_a_terminal_state() -> None:
    assert {ending.state for ending in Ending} == TERMINAL


def test_the_documentation_holds_this_diagram() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "lifecycle.md"
    assert f"```mermaid\n{mermaid()}\n```" in page.read_text()


def test_the_diagram_draws_every_edge() -> None:
    assert mermaid().count("-->") == 1 + sum(map(len, TRANSITIONS.values()))
