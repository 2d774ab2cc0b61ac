"""What performing a step decided: one value, stored in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.message import Message
from fractal_rmo.domain.pattern import ErrorRecord
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import Stage
from fractal_rmo.domain.verdict import Verdict

TIME_IS_OVER = "The task's time ran out before a result was proven."


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """The effects of one finished step.

    ``moves`` are walked in order through the lifecycle table, starting at the
    state in which the stage is performed; ``ending`` comes with a terminal
    last move.  ``releases`` names the waiting stage that becomes due.
    ``more`` inserts a further step of the same stage (the next slice of a
    search), ``learn`` the round's LEARN step, ``next_round`` the steps of the
    next round.
    """

    output: Mapping[str, Json] = field(default_factory=dict)
    moves: tuple[TaskState, ...] = ()
    ending: Ending | None = None
    proven_level: int = 0
    summary: str = ""
    candidate: SourceTree | None = None
    written_tests: SourceTree | None = None
    stated: SourceTree | None = None
    verdicts: tuple[Verdict, ...] = ()
    messages: tuple[Message, ...] = ()
    errors: tuple[ErrorRecord, ...] = ()
    releases: Stage | None = None
    more: str = ""
    learn: bool = False
    next_round: bool = False
