"""What every step of execution comes to, in one shape."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from fractal_rmo.domain.action import ExecutionResult, Strategy
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import Claim, Stage

OUTPUT_SCHEMA: Mapping[str, Json] = MappingProxyType(
    {
        "type": "object",
        "required": ["strategy", "status", "note", "tried", "position"],
        "properties": {
            "strategy": {"enum": [strategy.value for strategy in Strategy]},
            "status": {"type": "string"},
            "note": {"type": "string"},
            "tried": {"type": "integer", "minimum": 0},
            "position": {"type": "integer", "minimum": 0},
            "trail": {"type": ["object", "null"]},
            "choice": {"type": ["object", "null"]},
            "partly": {"type": "string"},
            "protocol": {"type": ["object", "null"]},
            "experience": {"type": ["object", "null"]},
            "more_plausible": {"type": "boolean"},
            "edits": {"type": "array", "items": {"type": "object"}},
            "files": {"type": "object", "additionalProperties": {"type": "string"}},
            "interface": {"type": "string"},
            "evidence": {"type": "array", "items": {"type": "string"}},
            "properties": {"type": "array", "items": {"type": "object"}},
            "notes": {
                "type": "object",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
            },
            "plan": {"type": "array", "items": {"type": "string"}},
            "explanation": {"type": "string"},
            "explains": {"type": "string"},
            "silent": {"type": "array", "items": {"type": "string"}},
            "from_cache": {"type": "integer", "minimum": 0},
            "passing": {"type": "integer", "minimum": 0},
            "model": {"type": "string"},
            "tokens": {"type": "integer", "minimum": 0},
            "dollars": {"type": "number", "minimum": 0},
        },
    }
)
"""What every strategy's output looks like."""


class Turn(StrEnum):
    """How the steps of a model's turn end, beside the ways in which a search does."""

    ASKS = "asks_a_model"
    TESTS_WRITTEN = "tests_written"
    NO_TESTS = "no_tests"
    """There was no answer, or one that is not let in."""
    STATED = "properties_stated"
    NOT_STATED = "no_properties"
    PROPOSED = "proposed"
    NO_PROPOSAL = "no_proposal"
    """There was no answer, or one that is not let in."""
    GENERATED = "generated"
    """The tests pass."""
    NEAR_MISS = "near_miss"
    """Most tests pass: the repair engine has it next."""
    REJECTED = "rejected"
    NOTED = "noted"
    PLANNED = "planned"
    EXPLAINED = "explained"
    """The tests pass, and somebody was asked to say what was done."""


def done(strategy: Strategy, status: str, note: str, **more: Json) -> ExecutionResult:
    """A result; ``more`` names further fields of ``OUTPUT_SCHEMA``."""
    output: dict[str, Json] = {
        "strategy": strategy.value,
        "status": status,
        "note": note,
        "tried": 0,
        "position": 0,
        "trail": None,
        "choice": None,
        "protocol": None,
        "experience": None,
        "more_plausible": False,
        "edits": [],
    }
    tokens = more.get("tokens", 0)
    used = tokens if isinstance(tokens, int) else 0
    return ExecutionResult(success=True, output=output | more, tokens_used=used)


def proposals(claim: Claim) -> list[Mapping[str, Json]]:
    """The outputs of this round's questions for code, answered or not, oldest first."""
    asked = (Turn.PROPOSED, Turn.NO_PROPOSAL)
    return [output for output in claim.slices(Stage.EXECUTE) if output.get("status") in asked]


def notes_of(output: Mapping[str, Json]) -> dict[str, list[str]]:
    """The sentences of each analyzer's model that a step noted; {} for other steps."""
    notes = output.get("notes")
    rows = notes.items() if isinstance(notes, Mapping) else ()
    return {str(analyzer): strings(lines) for analyzer, lines in rows}


def strings(value: Json) -> list[str]:
    """A list of texts out of an output; [] for anything else."""
    return [str(each) for each in value] if isinstance(value, list | tuple) else []


def latest_proposal(claim: Claim) -> SourceTree | None:
    """The code with the latest proposal of this round in it; None before there is one."""
    for output in reversed(claim.slices(Stage.EXECUTE)):
        if output.get("status") == Turn.PROPOSED:
            return proposed(claim, output)
    return None


def proposed(claim: Claim, output: Mapping[str, Json]) -> SourceTree:
    """The submitted code with the files of one proposal in their places."""
    files = output.get("files")
    written = files if isinstance(files, Mapping) else {}
    return SourceTree({**claim.code.files, **{path: str(text) for path, text in written.items()}})
