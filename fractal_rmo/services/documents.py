"""Tasks as JSON documents: one form for the command line, REST and the pages' events."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Level, Verdict
from fractal_rmo.domain.views import LogEntry, StepLine, StepRow, TaskRow, TaskStatus, TaskView
from fractal_rmo.editing.diff import unified_diff
from fractal_rmo.services import agent_state
from fractal_rmo.services.choice_told import choice_document
from fractal_rmo.services.questions import Question, questions
from fractal_rmo.services.report_schema import SCHEMA_VERSION

if TYPE_CHECKING:
    from fractal_rmo.services.solve import Solution


def row_document(row: TaskRow) -> dict[str, Json]:
    """One line of a list."""
    return {
        "id": row.id,
        "kind": row.kind,
        "description": row.description,
        "level": row.level,
        "provider": row.provider,
        "python": row.python,
        "state": row.state.value,
        "ending": row.ending.value if row.ending else None,
        "proven_level": row.proven_level,
        "round": row.round,
        "created_at": row.created_at,
        "elapsed_s": round(row.elapsed_s, 3),
        "levels": {str(level): outcome.value for level, outcome in row.levels.items()},
        "tokens": row.tokens,
        "dollars": row.dollars,
    }


def rows_document(rows: Sequence[TaskRow]) -> list[JsonObject]:
    """A list of tasks."""
    return [row_document(row) for row in rows]


def status_document(status: TaskStatus) -> dict[str, Json]:
    """How far a task is."""
    return {
        **row_document(status.row),
        "summary": status.summary,
        "steps": [_step(step) for step in status.steps],
    }


def revision(document: Mapping[str, Json]) -> str:
    """16 hex digits that change when a status does, and not with the clock."""
    still = {name: value for name, value in document.items() if name != "elapsed_s"}
    steps = document["steps"]
    if isinstance(steps, list):
        still["steps"] = [{**s, "elapsed_s": 0} for s in steps if isinstance(s, Mapping)]
    text = json.dumps(still, sort_keys=True, default=dict)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def view_document(view: TaskView) -> dict[str, Json]:
    """Everything about a task: the report."""
    return {
        "schema_version": SCHEMA_VERSION,
        **row_document(view.row),
        "summary": view.summary,
        "budget": view.budget,
        "code": dict(view.code.files),
        "tests": dict(view.tests.files),
        "written_tests": dict(view.written_tests.files),
        "result": dict(view.result.files) if view.result else None,
        "diff": diff(view.code, view.result),
        "verdicts": [{"round": n, **verdict_document(v)} for n, v in view.verdicts],
        "questions": [question.as_json() for question in open_questions(view)],
        "profile": profile(v for n, v in view.verdicts if n == view.row.round),
        "steps": [{**_step(step), "output": step.output} for step in view.steps],
        "log": [_entry(entry) for entry in view.log],
        "agents": [agent_state.document(state) for state in view.agents],
    }


def solution_document(solution: Solution) -> dict[str, Json]:
    """What the commands that need no cluster come to."""
    found = solution.choice
    choice = choice_document(found, solution.submitted) if found else None
    return {
        "schema_version": SCHEMA_VERSION,
        "proven": solution.proven,
        "proven_level": solution.proven_level,
        "explanation": solution.explanation,
        "candidates_tried": solution.tried,
        "edits": list(solution.edits),
        "choice": choice,
        "diff": solution.diff,
        "files": dict(solution.result.files),
        "verdicts": [verdict_document(verdict) for verdict in solution.verdicts],
        "questions": [q.as_json() for q in questions(solution.verdicts, solution.result)],
        "profile": profile(solution.verdicts),
    }


def profile(verdicts: Iterable[Verdict]) -> list[JsonObject]:
    """What a table holds, an object a column; [] for what is no table."""
    for verdict in verdicts:
        columns = verdict.evidence.get("profile")
        if verdict.level is Level.SYNTAX and isinstance(columns, list):
            return [column for column in columns if isinstance(column, Mapping)]
    return []


def open_questions(view: TaskView) -> list[Question]:
    """What the latest round of a task leaves to a person."""
    last = [verdict for number, verdict in view.verdicts if number == view.row.round]
    return questions(last, view.code if view.result is None else view.result)


def diff(code: SourceTree, result: SourceTree | None) -> str:
    """What the result changes, as a unified diff; "" without a result."""
    return unified_diff(code, result) if result else ""


def verdict_document(verdict: Verdict) -> dict[str, Json]:
    """One verdict."""
    return {
        "level": int(verdict.level),
        "outcome": verdict.outcome.value,
        "summary": verdict.summary,
        "evidence": verdict.evidence,
        "duration_s": round(verdict.duration_s, 4),
        "tier": verdict.tier,
        "tools": dict(verdict.tools),
        "shared_process": verdict.shared_process,
    }


def lines_document(lines: Sequence[StepLine]) -> list[JsonObject]:
    """A list of steps."""
    return [
        {
            **_step(line.step),
            "task": line.task_id,
            "ending": line.ending.value if line.ending else None,
        }
        for line in lines
    ]


def _step(step: StepRow) -> dict[str, Json]:
    return {
        "id": step.id,
        "stage": step.stage,
        "action": step.action,
        "round": step.round,
        "state": step.state.value,
        "attempts": step.attempts,
        "error": step.error,
        "evidence": list(step.evidence),
        "progress": step.progress,
        "elapsed_s": None if step.elapsed_s is None else round(step.elapsed_s, 3),
    }


def _entry(entry: LogEntry) -> dict[str, Json]:
    return {
        "id": entry.id,
        "at_s": round(entry.at_s, 3),
        "type": entry.type,
        "payload": entry.payload,
        "causation_id": entry.causation_id,
    }
