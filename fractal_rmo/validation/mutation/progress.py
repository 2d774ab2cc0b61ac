"""What the runs of level 6 have shown so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import RunEnding, RunResult
from fractal_rmo.validation.mutation.gaps import Gap
from fractal_rmo.validation.mutation.mutant import Mutant
from fractal_rmo.validation.subject import Subject

ENDINGS = ("killed", "survived", "timed_out", "crashed")


class CannotJudgeError(Exception):
    """Why there is no verdict, in a sentence; ``evidence`` says more."""

    def __init__(self, summary: str, evidence: Mapping[str, Json] | None = None) -> None:
        super().__init__(summary)
        self.evidence = evidence or {}


@dataclass
class Progress:
    """What the runs have shown so far."""

    subject: Subject
    mutants: list[Mutant] = field(default_factory=list)
    possible: int = 0
    endings: dict[int, str] = field(default_factory=dict)
    gaps: dict[int, Gap] = field(default_factory=dict)
    equivalent: set[int] = field(default_factory=set)
    of_words: set[int] = field(default_factory=set)
    duration_s: float = 0.0
    tier: str = ""
    tools: dict[str, str] = field(default_factory=dict)
    notes: dict[str, Json] = field(default_factory=dict)

    def take(self, result: RunResult) -> Mapping[str, Json]:
        """The value of a completed run; raises ``CannotJudgeError`` for any other."""
        self.duration_s += result.duration_s
        self.tier = result.tier.value
        value = result.value
        if result.ending is not RunEnding.COMPLETED or not isinstance(value, Mapping):
            what = f"the run ended as {result.ending}. {result.detail}".strip()
            evidence: dict[str, Json] = {"ending": result.ending.value}
            raise CannotJudgeError(f"The mutants could not be judged: {what}", evidence)
        tools = value.get("tools")
        self.tools |= {k: str(v) for k, v in tools.items()} if isinstance(tools, Mapping) else {}
        return value

    def numbers(self, ending: str) -> list[int]:
        """The mutants that ended so, in order."""
        return [n for n in range(len(self.mutants)) if self.endings.get(n) == ending]
