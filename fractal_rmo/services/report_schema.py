"""The JSON Schema of reports: what ``--json`` prints and REST answers, and what of it stays.

The rule of ``SCHEMA_VERSION``: what is added keeps the version, so readers must
let pass what they do not know; what is removed, renamed or given another
meaning raises it.  Objects are therefore open, and every field that this
schema names is required.
"""

from __future__ import annotations

from enum import StrEnum

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.step import StepState
from fractal_rmo.domain.task import TaskKind
from fractal_rmo.domain.verdict import Level, Outcome
from fractal_rmo.services.questions import Kind

SCHEMA_VERSION = 1
_TEXT: Json = {"type": "string"}
_COUNT: Json = {"type": "integer", "minimum": 0}
_SECONDS: Json = {"type": "number", "minimum": 0}
_FILES: Json = {"type": "object", "additionalProperties": _TEXT}
_ANY_OBJECT: Json = {"type": "object"}
_LEVEL: Json = {"type": "integer", "minimum": int(min(Level)), "maximum": int(max(Level))}
_PROVEN: Json = {"type": "integer", "minimum": 0, "maximum": int(max(Level))}


def report_schema() -> dict[str, Json]:
    """JSON Schema, draft 2020-12, of a report: of one process's, or of a task's."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:fractal-rmo:report:{SCHEMA_VERSION}",
        "title": "A report of FRACTAL-RMO",
        "description": (
            "What is added keeps schema_version; what is removed, renamed or given another"
            " meaning raises it. Let pass what you do not know."
        ),
        "anyOf": [{"$ref": "#/$defs/solution"}, {"$ref": "#/$defs/task"}],
        "$defs": {
            "solution": _object(
                "What 'validate', 'fix', 'refactor', 'document', 'data' print with --json.",
                _SOLUTION,
            ),
            "task": _object("What REST's '/report' and 'show --json' give.", _TASK),
            "verdict": _object("What the validator said of one level.", _VERDICT),
            "question": _object("What levels 5 and 6 leave to a person.", _QUESTION),
            "choice": _object("Why a repair is this patch and no other.", _CHOICE),
            "edit": _object("One edit that was made or tried; a repair of data has more.", _EDIT),
            "column": _object("What a column of a table of data holds.", _COLUMN),
            "step": _object("One step of the pipeline.", _STEP),
            "message": _object("A message that was sent about the task.", _MESSAGE),
            "agent": _object("The present state of an agent that worked on the task.", _AGENT),
        },
    }


def _object(description: str, properties: dict[str, Json]) -> dict[str, Json]:
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }


def _list_of(name: str) -> dict[str, Json]:
    return {"type": "array", "items": {"$ref": f"#/$defs/{name}"}}


def _one_of(names: type[StrEnum], *more: Json) -> dict[str, Json]:
    return {"enum": [*(name.value for name in names), *more]}


def _said(description: str, kind: str = "string") -> dict[str, Json]:
    return {"type": kind, "description": description}


_VERSION: Json = {"const": SCHEMA_VERSION}
_VERDICT: dict[str, Json] = {
    "level": _LEVEL,
    "outcome": _one_of(Outcome),
    "summary": _said("One sentence for a person."),
    "evidence": _said(
        "What was run and seen, each level in its own words; no part of what is promised.",
        "object",
    ),
    "duration_s": _SECONDS,
    "tier": _said("The sandbox's tier; '' where nothing was run."),
    "tools": _FILES,
    "shared_process": _said("Whether tests and code shared one jailed process.", "boolean"),
}
_QUESTION: dict[str, Json] = {
    "id": {"type": "string", "pattern": "^[0-9a-f]{6}$"},
    "kind": _one_of(Kind),
    "question": _TEXT,
    "path": _said("The file of the code, '' where it is not known."),
    "line": _COUNT,
    "function": _TEXT,
    "test": _said("The statements that answer it with yes; '' where there are none."),
    "why_not": _said("Why there are none."),
}
_EDIT: dict[str, Json] = {
    "rule": _TEXT,
    "path": _TEXT,
    "line": _said("In the submitted code, from 1.", "integer"),
    "says": _said("What is done, in a sentence."),
    "why_not": _said("Why it was not kept, '' where it was."),
}


def _share(description: str) -> Json:
    return {"type": "number", "minimum": 0, "maximum": 1, "description": description}


_CHOICE: dict[str, Json] = {
    "protocol": _said("The version of the priors that ordered the search."),
    "decided": _said("Whether it is sure enough to be a result, or left to a person.", "boolean"),
    "says": _said("What the patch edits."),
    "diff": _said("From the submitted code to the patch."),
    "sure": _share("How likely the patch is right, by what was measured of such patches."),
    "compared": _said("Whether there were calls on which patches could be compared.", "boolean"),
    "worse": _said("A call that goes wrong with the patch and did not before, in words, or ''."),
    "plausible": _said("Patches that pass all tests.", "integer"),
    "alternatives": {
        "type": "array",
        "items": _object(
            "A patch that passes all tests as well, and does something else.",
            {
                "says": _TEXT,
                "diff": _said("From the chosen patch to this one."),
                "share": _share("Its behaviour's part of the weight of all patches that pass."),
                "sure": _share("How likely this one is right, by the same measure."),
                "call": _said("A call that tells the two apart."),
                "chosen": _said("What the chosen patch does there."),
                "instead": _said("What this one does there."),
                "before": _said("What the submitted code does there."),
            },
        ),
    },
}
_COLUMN: dict[str, Json] = {
    "name": _TEXT,
    "count": _COUNT,
    "missing": _COUNT,
    "distinct": _COUNT,
    "type": _said("What all its values look like; 'mixed' or 'empty' otherwise."),
    "top": _said("The most frequent values, each with its count.", "array"),
    "examples": _said("Some values.", "array"),
}
_SOLUTION: dict[str, Json] = {
    "schema_version": _VERSION,
    "proven": {"type": "boolean"},
    "proven_level": _PROVEN,
    "explanation": _TEXT,
    "candidates_tried": _COUNT,
    "edits": _list_of("edit"),
    "choice": {"anyOf": [{"$ref": "#/$defs/choice"}, {"type": "null"}]},
    "diff": _said("A unified diff of what was changed, '' for nothing."),
    "files": _FILES,
    "verdicts": _list_of("verdict"),
    "questions": _list_of("question"),
    "profile": _list_of("column"),
}
_STEP: dict[str, Json] = {
    "id": _TEXT,
    "stage": _TEXT,
    "action": _TEXT,
    "round": _COUNT,
    "state": _one_of(StepState),
    "attempts": _COUNT,
    "error": _TEXT,
    "evidence": {
        "type": "array",
        "description": "The attempts that failed, oldest first.",
        "items": {
            "type": "object",
            "properties": {
                "attempt": _COUNT,
                "at": _said("ISO 8601, UTC."),
                "said": _said("What became of it."),
            },
            "required": ["attempt", "at", "said"],
        },
    },
    "progress": _ANY_OBJECT,
    "output": _ANY_OBJECT,
    "elapsed_s": {"type": ["number", "null"]},
}
_MESSAGE: dict[str, Json] = {
    "id": _COUNT,
    "at_s": {"type": "number"},
    "type": _TEXT,
    "payload": _ANY_OBJECT,
    "causation_id": {
        "type": ["string", "null"],
        "description": "The step's, or the message's that caused it: its number as a UUID.",
    },
}
_AGENT: dict[str, Json] = {
    "agent_id": _TEXT,
    "task_id": _TEXT,
    "current_action": {"type": ["object", "null"], "description": "None between two actions."},
    "completed_actions": {"type": "array", "items": _ANY_OBJECT},
    "error_history": {"type": "array", "items": _ANY_OBJECT},
    "learned_patterns": {"type": "array", "items": _ANY_OBJECT},
    "context": _ANY_OBJECT,
    "version": _COUNT,
    "created_at": _said("ISO 8601, UTC."),
    "updated_at": _said("ISO 8601, UTC."),
}
_TASK: dict[str, Json] = {
    "schema_version": _VERSION,
    "id": _TEXT,
    "kind": _one_of(TaskKind),
    "description": _TEXT,
    "level": _LEVEL,
    "provider": _TEXT,
    "python": _TEXT,
    "state": _one_of(TaskState),
    "ending": _one_of(Ending, None),
    "proven_level": _PROVEN,
    "round": _COUNT,
    "created_at": _said("ISO 8601, UTC."),
    "elapsed_s": _SECONDS,
    "tokens": _said("What language models have used.", "integer"),
    "dollars": _said("What language models have cost.", "number"),
    "levels": {"type": "object", "additionalProperties": _one_of(Outcome)},
    "summary": _TEXT,
    "budget": _ANY_OBJECT,
    "code": _FILES,
    "tests": _FILES,
    "result": {"anyOf": [_FILES, {"type": "null"}]},
    "diff": _TEXT,
    "verdicts": {
        "type": "array",
        "items": {
            "$ref": "#/$defs/verdict",
            "properties": {"round": _COUNT},
            "required": ["round"],
        },
    },
    "questions": _list_of("question"),
    "profile": _list_of("column"),
    "steps": _list_of("step"),
    "log": _list_of("message"),
    "agents": _list_of("agent"),
}
