"""Data as a whole: real jails, and repairs that are proven to touch nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Task, TaskKind
from fractal_rmo.ports.sandbox import Sandbox
from fractal_rmo.profiling.mend import changed_rows
from fractal_rmo.profiling.reading import read_table
from fractal_rmo.services.documents import solution_document
from fractal_rmo.services.report_schema import report_schema
from fractal_rmo.services.solve import Solution, solve

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["id", "role"],
    "properties": {
        "id": {"type": "integer"},
        "age": {"type": "integer", "minimum": 0},
        "active": {"type": "boolean"},
        "joined": {"type": "string", "format": "date"},
        "role": {"enum": ["admin", "user"], "default": "user"},
    },
}
CSV = (
    "\ufeffid;age;active;joined;role;note\r\n"
    '1; 41;"TRUE";31/12/2023;Admin;" kept "\r\n'
    "2;x;true;2024-01-05;user;\r\n"
    '3;4;false;2024/3/5;;"a\nb"\r\n'
    "4;-1;true;20240101;user;=1\r\n"
    "5;6\r\n"
)
MENDED = CSV.replace('1; 41;"TRUE";31/12/2023;Admin', '1;41;"true";2023-12-31;admin').replace(
    "2024/3/5;;", "2024-03-05;user;"
)


@pytest.fixture(scope="module", name="jail")
def make_jail() -> Iterator[Sandbox]:
    sandbox = ZygoteSandbox()
    yield sandbox
    sandbox.close()


def mend(jail: Sandbox, name: str, text: str, schema: Any) -> Solution:
    trees = SourceTree({name: text}), SourceTree({"schema.json": json.dumps(schema)})
    return solve(Task("", *trees, kind=TaskKind.DATA), jail)


@pytest.mark.thorough
def test_rows_are_repaired_wholly_or_stay_as_they_are(jail: Sandbox) -> None:
    found = mend(jail, "p.csv", CSV, SCHEMA)
    assert found.result.files["p.csv"] == MENDED
    assert (found.proven, found.proven_level) == (False, 1)
    document = json.loads(json.dumps(solution_document(found), default=dict))
    jsonschema.validate(document, report_schema())
    told = [(e["row"], e["column"], e["rule"], e["before"], e["after"]) for e in document["edits"]]
    assert told == [
        (1, "age", "number", " 41", "41"),
        (1, "active", "boolean", '"TRUE"', '"true"'),
        (1, "joined", "date", "31/12/2023", "2023-12-31"),
        (1, "role", "member", "Admin", "admin"),
        (3, "role", "default", "", "user"),
        (3, "joined", "date", "2024/3/5", "2024-03-05"),
    ]
    left = [(f["row"], f["kind"]) for f in document["verdicts"][1]["evidence"]["failures"]]
    assert left == [(5, "cells"), (2, "type"), (4, "minimum"), (4, "format"), (5, "required")]
    assert [column["name"] for column in document["profile"]][:2] == ["id", "age"]
    again = mend(jail, "p.csv", MENDED, SCHEMA)
    assert (again.diff, again.edits) == ("", ())


def test_json_is_mended_in_place_and_proven(jail: Sandbox) -> None:
    text = '[ {"id": "12", "n": 1.50, "ü": "\\u0000" },\n  {"id":3},\n  {}]\n'
    row = {
        "required": ["id"],
        "properties": {"id": {"type": "integer", "default": 0}, "n": {"type": "string"}},
    }
    found = mend(
        jail,
        "a.json",
        text,
        {"type": "array", "items": {"$ref": "#/$defs/row"}, "$defs": {"row": row}},
    )
    wanted = '[ {"id": 12, "n": "1.50", "ü": "\\u0000" },\n  {"id":3},\n  {"id": 0}]\n'
    assert found.result.files["a.json"] == wanted
    assert (found.proven, found.proven_level) == (True, 2)
    assert [v.outcome.value for v in found.verdicts] == ["passed", "passed"]


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "objekt"}, "type: "),
        ({"properties": {"a": {"pattern": "["}}}, "properties/a/pattern: "),
        ({"$ref": "http://127.0.0.1:1/x"}, "nothing is fetched"),
        ({"$ref": "#/$defs/gone"}, "is not in the schema"),
        ({"$ref": "#"}, "without end"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "only https://"),
        (True, "A JSON object is expected"),
    ],
)
def test_a_bad_schema_is_refused_with_its_path(jail: Sandbox, schema: Any, said: str) -> None:
    with pytest.raises(InputError) as caught:
        mend(jail, "a.json", '[{"a": "b"}]', schema)
    assert caught.value.code is ErrorCode.BAD_SCHEMA
    assert said in caught.value.detail


@pytest.mark.slow
def test_a_pattern_that_takes_for_ever_is_ended(jail: Sandbox) -> None:
    schema = {"properties": {"a": {"pattern": "^(a+)+$"}}}
    with pytest.raises(InputError, match="limit of 10 s"):
        mend(jail, "a.csv", f"a\n{'a' * 40}!\n", schema)


@pytest.mark.slow
def test_a_megabyte_is_profiled_and_mended(jail: Sandbox) -> None:
    found = mend(
        jail, "a.csv", "a,b\n" + "12, 3\n" * 60_000, {"properties": {"b": {"type": "integer"}}}
    )
    assert len(found.edits) == 5_000
    assert "55000 more breaks were not looked at" in found.explanation


@pytest.mark.parametrize(
    "after", ["a,b\n1,2 \n3,4", "a,b\n1,2\n3,4\n5,6\n", "a,c\n1,2\n3,4\n", "a,b\n1,2\n\n3,4\n"]
)
def test_what_changes_more_than_cells_is_seen(after: str) -> None:
    before = read_table("a.csv", "a,b\n1,2\n3,4\n")
    assert changed_rows(before, read_table("a.csv", after)) is None
    assert changed_rows(before, read_table("a.csv", "a,b\n1,2\n3,5\n")) == {1}


def test_what_is_no_table_fails_and_other_files_are_refused(jail: Sandbox) -> None:
    found = mend(jail, "a.json", '[{"a": NaN}]', {})
    assert (found.proven, found.verdicts[0].summary) == (
        False,
        "a.json: Line 1: NaN is no number of JSON.",
    )
    with pytest.raises(InputError, match=r"ending in \.csv"):
        mend(jail, "a.py", "a = 1\n", {})
