"""Data is told so that equal values have equal forms, and texts give the values back."""

from __future__ import annotations

import math

import pytest

from fractal_rmo.jailed.programs.plain_data import equal, told


def _form(value: object) -> object:
    return told(value)["value"]


@pytest.mark.parametrize(
    "value",
    [1, -2.5, "é'\n", b"\xff", bytearray(b"a"), None, True, [], (1,), (), {1: [2]}, {"b", "a"},
     frozenset({1}), set(), frozenset(), float("inf"), -0.0, 3j, [[{"a": (1, 2)}]], 2**70],
)  # fmt: skip
def test_a_whole_text_gives_the_value_back(value: object) -> None:
    answer = told(value)
    assert answer["whole"] is True
    again = eval(answer["text"])  # noqa: S307 - our own text
    assert (type(again), again) == (type(value), value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0), (True, 1), (0.0, -0.0), ({1: 2, 3: 4}, {3: 4, 1: 2}), ({1}, frozenset({1})),
        (2, 2 + 0j), (2**70, float(2**70)), ({True, 5}, {1.0, 5}), (b"a", bytearray(b"a")),
        ([{1.0: "a"}], [{True: "a"}]), ({1: {2.0}, "a": 3}, {"a": 3, 1: {2}}),
    ],
)  # fmt: skip
def test_equal_values_have_equal_forms(one: object, other: object) -> None:
    assert one == other
    assert equal(_form(one), _form(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 2), ([1], (1,)), ("1", 1), (b"a", "a"), (0.1, 0.2), (0.1 + 0.2, 0.3), (None, 0),
     (2**53, 2**53 + 1), ({1}, [1]), ({1: 2}, {1: 3}), (1e300, 1e301), (1, 1 + 1j)],
)  # fmt: skip
def test_other_values_have_other_forms(one: object, other: object) -> None:
    assert one != other
    assert not equal(_form(one), _form(other))


def test_not_a_number_is_told_apart_from_numbers_and_equals_itself() -> None:
    assert equal(_form(math.nan), _form(math.nan))
    assert not equal(_form(math.nan), _form(1))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (object(), "<object>"),
        (type("I", (int,), {})(1), "<I>"),
        ([len], "[<builtin_function_or_method>]"),
        ([iter([1])], "[[1]]"),
        ("a" * 2000, f"'{'a' * 998}…"),
    ],
)
def test_what_is_no_plain_data_or_is_cut_is_not_whole(value: object, text: str) -> None:
    answer = told(value)
    assert (answer["whole"], answer["text"]) == (False, text)


def test_an_iterator_has_the_text_of_its_list() -> None:
    assert told(iter([1, 2])) == {"value": ["iterator", [1, 2]], "text": "[1, 2]", "whole": True}


@pytest.mark.parametrize("value", [[0] * 10**5, "a" * 10**5, [1 << 10**6]])
def test_what_is_too_large_is_not_told(value: object) -> None:
    assert told(value) == {"too_large": True}
