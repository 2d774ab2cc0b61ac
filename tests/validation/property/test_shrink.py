"""Each step is simpler, and steps lead to the simplest."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fractal_rmo.validation.generated.arguments import Arguments
from fractal_rmo.validation.property.shrink import MAX_STEPS, simpler


def _shrunk(value: object, still_fails: Callable[[object], bool]) -> object:
    """The greedy search of the level, on a predicate."""
    arguments = Arguments((value,))
    for _ in range(200):
        steps = [step for step in simpler(arguments) if still_fails(step.values[0])]
        if not steps:
            return arguments.values[0]
        arguments = steps[0]
    raise AssertionError("it never ends")


@pytest.mark.parametrize(
    ("value", "simplest"),
    [
        (-1234, 0),
        (10**30, 0),
        (3.75, 0.0),
        (True, False),
        ("Hello", ""),
        ([[3, 4], [5]], []),
        ((1, "a"), ()),
        ({"a": [1]}, {}),
        ({3, 4}, set()),
        (None, None),
    ],
)
def test_every_value_ends_at_the_simplest_of_its_type(value: object, simplest: object) -> None:
    found = _shrunk(value, lambda _: True)
    assert (type(found), found) == (type(simplest), simplest)


@pytest.mark.parametrize(
    ("value", "still_fails", "smallest"),
    [
        (900, lambda v: v > 17, 18),
        (-900, lambda v: v < -2, -3),
        ([5, 9, 2, 9, 7], lambda v: sum(v) > 8, [9]),
        ("ab-cd-ef", lambda v: "-" in v, "-"),
        ({"x": 7, "y": 8}, lambda v: "y" in v, {"y": 0}),
    ],
)
def test_a_counter_example_becomes_minimal(
    value: object, still_fails: Callable[[object], bool], smallest: object
) -> None:
    assert _shrunk(value, still_fails) == smallest


def test_steps_are_bounded_and_leave_the_rest_of_the_call_alone() -> None:
    call = Arguments((list(range(500, 540)), 3), (("key", "abc"),))
    steps = simpler(call)
    assert 0 < len(steps) <= MAX_STEPS
    for step in steps:
        changed = [a for a, b in zip(step.values, call.values, strict=True) if a != b]
        assert len(changed) == 1
