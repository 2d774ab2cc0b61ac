"""Documents of every outcome fit the published schema, and the schema refuses others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import StepState
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.domain.views import LogEntry, StepRow, TaskRow, TaskView
from fractal_rmo.services.documents import solution_document, view_document
from fractal_rmo.services.report_schema import SCHEMA_VERSION, report_schema
from fractal_rmo.services.solve import Solution

CODE = SourceTree({"solution.py": "def f(n):\n    return n\n"})
GAPS: dict[str, Json] = {
    "gaps": [
        {"question": "Is f(1) == 1 right?", "assertion": "assert f(1) == 1",
         "path": "solution.py", "line": 2, "function": "f", "diff": "-a\n+b"},
    ]
}  # fmt: skip


def solution(*verdicts: Verdict) -> Solution:
    return Solution(CODE, CODE, verdicts, proven=False, proven_level=2)


def view(**given: Any) -> TaskView:
    row: dict[str, Any] = {
        "id": "01a21780", "kind": "fix", "description": "it", "level": 6, "provider": "auto",
        "python": "", "state": TaskState.VALIDATING, "ending": None, "proven_level": 0,
        "round": 1, "created_at": "2026-01-01T00:00:00+00:00", "elapsed_s": 1.0,
        "levels": {6: Outcome.FAILED}, **given,
    }  # fmt: skip
    verdict = Verdict(Level.MUTATION, Outcome.FAILED, "said", GAPS)
    return TaskView(
        TaskRow(**row), "", {"seconds": 3.0}, CODE, SourceTree(), CODE,
        (StepRow("merge", "", 1, StepState.DONE, 1, "", {}),), ((1, verdict),),
        (LogEntry(1, 0.5, "task_assignment", {}),),
    )  # fmt: skip


PROMISED = {
    "solution": "candidates_tried diff explanation files proven proven_level questions"
    " schema_version verdicts",
    "task": "budget code created_at description diff elapsed_s ending id kind level levels log"
    " proven_level provider python questions result round schema_version state steps summary"
    " tests verdicts",
    "verdict": "duration_s evidence level outcome shared_process summary tier tools",
    "question": "function id kind line path question test why_not",
    "step": "action attempts elapsed_s error output progress round stage state",
    "message": "at_s id payload type",
}
"""What version 1 has promised; nothing may leave it without another version."""


def errors(document: object) -> list[str]:
    """What of a document does not fit, after a way through JSON text."""
    validator = jsonschema.Draft202012Validator(report_schema())
    plain = json.loads(json.dumps(document, default=dict))
    return [error.message for error in validator.iter_errors(plain)]


def every_outcome() -> Iterator[Verdict]:
    for level in Level:
        for outcome in Outcome:
            yield Verdict(level, outcome, "said", GAPS, 0.1, "landlock", {"python": "3"}, True)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(report_schema())


def test_what_version_1_promised_is_there() -> None:
    definitions: Any = report_schema()["$defs"]
    assert SCHEMA_VERSION == 1
    for name, promised in PROMISED.items():
        assert set(promised.split()) <= set(definitions[name]["required"]), name


def test_every_outcome_of_every_level_fits() -> None:
    for verdict in every_outcome():
        assert errors(solution_document(solution(verdict))) == []


def test_every_ending_of_a_task_fits() -> None:
    for ending in (None, *Ending):
        assert errors(view_document(view(ending=ending))) == []
    assert view_document(view())["schema_version"] == SCHEMA_VERSION


def test_questions_are_told() -> None:
    for document in (
        solution_document(solution(Verdict(Level.MUTATION, Outcome.FAILED, "", GAPS))),
        view_document(view()),
    ):
        (question,) = json.loads(json.dumps(document, default=dict))["questions"]
        assert question["test"] == "assert f(1) == 1"


def test_what_is_added_fits_still() -> None:
    assert errors({**solution_document(solution()), "new": 1}) == []


@pytest.mark.parametrize("name", [*solution_document(solution())])
def test_what_is_taken_away_does_not(name: str) -> None:
    document = solution_document(solution())
    del document[name]
    assert errors(document)


@pytest.mark.parametrize(
    "verdict", [{"outcome": "fine"}, {"level": 7}, {"evidence": []}, {"duration_s": "1"}]
)
def test_what_means_something_else_does_not(verdict: dict[str, Any]) -> None:
    document: Any = json.loads(
        json.dumps(solution_document(solution(next(every_outcome()))), default=dict)
    )
    document["verdicts"][0] |= verdict
    assert errors(document)


def test_another_version_does_not_fit() -> None:
    assert errors({**solution_document(solution()), "schema_version": SCHEMA_VERSION + 1})
