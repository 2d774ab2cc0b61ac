"""What a person sees of tasks: plain rows for the terminal, the web and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import StepState
from fractal_rmo.domain.verdict import Verdict


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One line of a list.  Times are ISO 8601 UTC, durations seconds."""

    id: str
    kind: str
    description: str
    level: int
    state: TaskState
    ending: Ending | None
    proven_level: int
    round: int
    created_at: str
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step as shown."""

    stage: str
    action: str
    round: int
    state: StepState
    attempts: int
    error: str
    progress: Mapping[str, Json]
    output: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class TaskView:
    """Everything about one task."""

    row: TaskRow
    summary: str
    budget: Mapping[str, Json]
    code: SourceTree
    tests: SourceTree
    result: SourceTree | None = None
    steps: tuple[StepRow, ...] = ()
    verdicts: tuple[tuple[int, Verdict], ...] = field(default_factory=tuple)
    """(round, verdict) in the order in which they were reached."""
