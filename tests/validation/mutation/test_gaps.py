"""What the attack finds becomes a question, and an assertion that closes the gap."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.generated.arguments import Arguments
from fractal_rmo.validation.generated.calls import Call
from fractal_rmo.validation.generated.targets import Catalogue
from fractal_rmo.validation.mutation.gaps import read_gap

CODE = SourceTree({"solution.py": "def f(a, b):\n    return a\n"})
TARGET = Catalogue(CODE, SourceTree({})).defined("solution.py", "f")
assert TARGET is not None
CALLS = [Call(TARGET, Arguments((3, [1])))]


def value(text: str, left: str = "", form: Any = 0, printed: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = {"value": form, "text": text, "whole": True}
    answer |= {"left": {"value": 0, "text": left, "whole": True}} if left else {}
    return answer | ({"printed": printed} if printed else {})


def raised(error: str, message: str = "") -> dict[str, Any]:
    return {"raised": [error, message, "solution.py", 1]}


@pytest.mark.parametrize(
    ("original", "mutant", "question", "assertion"),
    [
        (value("7"), value("8"),
         "Is f(3, [1]) == 7 right? A mutant that answers 8 passes all tests.",
         "assert f(3, [1]) == 7"),
        (value("7"), raised("KeyError"),
         "Is f(3, [1]) == 7 right? A mutant that raises KeyError passes all tests.",
         "assert f(3, [1]) == 7"),
        (raised("KeyError"), value("8"),
         "Is it right that f(3, [1]) raises KeyError? A mutant that answers 8 passes all tests.",
         "with pytest.raises(KeyError):\n    f(3, [1])"),
        (raised("KeyError", "a"), raised("ValueError", "a"),
         ("Is it right that f(3, [1]) raises KeyError?"
          " A mutant that raises ValueError passes all tests."),
         "with pytest.raises(KeyError):\n    f(3, [1])"),
        (raised("KeyError", "a\n"), raised("KeyError", "b"),
         ("Is it right that f(3, [1]) raises KeyError with 'a\\n'?"
          " A mutant that raises KeyError with 'b' passes all tests."),
         "with pytest.raises(KeyError, match=re.escape('a\\n')):\n    f(3, [1])"),
        (value("[7]", form=["iterator", [7]]), value("[]"),
         "Is list(f(3, [1])) == [7] right? A mutant that answers [] passes all tests.",
         "assert list(f(3, [1])) == [7]"),
        (value("None", "(3, [2])"), value("None"),
         ("Is it right that f(*given) with given = (3, [1]) leaves (3, [2])?"
          " A mutant that leaves (3, [1]) passes all tests."),
         "given = (3, [1])\nf(*given)\nassert given == (3, [2])"),
        (value("None", printed="a\n"), value("None"),
         "Is it right that f(3, [1]) prints 'a\\n'? A mutant that prints '' passes all tests.",
         "f(3, [1])\nassert capsys.readouterr().out == 'a\\n'"),
    ],
)  # fmt: skip
def test_a_difference_is_a_question_with_its_assertion(
    original: Any, mutant: Any, question: str, assertion: str
) -> None:
    gap = read_gap({"call": 0, "original": original, "mutant": mutant}, CALLS)
    assert gap is not None
    assert (gap.question, gap.assertion) == (question, assertion)
    assert gap.of_words is ("match" in assertion)
    compile(gap.assertion, "test", "exec")


def test_answers_are_better_questions_than_exceptions() -> None:
    pairs = [(value("7"), value("8")), (value("7"), raised("E")), (raised("E"), value("8"))]
    gaps = [read_gap({"call": 0, "original": one, "mutant": two}, CALLS) for one, two in pairs]
    ranks = [gap.rank for gap in gaps if gap]
    assert ranks == sorted(ranks)
    assert len(ranks) == 3


def test_a_method_is_written_with_its_object() -> None:
    code = SourceTree({"solution.py": "class C:\n    def f(self, a):\n        return a\n"})
    target = Catalogue(code, SourceTree({})).defined("solution.py", "C.f")
    assert target is not None
    calls = [Call(target, Arguments((1,), (("b", 2),)), made=Arguments((12,)))]
    sides = {"original": value("None", "(3,)"), "mutant": value("None")}
    gap = read_gap({"call": 0, **sides}, calls)
    assert gap is not None
    assert gap.assertion == "given = (1,)\nC(12).f(*given, b=2)\nassert given == (3,)"


@pytest.mark.parametrize(
    "item",
    [
        {"call": -1}, {"call": 5, "original": value("7"), "mutant": value("8")}, {"call": "0"}, {},
        {"call": 0, "original": [], "mutant": value("8")}, {"call": 0, "original": value("7")},
        {"call": 0, "original": value("7"), "mutant": value("7")},
        {"call": 0, "original": {**value("7"), "whole": False}, "mutant": value("8")},
    ],
)  # fmt: skip
def test_no_difference_and_no_schema_are_no_gap(item: Any) -> None:
    assert read_gap(item, CALLS) is None


@pytest.mark.parametrize(
    "text",
    ["7\nimport os", "__import__('os')", "f(3)", "[x for x in y]", "a.b", "7 or 8", "(", "nan"],
)
def test_what_is_pasted_is_data_alone(text: str) -> None:
    assert read_gap({"call": 0, "original": value(text), "mutant": value("8")}, CALLS) is None
    changed = {"original": value("7", text), "mutant": value("7")}
    assert read_gap({"call": 0, **changed}, CALLS) is None


@pytest.mark.parametrize(
    "text", ["-7", "float('-inf')", "frozenset({1})", "(1+2j)", "{'a': set()}"]
)
def test_data_without_a_literal_of_its_own_is_data(text: str) -> None:
    gap = read_gap({"call": 0, "original": value(text), "mutant": value("8")}, CALLS)
    assert gap is not None
    assert ast.parse(gap.assertion)


def test_foreign_words_are_bounded() -> None:
    sides = {"original": raised("E", "7" * 9999), "mutant": raised("E", "8" * 9999)}
    gap = read_gap({"call": 0, **sides}, CALLS)
    assert gap is not None
    assert len(gap.question) < 2200
