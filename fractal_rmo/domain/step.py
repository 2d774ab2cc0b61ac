"""One step of a task's pipeline: the unit of claiming, retrying and publishing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from fractal_rmo.domain.budget import Budget
from fractal_rmo.domain.finding import AnalyzerRole
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.lifecycle import TaskState
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Provider, TaskKind
from fractal_rmo.domain.verdict import Level


class StepState(StrEnum):
    """WAITING for a predecessor, QUEUED for a worker, RUNNING under a lease, or terminal."""

    WAITING = "waiting"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    """Lost its worker, or met an infrastructure error, on every attempt."""
    DROPPED = "dropped"
    """Its task ended before the step was taken up."""


class Stage(StrEnum):
    """The five stages of a round; an analyzer's step has the stage ANALYZE."""

    ANALYZE = "analyze"
    MERGE = "merge"
    EXECUTE = "execute"
    VALIDATE = "validate"
    LEARN = "learn"


SUCCESSOR: Mapping[Stage, Stage] = MappingProxyType(
    {Stage.ANALYZE: Stage.MERGE, Stage.MERGE: Stage.EXECUTE, Stage.EXECUTE: Stage.VALIDATE}
)
"""Who is released by whom; LEARN is inserted only where a round failed."""

STATE_OF: Mapping[Stage, TaskState] = MappingProxyType(
    {
        Stage.ANALYZE: TaskState.ANALYZING,
        Stage.MERGE: TaskState.ANALYZING,
        Stage.EXECUTE: TaskState.EXECUTING,
        Stage.VALIDATE: TaskState.VALIDATING,
        Stage.LEARN: TaskState.LEARNING,
    }
)
"""The task state in which a step of each stage is performed."""

ROLES = tuple(role.value for role in AnalyzerRole)
ASKING = ("tests-", "properties-", "notes-", "plan-", "propose-", "explain-")
"""Further steps of EXECUTE that wait for a language model."""
STATED_FILE = "properties.json"
MAX_ATTEMPTS = 3
"""A redelivery counts as an attempt, so that a poisonous step is seen and given up."""


@dataclass(frozen=True, slots=True)
class StepRef:
    """How a step is named in a message: ids and words, never content."""

    step_id: str
    task_id: str
    stage: Stage
    action: str = ""

    @property
    def queue(self) -> str:
        """The queue its stage is worked on."""
        return queue_of(self.stage, self.action)


def queue_of(stage: Stage, action: str) -> str:
    """The queue on which a step of this stage travels; ``action`` tells analyzers apart."""
    match stage:
        case Stage.ANALYZE:
            return f"analyze.{action}"
        case Stage.MERGE:
            return "coordinate"
        case Stage.EXECUTE:
            return "execute.llm" if action.startswith(ASKING) else "execute.cpu"
        case Stage.VALIDATE:
            return "validate"
        case Stage.LEARN:
            return "learn"


QUEUES = (
    *(f"analyze.{role}" for role in ROLES),
    "coordinate",
    "execute.cpu",
    "execute.llm",
    "validate",
    "learn",
    "maintenance",
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A step that this process holds, with all that its stage needs.

    ``fence`` guards the finish: a zombie's late write carries an old one.
    ``tries`` counts the rounds since the task was submitted or retried, this
    one included.  ``outputs`` maps ``stage`` or ``stage/action`` of this round
    to output; the analyzers' are those of the first of these rounds, which
    later ones reuse.  ``candidate`` is what is to be validated; where there is to
    be executed, what the round before could not prove.
    """

    ref: StepRef
    fence: int
    attempts: int
    round: int
    tries: int
    kind: TaskKind
    level: Level
    provider: Provider
    budget: Budget
    python: str
    seconds_left: float
    code: SourceTree
    tests: SourceTree
    candidate: SourceTree | None = None
    written_tests: SourceTree = field(default_factory=SourceTree)
    """Tests that a language model wrote for a task without any."""
    stated: SourceTree = field(default_factory=SourceTree)
    """Properties that a language model stated before there was code, in ``STATED_FILE``."""
    description: str = ""
    outputs: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    earlier: tuple[Mapping[str, Json], ...] = ()
    """What VALIDATE recorded in earlier rounds: ``rejected`` (sha256) and ``feedback``."""

    @property
    def oracle(self) -> SourceTree:
        """The tests that decide: the submitted ones, else those that a model wrote."""
        return self.written_tests if self.tests.is_blank() else self.tests

    def slices(self, stage: Stage) -> list[Mapping[str, Json]]:
        """The outputs of a stage's steps of this round, in order of their slices."""
        named = [(n, o) for n, o in self.outputs.items() if n.partition("/")[0] == stage]
        return [output for _, output in sorted(named, key=lambda pair: _slice_number(pair[0]))]


def _slice_number(name: str) -> int:
    return int(name.rpartition("-")[2]) if "-" in name else 1
