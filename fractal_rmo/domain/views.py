"""What a person sees of tasks: plain rows for the terminal, the web and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fractal_rmo.domain.agent import AgentState
from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import Stage, StepState
from fractal_rmo.domain.verdict import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One line of a list.  Times are ISO 8601 UTC, durations seconds.

    ``tokens`` and ``dollars`` are what language models have used since the
    task was submitted or retried.
    """

    id: str
    kind: str
    description: str
    level: int
    provider: str
    python: str
    state: TaskState
    ending: Ending | None
    proven_level: int
    round: int
    created_at: str
    elapsed_s: float
    levels: Mapping[int, Outcome] = field(default_factory=dict)
    """What each level of the ladder said in the latest round."""
    tokens: int = 0
    dollars: float = 0.0


@dataclass(frozen=True, slots=True)
class TaskQuery:
    """Which tasks a list shows, newest first.

    ``ending`` is an ``Ending`` or ``"running"``; ``words`` are looked for in
    the description, ``before`` is the id of the last task of the page before.
    """

    kind: str = ""
    ending: str = ""
    words: str = ""
    before: str = ""
    limit: int = 20


RUNNING = "running"
"""The filter for tasks that have not ended."""


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step as shown; ``elapsed_s`` is None before it is taken up.

    ``evidence`` lists its attempts that failed: ``attempt``, ``at`` (ISO 8601,
    UTC) and what it ``said``.
    """

    stage: str
    action: str
    round: int
    state: StepState
    attempts: int
    error: str
    progress: Mapping[str, Json]
    output: Mapping[str, Json] = field(default_factory=dict)
    elapsed_s: float | None = None
    id: str = ""
    evidence: Sequence[Mapping[str, Json]] = ()


@dataclass(frozen=True, slots=True)
class StepQuery:
    """Which steps a list shows, newest first; ``before`` is the id of the last one before."""

    state: str = ""
    before: str = ""
    limit: int = 20


@dataclass(frozen=True, slots=True)
class StepLine:
    """One line of a list of steps, with the task that it belongs to."""

    step: StepRow
    task_id: str
    ending: Ending | None
    """The task's."""


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """How far a task is: small, and whole each time, so that none must be missed."""

    row: TaskRow
    summary: str
    steps: tuple[StepRow, ...]
    """Without outputs."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A message that was sent about a task; ``id`` grows, ``at_s`` counts from submission.

    ``causation_id`` is the step's or the message's (``message_uuid``) that caused it.
    """

    id: int
    at_s: float
    type: str
    payload: Mapping[str, Json]
    causation_id: str | None = None


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
    log: tuple[LogEntry, ...] = ()
    agents: tuple[AgentState, ...] = ()
    """The present states of the agents that work, or worked, on it."""
    written_tests: SourceTree = field(default_factory=SourceTree)
    """Those that a language model wrote, in the place of tests that nobody submitted."""


@dataclass(frozen=True, slots=True)
class WorkNow:
    """A Celery task under way; ``step_id`` is "" for maintenance."""

    task: str
    step_id: str = ""


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """One worker that answered.

    ``size`` counts processes or threads.  ``sandbox`` is the strongest tier of
    its host, "" where the role runs no foreign code.  ``role`` is "" when it
    was started by hand, and unknown, like all the rest, when ``version`` is "":
    another version that does not know the question.
    """

    name: str
    role: str = ""
    queues: tuple[str, ...] = ()
    size: int = 0
    sandbox: str = ""
    python: str = ""
    version: str = ""
    doing: tuple[WorkNow, ...] = ()


def candidates_tried(steps: Iterable[StepRow]) -> int:
    """Of steps of execution: each proposal, and what a search counts on from slice to slice."""
    proposed, searched = 0, dict[int, int]()
    for step in steps:
        number = step.output.get("tried", step.progress.get("tried", 0))
        if not isinstance(number, int):
            continue
        if step.action.startswith("judge-"):
            proposed += number
        else:
            searched[step.round] = max(searched.get(step.round, 0), number)
    return proposed + sum(searched.values())


def choice_of(steps: Sequence[StepRow]) -> JsonObject:
    """What the last step of execution says of the patches that it found; {} for none."""
    execution = [step for step in steps if step.stage == Stage.EXECUTE]
    choice = execution[-1].output.get("choice") if execution else None
    if isinstance(choice, Mapping) and "decided" in choice:  # older ones say less
        return choice
    return {}


def models_named(steps: Iterable[StepRow]) -> Mapping[str, Sequence[str]]:
    """The language models whose files there are, each once, by what they wrote."""
    wrote = {"tests": "tests", "properties": "properties", "propose": "code"}
    found: dict[str, list[str]] = {}
    for step in steps:
        what, model = wrote.get(step.action.partition("-")[0], ""), step.output.get("model")
        if what and isinstance(model, str) and model not in found.setdefault(what, []):
            found[what].append(model)
    return found


def answers_from_cache(steps: Iterable[StepRow]) -> int:
    """Answers of language models that another task had paid for."""
    counts = (step.output.get("from_cache", 0) for step in steps)
    return sum(count for count in counts if isinstance(count, int))
