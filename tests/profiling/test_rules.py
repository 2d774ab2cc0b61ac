"""Repairs change how a value is written, never what it says."""

from __future__ import annotations

from typing import Any

import pytest

from fractal_rmo.profiling.csv_text import read_csv
from fractal_rmo.profiling.json_text import read_json
from fractal_rmo.profiling.profile import notes, profile
from fractal_rmo.profiling.rules import proposals, read_date
from fractal_rmo.profiling.schema import Asked, asked_of

INTEGER, NUMBER = Asked(frozenset({"integer"})), Asked(frozenset({"number"}))
BOOLEAN, TEXT = Asked(frozenset({"boolean"})), Asked(frozenset({"string"}))
DATE = Asked(frozenset({"string"}), format="date")
ROLE = Asked(members=("admin", "User", "user"))


@pytest.mark.parametrize(
    ("value", "asked", "rule", "wanted"),
    [
        ("12", INTEGER, "number", 12),
        (" -3 ", INTEGER, "number", -3),
        ("1.50", NUMBER, "number", 1.5),
        ("TRUE", BOOLEAN, "boolean", True),
        ("ADMIN ", ROLE, "member", "admin"),
        (" x ", TEXT, "trim", "x"),
        ("31/12/2024", DATE, "date", "2024-12-31"),
        (7, TEXT, "text", "7"),
    ],
)
def test_a_rule_proposes(value: Any, asked: Asked, rule: str, wanted: Any) -> None:
    assert (rule, wanted) in list(proposals(value, str(value), asked))


@pytest.mark.parametrize(
    ("value", "asked"),
    [
        ("012", INTEGER), ("1,234", INTEGER), ("+1", INTEGER), ("1.5", INTEGER), ("٣", INTEGER),
        ("9" * 19, INTEGER), ("1e999", NUMBER), ("nan", NUMBER), ("yes", BOOLEAN), ("1", BOOLEAN),
        ("USER", ROLE), ("01/02/2024", DATE), (True, TEXT), (None, TEXT), ([1], TEXT), (1, INTEGER),
    ],
)  # fmt: skip
def test_what_is_not_sure_is_left(value: Any, asked: Asked) -> None:
    assert list(proposals(value, str(value), asked)) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2024/3/5", "2024-03-05"), ("20240305", "2024-03-05"), ("2024.03.05", "2024-03-05"),
        ("13.01.2024", "2024-01-13"), ("01-13-2024", "2024-01-13"), ("5/5/2024", "2024-05-05"),
        ("3 Mar 2024", "2024-03-03"), ("march 3, 2024", "2024-03-03"), ("2023-02-29", None),
        ("1/2/2024", None), ("12.11.2024", None), ("3 Foo 2024", None), ("1/2/24", None),
        ("99/99/2024", None), ("2024/03-05", None), ("\uff10\uff11/13/2024", None),
    ],
)  # fmt: skip
def test_dates(text: str, wanted: str | None) -> None:
    assert read_date(text) == wanted


def test_what_a_column_is_asked_to_be_is_found_behind_references() -> None:
    schema: dict[str, Any] = {
        "type": "array",
        "items": {"$ref": "#/$defs/a~1row"},
        "$defs": {
            "a/row": {"properties": {"n": {"$ref": "#/$defs/n"}, "loop": {"$ref": "#/$defs/loop"}}},
            "n": {"type": ["integer", "null"], "default": 0},
            "loop": {"$ref": "#/$defs/loop"},
        },
    }
    found = asked_of(schema)
    assert found["n"] == Asked(frozenset({"integer", "null"}), has_default=True, default=0)
    assert found["loop"] == Asked()


def test_a_profile_counts_and_measures() -> None:
    text = "n,t,d\n1,a,2024-01-01\n2,a,\n3,\x1bb,2024-01-03\n10,,x\n"
    number, word, day = profile(read_csv("a.csv", text))
    assert isinstance(number, dict)
    assert isinstance(word, dict)
    assert isinstance(day, dict)
    assert (number["type"], number["min"], number["max"], number["mean"]) == ("integer", 1, 10, 4)
    assert number["quartiles"] == [1.75, 2.5, 4.75]
    assert (word["missing"], word["distinct"], word["top"]) == (1, 2, [["a", 2], ["\\x1bb", 1]])
    assert (word["shortest"], word["longest"], day["type"]) == (1, 2, "mixed")
    (huge,) = profile(read_json("a.json", f'[{{"n": {"9" * 400}}}, {{"n": true}}, {{"n": []}}]'))
    assert isinstance(huge, dict)
    assert huge["type"] == "mixed"


def test_duplicates_and_formulas_are_noted() -> None:
    found, more = notes(read_csv("a.csv", "a,b\n=1+1,-3\n@x,+4\n@x,+4\n"))
    told = [(note["kind"], note["row"]) for note in found if isinstance(note, dict)]
    assert told == [
        ("duplicate", 3),
        ("formula", 1),
        ("formula", 2),
        ("formula", 2),
        ("formula", 3),
        ("formula", 3),
    ]
    assert more == 0
