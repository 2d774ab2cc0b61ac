"""What is left to a person: read from evidence that a jail had its hands in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.services.assertions import NotATestError
from fractal_rmo.services.questions import Kind, Question, corrected, questions
from fractal_rmo.validation.property.findings import AS_BEFORE, CRASH, SAME_ANSWER
from fractal_rmo.validation.stated.level import BROKEN, HELD
from tests.validation.stated.documents import document

CODE = SourceTree(
    {
        "src/shop/prices.py": "from decimal import InvalidOperation\n\nclass Odd(Exception): ...\n",
        "my code.py": "x = 1\n",
    }
)
GAP: dict[str, Json] = {
    "question": "Is f(3) == 7 right?",
    "assertion": "assert f(3) == 7",
    "path": "src/shop/prices.py",
    "line": 4,
    "function": "f",
    "diff": "-a\n+b",
}


def gap(**given: Json) -> Question:
    verdict = Verdict(Level.MUTATION, Outcome.FAILED, "", {"gaps": [{**GAP, **given}]})
    (found,) = questions([verdict], CODE)
    return found


def counter_example(**given: Json) -> Question:
    item: Mapping[str, Json] = {"property": CRASH, "call": "shop.prices.f(0)", **given}
    verdict = Verdict(Level.PROPERTY, Outcome.FAILED, "", {"counter_examples": [item]})
    (found,) = questions([verdict], CODE)
    return found


def test_a_gap_is_a_question_with_its_test() -> None:
    found = gap()
    assert (found.kind, found.module, found.function) == (Kind.GAP, "shop.prices", "f")
    assert found.as_json() == {
        "id": found.id, "kind": "gap", "question": "Is f(3) == 7 right?",
        "path": "src/shop/prices.py", "line": 4, "function": "f",
        "test": "assert f(3) == 7", "why_not": "",
    }  # fmt: skip


def test_an_id_is_that_of_the_content() -> None:
    assert gap().id == gap(line=9, diff="", question="?").id
    assert gap().id != gap(assertion="assert f(3) == 8").id
    assert len(gap().id) == 6


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"assertion": "assert f(3) == <Odd>"}, "cannot be written as a literal"),
        ({"assertion": "assert f(3) == 1\nimport os"}, "cannot be written as a literal"),
        ({"path": "my code.py"}, "No import statement"),
        ({"path": "not/there.py"}, "No import statement"),
        ({"path": "../../x.py"}, "No import statement"),
        ({"function": "f\nimport os"}, "no name"),
        ({"assertion": "with pytest.raises(Unknown):\n    f(3)"}, "Unknown could be imported"),
    ],
)
def test_what_no_test_can_say_says_why(given: dict[str, Any], why: str) -> None:
    found = gap(**given)
    assert found.body is None
    assert why in found.why_not


@pytest.mark.parametrize("name", ["Odd", "InvalidOperation", "ValueError"])
def test_exceptions_that_can_be_named_are_expected(name: str) -> None:
    assert gap(assertion=f"with pytest.raises({name}):\n    f(3)").body is not None


def test_a_crash_is_kept_as_a_call() -> None:
    found = counter_example(answers=["raises NameError: x"])
    assert (found.module, found.path) == ("shop.prices", "src/shop/prices.py")
    assert found.body is not None
    assert found.body.text() == "f(0)"
    assert found.text.startswith("shop.prices.f(0) raises NameError: x.")


def test_what_the_original_answered_is_asserted() -> None:
    found = counter_example(property=AS_BEFORE, answers=["gives [1]", "gives [2]"])
    assert found.body is not None
    assert found.body.text() == "assert f(0) == [1]"


@pytest.mark.parametrize(
    "given",
    [
        {"property": SAME_ANSWER, "answers": ["gives 1", "gives 2"]},
        {"property": AS_BEFORE, "answers": ["gives <object>", "gives 2"]},
        {"property": AS_BEFORE, "answers": []},
        {"call": "other.f(0)"},
        {"call": "import os"},
    ],
)
def test_other_counter_examples_are_only_shown(given: dict[str, Any]) -> None:
    assert counter_example(**given).body is None


def test_strange_evidence_holds_no_questions() -> None:
    for evidence in ({"gaps": "x"}, {"gaps": [None, 1]}, {"gaps": {"a": 1}}, {}):
        verdict = Verdict(Level.MUTATION, Outcome.ERROR, "", evidence)
        assert questions([verdict], CODE) == []


def test_a_right_answer_must_be_one_that_can_be_written() -> None:
    body = corrected(gap(), "raises Odd", CODE)
    assert body.text() == "with pytest.raises(Odd):\n    f(3)"
    with pytest.raises(NotATestError, match="Nobody could be imported"):
        corrected(gap(), "raises Nobody", CODE)
    with pytest.raises(NotATestError, match="literal"):
        corrected(gap(assertion="?"), "1", CODE)


PRICE = document(
    "math.isclose(f(x), g(x)) and f(x) >= 0", "", "shop.prices", x="floats(0, 9)", y="booleans()"
)


def stated(item: Json = PRICE, **more: Json) -> list[Question]:
    assert isinstance(item, Mapping)
    told = {"outcome": BROKEN, "arguments": ["0.5", "True"], "answer": "gives False"}
    evidence: Json = {"stated": [{**item, **told, **more}]}
    assert isinstance(evidence, Mapping)
    return questions([Verdict(Level.PROPERTY, Outcome.PASSED, "", evidence)], CODE)


def test_a_broken_property_of_a_model_is_a_question_with_a_test() -> None:
    (found,) = stated()
    assert found.kind is Kind.STATED
    assert found.text == (
        "With x = 0.5, y = True, 'math.isclose(f(x), g(x)) and f(x) >= 0' gives False. A model that"
        " had not seen the code stated: 'It is so.' Either of the two may be wrong."
    )
    assert found.body is not None
    assert found.body.text() == ("x = 0.5\ny = True\nassert math.isclose(f(x), g(x)) and f(x) >= 0")
    assert (found.function, found.also, found.uses_math) == ("f", ("g",), True)
    assert found.path == "src/shop/prices.py"
    with pytest.raises(NotATestError):
        corrected(found, "3", CODE)


def test_one_that_held_is_no_question() -> None:
    assert stated(outcome=HELD) == []


@pytest.mark.parametrize(
    "more",
    [
        {"holds": "f(x).__class__ == __import__('os').system('true')"},
        {"holds": "f(x) == 1\nimport os"},
        {"arguments": ["__import__('os').system('true')", "True"]},
        {"arguments": ["0.5"]},
        {"arguments": None},
        {"module": "shop.other"},
        {"module": "os; x"},
        {"parameters": [{"name": "len", "values": "booleans()"}]},
    ],
)
def test_evidence_that_is_no_property_makes_no_test(more: Any) -> None:
    (found,) = stated(**more)
    assert found.body is None
    assert found.why_not
