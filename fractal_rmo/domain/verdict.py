"""What the validator says of one level, and how far a result is proven."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import RunEnding


class Level(IntEnum):
    """The six levels of proof, cheapest first."""

    SYNTAX = 1
    STATIC = 2
    UNIT = 3
    INTEGRATION = 4
    PROPERTY = 5
    MUTATION = 6


class Outcome(StrEnum):
    """How a check can end.  Only PASSED counts as a pass."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    """Could not judge; never charged to the candidate or to learning."""
    NOT_APPLICABLE = "not_applicable"
    FLAKY = "flaky"
    """Differs on repetition with changed order or hash seed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One level's outcome with its evidence.

    ``summary`` is one sentence for a person; ``evidence`` is JSON (commands,
    counts, failures, counter-examples); ``shared_process`` says that oracle
    and candidate ran in one process, which proves less.
    """

    level: Level
    outcome: Outcome
    summary: str
    evidence: Mapping[str, Json] = field(default_factory=dict)
    duration_s: float = 0.0
    tier: str = ""
    tools: Mapping[str, str] = field(default_factory=dict)
    shared_process: bool = False

    @property
    def stops(self) -> bool:
        """Whether the ladder ends here: everything but a pass or a reasoned 'not applicable'."""
        return self.outcome not in (Outcome.PASSED, Outcome.NOT_APPLICABLE)


def proven_level(verdicts: Iterable[Verdict]) -> int:
    """The highest level up to which every applicable level passed; 0 when none did."""
    proven = 0
    for verdict in sorted(verdicts, key=lambda v: v.level):
        if verdict.outcome is Outcome.PASSED:
            proven = int(verdict.level)
        elif verdict.stops:
            break
    return proven


def is_proven(verdicts: Iterable[Verdict], asked: Level) -> bool:
    """Whether every level up to ``asked`` was climbed, none stopped, and at least one passed."""
    climbed = {v.level: v for v in verdicts if v.level <= asked}
    complete = all(Level(n) in climbed for n in range(1, asked + 1))
    return (
        complete
        and not any(v.stops for v in climbed.values())
        and proven_level(climbed.values()) > 0
    )


def found_no_sandbox(verdicts: Iterable[Verdict]) -> bool:
    """Whether a level could not be judged because no jail could be started."""
    return any(
        v.outcome is Outcome.ERROR and v.evidence.get("ending") == RunEnding.UNAVAILABLE
        for v in verdicts
    )
