"""Evidence in groups, whatever a level or a jail wrote into it."""

from __future__ import annotations

from typing import Any

import pytest

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from webapp.pages.evidence import told

SURVIVOR: dict[str, Json] = {
    "path": "a.py", "line": 3, "function": "f", "diff": "-a\n+b", "status": "not told apart",
}  # fmt: skip
GAP: dict[str, Json] = {"question": "Is it?", "path": "a.py", "line": 3, "diff": "-a\n+b"}


def verdict(level: Level = Level.MUTATION, **evidence: Json) -> Verdict:
    return Verdict(level, Outcome.FAILED, "said", evidence)


def test_what_breaks_a_schema_has_its_place() -> None:
    broken: Json = {"path": "t.csv", "line": 3, "row": 2, "kind": "type", "message": "row 2: n: no"}
    found = told(verdict(Level.STATIC, failures=[broken], broken_rows=1))
    ((heading, (entry,)),) = found.groups
    assert heading == "What breaks the schema"
    assert (entry.title, entry.tag, entry.place) == ("row 2: n: no", "type", "t.csv, line 3")
    assert found.rest == {"broken_rows": 1}


def test_what_a_model_stated_is_read_as_a_sentence_and_its_outcome() -> None:
    stated: Json = {
        "holds": "f(n) % 2 == 0", "says": "It is even.", "outcome": "broken", "why": "",
        "answer": "gives False: it compares 1 with 0", "arguments": ["0"],
    }  # fmt: skip
    found = told(verdict(Level.PROPERTY, stated=[stated]))
    ((heading, (entry,)),) = found.groups
    assert heading == "Properties that a model stated"
    assert (entry.title, entry.tag) == ("f(n) % 2 == 0", "broken")
    assert entry.says == ("It is even.", "gives False: it compares 1 with 0")


def test_survivors_are_small_diffs_and_the_rest_stays() -> None:
    found = told(verdict(survivors=[SURVIVOR], not_kills=[], counts={"killed": 1}))
    ((heading, (entry,)),) = found.groups
    assert heading == "Faults that no test noticed"
    assert (entry.title, entry.tag, entry.place) == ("f", "not told apart", "a.py, line 3")
    assert entry.diff == (("drop", "-a"), ("add", "+b"))
    assert found.rest == {"counts": {"killed": 1}}


def test_questions_are_not_shown_twice() -> None:
    assert told(verdict(gaps=[GAP])).groups[0][1][0].title == "Is it?"
    found = told(verdict(gaps=[GAP]), asked_elsewhere=True)
    assert (found.groups, found.rest) == ((), {})


def test_notes_and_counter_examples_say_what_was_seen() -> None:
    example: dict[str, Json] = {
        "property": "p",
        "call": "a.f(1)",
        "answers": ["gives 1", "gives 2"],
    }
    note: dict[str, Json] = {"kind": "crash", "call": "a.f(0)", "says": "Is that meant?"}
    found = told(verdict(Level.PROPERTY, counter_examples=[example], notes=[note]))
    assert [(entry.title, entry.tag, entry.says) for _, (entry,) in found.groups] == [
        ("a.f(1)", "p", ("gives 1", "gives 2")),
        ("a.f(0)", "crash", ("Is that meant?",)),
    ]


def test_an_example_of_a_docstring_is_compared() -> None:
    failure: dict[str, Json] = {"message": "wrong", "expected": "'a'\n", "got": "'b'\n"}
    ((_, (entry,)),) = told(verdict(Level.INTEGRATION, failures=[failure])).groups
    assert entry.diff == (("drop", "-'a'"), ("add", "+'b'"))


@pytest.mark.parametrize("strange", ["text", 3, None, {"a": 1}, [1], ["x", {}]])
def test_what_has_no_known_form_stays_as_it_is(strange: Any) -> None:
    found = told(verdict(gaps=strange, survivors=[{"line": "x", "diff": 3}]))
    assert found.rest == {"gaps": strange}
    ((_, (entry,)),) = found.groups
    assert (entry.title, entry.diff) == ("", ())


def test_lower_levels_are_shown_as_they_are() -> None:
    found = told(verdict(Level.UNIT, failures=[{"id": "t"}]))
    assert (found.groups, list(found.rest)) == ((), ["failures"])
