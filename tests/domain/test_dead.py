from __future__ import annotations

from dataclasses import replace

import pytest

from fractal_rmo.domain.dead import PutBack, StepFacts, put_back
from fractal_rmo.domain.errors import InputError, LifecycleError
from fractal_rmo.domain.lifecycle import TERMINAL, Ending, TaskState, check, way_back
from fractal_rmo.domain.step import STATE_OF, Stage, StepState

ROUND = (
    *(StepFacts(f"a{n}", Stage.ANALYZE, 1, StepState.DONE, 1) for n in range(5)),
    StepFacts("m", Stage.MERGE, 1, StepState.DONE, 1),
    StepFacts("e", Stage.EXECUTE, 1, StepState.DONE, 1),
    StepFacts("v", Stage.VALIDATE, 1, StepState.DROPPED, 0),
)


def steps(**states: StepState) -> list[StepFacts]:
    """The round with some of its steps in another state; dropped ones were never taken up."""
    return [
        replace(
            step,
            state=states.get(step.id, step.state),
            attempts=0 if states.get(step.id) is StepState.DROPPED else step.attempts,
        )
        for step in ROUND
    ]


DEAD, DROPPED = StepState.DEAD, StepState.DROPPED
NO_QUORUM = steps(a0=DEAD, a1=DEAD, a2=DEAD, e=DROPPED)


@pytest.mark.parametrize(
    ("dead", "found", "queued", "waiting"),
    [
        ("m", steps(m=DEAD, e=DROPPED), ("m",), ("e", "v")),
        ("e", steps(e=DEAD), ("e",), ("v",)),
        ("v", steps(v=DEAD), ("v",), ()),
        ("e", steps(a0=DEAD, e=DEAD), ("e",), ("v",)),
        ("a1", NO_QUORUM, ("a0", "a1", "a2"), ("m", "e", "v")),
    ],
)
def test_what_ended_its_task_goes_back_and_what_follows_it_waits(
    dead: str, found: list[StepFacts], queued: tuple[str, ...], waiting: tuple[str, ...]
) -> None:
    stage = next(step.stage for step in found if step.id == dead)
    moves = way_back(STATE_OF[stage])
    decided = put_back(dead, Ending.INFRASTRUCTURE, 1, found)
    assert decided == PutBack(stage, queued, waiting, moves)


@pytest.mark.parametrize(
    ("dead", "ending", "round_", "found", "said"),
    [
        ("e", Ending.INFRASTRUCTURE, 1, steps(), "FR212 The step is done"),
        ("e", Ending.INFRASTRUCTURE, 2, steps(e=DEAD), "FR213 .*begun anew"),
        ("a0", None, 1, steps(a0=DEAD), "FR213 Its task goes on without it"),
        ("a0", Ending.PROVEN, 1, steps(a0=DEAD), "FR213 .*ended as proven"),
        ("e", Ending.CANCELLED, 1, steps(e=DEAD), "FR213 .*ended as cancelled"),
        ("a0", Ending.INFRASTRUCTURE, 1, steps(a0=DEAD, e=DEAD), "FR213 .*at the step execute"),
        ("a0", Ending.INFRASTRUCTURE, 1, steps(a0=DEAD, m=DEAD, e=DROPPED), "FR213 .*merge"),
    ],
)
def test_what_its_task_did_not_end_by_is_refused_with_the_reason(
    dead: str, ending: Ending | None, round_: int, found: list[StepFacts], said: str
) -> None:
    with pytest.raises(LifecycleError, match=said):
        put_back(dead, ending, round_, found)


def test_a_step_of_nobody_is_refused() -> None:
    with pytest.raises(InputError, match="FR211"):
        put_back("x", Ending.INFRASTRUCTURE, 1, steps())


@pytest.mark.parametrize("target", [state for state in TaskState if state not in TERMINAL])
def test_the_way_back_is_one_that_the_table_allows(target: TaskState) -> None:
    state = TaskState.FAILED
    for move in way_back(target):
        state = check(state, move, "requeue")
    assert state is target


@pytest.mark.parametrize("target", sorted(TERMINAL))
def test_nothing_goes_on_in_a_terminal_state(target: TaskState) -> None:
    with pytest.raises(LifecycleError, match="FR202"):
        way_back(target)
