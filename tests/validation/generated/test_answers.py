"""Answers are read defensively, and compared as values."""

from __future__ import annotations

from typing import Any

import pytest

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import RunEnding, RunResult
from fractal_rmo.validation.generated.answers import (
    Answer,
    agree,
    agree_but_for_order,
    printable,
    read_answers,
)


def _value(form: Json) -> Answer:
    return Answer("value", form)


def _read(answer: Any) -> Answer:
    read = read_answers(RunResult(RunEnding.COMPLETED, {"answers": [answer], "problem": ""}), 1)
    assert read is not None
    return read[0][0]


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        [],
        {},
        {"answers": None, "problem": ""},
        {"answers": [], "problem": ""},
        {"answers": [{}, {}], "problem": ""},
        {"answers": [{}], "problem": 5},
    ],
)
def test_a_value_of_another_form_is_no_answer(value: Json) -> None:
    assert read_answers(RunResult(RunEnding.COMPLETED, value), 1) is None


@pytest.mark.parametrize(
    "answer",
    [
        7,
        "passed",
        {"value": 1},
        {"value": 1, "text": 1},
        {"raised": "NameError"},
        {"raised": ["NameError", "x", "solution.py"]},
        {"raised": [1, 2, 3, 4]},
        {"late": "yes"},
    ],
)
def test_an_answer_of_another_form_says_nothing(answer: Any) -> None:
    assert not _read(answer).ended


def test_foreign_text_is_made_harmless() -> None:
    found = _read({"value": 1, "text": "\x1b[2J\ud800" + "x" * 9000, "changed": "yes"})
    assert found.text.startswith("\\x1b[2J\\ud800xxx")
    assert len(found.text) == 1000
    assert len(str(found)) < 320
    assert found.changed is found.whole is False
    assert printable("é ok") == "é ok"


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        (1, 1.0, True),
        (0.1 + 0.2, 0.3, True),
        (0.1, 0.2, False),
        (2**53, 2**53 + 1, False),
        (10**400, 1.5, False),
        (None, 0, False),
        ("a", "a", True),
        ("1", 1, False),
        (["list", [1, 2]], ["list", [1, 2]], True),
        (["list", [1, 2]], ["tuple", [1, 2]], False),
        (["list", [1]], ["list", [1, 1]], False),
        (["float", "nan"], ["float", "nan"], True),
    ],
)
def test_values_agree_up_to_rounding(one: Json, two: Json, same: bool) -> None:
    assert agree(_value(one), _value(two)) is same
    assert agree(_value(two), _value(one)) is same


def test_an_answer_that_did_not_come_agrees_with_everything() -> None:
    assert agree(Answer("late"), _value(1))
    assert not agree(Answer("raised", error="KeyError"), _value(1))
    assert not agree(Answer("raised", error="KeyError"), Answer("raised", error="IndexError"))
    assert agree(Answer("raised", text="a", error="KeyError"), Answer("raised", error="KeyError"))


@pytest.mark.parametrize(("levels", "ended"), [(40, True), (400, False)])
def test_an_answer_that_is_nested_without_end_is_none(levels: int, ended: bool) -> None:
    form: Json = []
    for _ in range(levels):
        form = ["list", [form]]
    answer = _read({"value": form, "text": "[]"})
    assert answer.ended is ended
    assert agree_but_for_order(answer, answer)


def test_an_object_in_an_answer_is_no_form() -> None:
    assert not _read({"value": ["list", [{"a": 1}]], "text": "[]"}).ended


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        (["list", [1, 2]], ["list", [2, 1]], True),
        (["tuple", [["list", [1, 2]], 3]], ["tuple", [3, ["list", [2, 1]]]], True),
        ("ab", "ba", True),
        (["list", [1, 2]], ["list", [2, 2]], False),
    ],
)
def test_order_may_be_left_out(one: Json, two: Json, same: bool) -> None:
    assert agree_but_for_order(_value(one), _value(two)) is same
    assert not agree(_value(one), _value(two))
