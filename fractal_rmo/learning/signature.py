"""From a failed verdict to a signature that groups what is alike."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.task import TaskKind
from fractal_rmo.domain.verdict import Verdict

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_NUMBER = re.compile(r"\b\d+(\.\d+)?\b")
_NAME = re.compile(r"\b\w+(\.py|::\w+)+\b")
_LONGEST = 120


def normalise(message: str) -> str:
    """A message with quotations, numbers and names replaced, so that none of a task's text stays.

    What remains are the tool's own words; the result is at most 120 characters.
    """
    text = _QUOTED.sub("<text>", message.splitlines()[0] if message else "")
    return _NUMBER.sub("<n>", _NAME.sub("<name>", text))[:_LONGEST]


def signature(verdict: Verdict, kind: TaskKind) -> dict[str, Json]:
    """Level, outcome, task kind and the kinds of error that were seen."""
    return {
        "level": int(verdict.level),
        "outcome": verdict.outcome.value,
        "kind": kind.value,
        "errors": list(_error_types(verdict)),
    }


def _error_types(verdict: Verdict) -> Sequence[str]:
    failures = verdict.evidence.get("failures")
    if not isinstance(failures, list | tuple):
        return ()
    seen = {str(entry.get("type", "")) for entry in failures if isinstance(entry, dict)}
    return sorted(name for name in seen if name.isidentifier())[:5]
