"""Planted programs climb the real ladder in the real sandbox, and get what they deserve."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Level, Outcome, Verdict, is_proven, proven_level
from fractal_rmo.services.documents import solution_document
from fractal_rmo.services.report_schema import report_schema
from fractal_rmo.services.reports import junit, sarif
from fractal_rmo.services.solve import Solution
from fractal_rmo.validation.ladder import climb
from fractal_rmo.validation.subject import Subject
from tests.validation.planted.table import NOTES, SHARED, VERDICTS

CASES = Path(__file__).with_name("cases")
LETTERS = {
    Outcome.PASSED: "P",
    Outcome.FAILED: "F",
    Outcome.ERROR: "E",
    Outcome.NOT_APPLICABLE: "N",
    Outcome.FLAKY: "L",
}


def subject(name: str) -> Subject:
    files = {path.name: path.read_text(encoding="utf-8") for path in (CASES / name).iterdir()}
    tests = {path: text for path, text in files.items() if path.startswith("test_")}
    code = {path: text for path, text in files.items() if path not in tests}
    return Subject(SourceTree(code), SourceTree(tests))


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "deserved"),
    [
        pytest.param(*item, id=item[0], marks=(pytest.mark.slow,) if number % 2 else ())
        for number, item in enumerate(VERDICTS.items())  # the whole corpus takes half a minute
    ],
)
def test_every_program_gets_what_it_deserves(
    real: Callable[..., Any], name: str, deserved: str
) -> None:
    verdicts: tuple[Verdict, ...] = real(climb(subject(name), Level.MUTATION))
    said = verdicts[-1].summary
    assert "".join(LETTERS[verdict.outcome] for verdict in verdicts) == deserved, said
    assert [verdict.level for verdict in verdicts] == [*Level][: len(deserved)]
    assert all(verdict.summary for verdict in verdicts)
    assert_reported(verdicts, subject(name).code)
    if name in NOTES:
        level, kind = NOTES[name]
        assert kind in kinds_of_notes(verdicts[level - 1])
    if len(verdicts) >= Level.UNIT:
        assert verdicts[2].shared_process is (name in SHARED)


def assert_reported(verdicts: tuple[Verdict, ...], code: SourceTree) -> None:
    """A report of it fits the published schema, and is whole as JUnit and SARIF."""
    proven, level = is_proven(verdicts, Level.MUTATION), proven_level(verdicts)
    solution = Solution(code, code, verdicts, proven, level)
    document = json.loads(json.dumps(solution_document(solution), default=dict))
    jsonschema.validate(document, dict(report_schema()))
    assert len(ET.fromstring(junit(verdicts))[0]) == len(verdicts)  # noqa: S314 - our own
    assert json.loads(json.dumps(sarif(verdicts, "1"), default=dict))["version"] == "2.1.0"


def kinds_of_notes(verdict: Verdict) -> set[str]:
    found: Any = verdict.evidence["notes"]
    return {str(note.get("kind") or note.get("rule")) for note in found}


def test_the_table_and_the_folders_are_one() -> None:
    assert sorted(VERDICTS) == sorted(path.name for path in CASES.iterdir())
    assert VERDICTS.keys() >= NOTES.keys() | SHARED
    assert {letter for row in VERDICTS.values() for letter in row} == set(LETTERS.values())
    assert {len(row) for row in VERDICTS.values()} == {1, 2, 3, 4, 5, 6}
