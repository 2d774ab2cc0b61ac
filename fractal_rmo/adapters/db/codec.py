"""Domain values to JSON that PostgreSQL accepts, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fractal_rmo.domain.budget import Budget
from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Level, Outcome, Verdict


def to_json(value: object) -> str:
    """JSON text for a jsonb column: NUL, lone surrogates and NaN are not representable there."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False, default=dict)
        text.encode()
    except (TypeError, ValueError):  # a key that is no text, a figure that is none, a surrogate
        return _dumps(_clean(value))
    return _dumps(_clean(value)) if "\\u0000" in text else text


def _dumps(value: object) -> str:
    return json.dumps(value, allow_nan=False, ensure_ascii=False)


def _clean(value: object) -> object:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {clean_text(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def clean_text(text: str) -> str:
    """The text with what UTF-8 or PostgreSQL cannot hold replaced by U+FFFD."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def verdict_row(judged: Verdict) -> dict[str, Any]:
    """The columns of ``verdicts``."""
    return {
        "level": int(judged.level),
        "outcome": judged.outcome.value,
        "summary": judged.summary,
        "evidence": dict(judged.evidence),
        "duration_s": round(judged.duration_s, 6),
        "tier": judged.tier,
        "tools": dict(judged.tools),
        "shared_process": judged.shared_process,
    }


def verdict(row: Mapping[str, Any]) -> Verdict:
    """The verdict of a row."""
    return Verdict(
        level=Level(row["level"]),
        outcome=Outcome(row["outcome"]),
        summary=row["summary"],
        evidence=row["evidence"],
        duration_s=row["duration_s"],
        tier=row["tier"],
        tools=row["tools"],
        shared_process=row["shared_process"],
    )


def budget(document: Mapping[str, Any]) -> Budget:
    """The budget of a task's row."""
    return Budget(**document)


def tree(files: list[list[str]] | None, origin: str) -> SourceTree:
    """The files of one origin out of [origin, path, content] triples."""
    return SourceTree({path: text for kind, path, text in files or [] if kind == origin})


def task_id(written: str) -> str:
    """A task's id in its usual form; raises ``InputError`` for what is none."""
    return _row_id(written, ErrorCode.NO_SUCH_TASK, "task")


def step_id(written: str) -> str:
    """A step's id in its usual form; raises ``InputError`` for what is none."""
    return _row_id(written, ErrorCode.NO_SUCH_STEP, "step")


def _row_id(written: str, unknown: ErrorCode, of_what: str) -> str:
    try:
        return str(UUID(written))
    except ValueError as error:
        shown = clean_text(written[:60])
        raise InputError(unknown, f"'{shown}' is no {of_what} id.") from error
