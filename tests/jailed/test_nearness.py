"""Which of two wrong values is nearer to the right one, and that only a comparison tells."""

from __future__ import annotations

import ast
import math
from typing import Any, NoReturn

import pytest

from fractal_rmo.jailed.programs.nearness import FARTHEST, distance, distance_at, keep_operands


@pytest.mark.parametrize(
    ("right", "near", "far"),
    [
        (10, 9, 5),
        (10, 9.5, -10),
        (1, 0, "1"),
        (10**400, 9 * 10**399, 1.5),
        (True, False, None),
        ("abcdef", "abcdeg", "ghijkl"),
        ("abcdef", "bcdef", "xyz"),
        ([1, 2, 3], [1, 2, 4], [7, 8, 9, 10]),
        ([1, 2, 3], [3, 2, 1], [9, 9, 9]),
        ([1, 2, 3], (1, 2, 3), (4, 5)),
        ([[1], [2, 3]], [[1], [2, 4]], [[5], []]),
        ({1, 2, 3}, {1, 2}, {9}),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, {"c": 1}),
        ([1, 2], [], None),
    ],
)
def test_of_two_wrong_values_one_is_nearer(right: object, near: object, far: object) -> None:
    assert 0 < distance(near, right) < distance(far, right) <= FARTHEST
    assert distance(near, right) == pytest.approx(distance(right, near))


@pytest.mark.parametrize("value", [3, math.inf, "", "a", [], [1, [2, [3, [4, [5]]]]], {}, {1: {2}}])
def test_what_is_equal_is_at_no_distance(value: object) -> None:
    assert distance(value, value) == 0


def failing(test: str, **names: object) -> BaseException:
    tree = keep_operands(ast.parse(f"def test():\n    {test}\n"))
    space: dict[str, Any] = dict(names)
    exec(compile(tree, "test.py", "exec"), space)  # noqa: S102 - tests of ours  # pylint: disable=exec-used
    try:
        space["test"]()
    except (AssertionError, ValueError) as error:
        return error
    pytest.fail(f"it passes: {test}")


def approx(value: float) -> float:
    return value


@pytest.mark.parametrize(
    "test",
    [
        "assert 8 == 10",
        "assert (8) == approx(10)",
        "assert math.isclose(8, 10, rel_tol=0.1)",
        "assert 10 < 8, 'in words'",
        "assert 1 == 1; case.assertEqual(8, 10)",
        "case.assertAlmostEqual(8, 10)",
    ],
)
def test_the_operands_of_what_failed_are_found(test: str) -> None:
    names = {"math": math, "approx": approx, "case": __import__("unittest").TestCase()}
    assert distance_at(failing(test, **names)) == pytest.approx(0.16)


@pytest.mark.parametrize(
    "test",
    [
        "assert 3 == 3\n    assert not 1",
        "assert 1 == 1\n    raise ValueError",
        "assert 2 in {1}",
        "assert 1 != 1",
        "assert math.isclose(*[1, 3])",
        "assert 1 < 3 < 2",
    ],
)
def test_elsewhere_nothing_is_known(test: str) -> None:
    assert distance_at(failing(test, math=math)) == FARTHEST


class Hostile:
    """Breaks whatever looks at it."""

    def __eq__(self, other: object) -> NoReturn:
        raise SystemExit

    __hash__ = None  # type: ignore[assignment]
    __repr__ = __eq__  # type: ignore[assignment]


def test_what_a_value_raises_does_not_come_out() -> None:
    error = failing("assert [1, 2] == [hostile, 2][:1]", hostile=Hostile())
    assert distance_at(error) == FARTHEST


def test_only_so_much_of_a_value_is_looked_at() -> None:
    """Both hold a million numbers."""
    asked: list[int] = []

    class Counting(int):
        def __sub__(self, other: int) -> int:
            asked.append(1)
            return int(self) - other

    assert distance([[Counting(1)] * 1_000] * 1_000, [[2] * 1_000] * 1_000) > 0
    assert 0 < len(asked) < 10_000
