"""What a person submits."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from fractal_rmo.domain.budget import Budget
from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Level


class TaskKind(StrEnum):
    """The kinds of task; ``BUILT_KINDS`` are those this version performs."""

    FIX = "fix"
    VALIDATE = "validate"
    ANALYZE = "analyze"
    REFACTOR = "refactor"
    GENERATE = "generate"
    DOCUMENT = "document"
    DATA = "data"


KINDS_WITH_TESTS = (TaskKind.FIX, TaskKind.REFACTOR, TaskKind.DOCUMENT, TaskKind.VALIDATE)
BUILT_KINDS = (*KINDS_WITH_TESTS, TaskKind.GENERATE, TaskKind.ANALYZE, TaskKind.DATA)
CHANGING_KINDS = (
    *(TaskKind.FIX, TaskKind.REFACTOR, TaskKind.DOCUMENT),
    *(TaskKind.GENERATE, TaskKind.DATA),
)
"""What they answer is judged beside the submitted code, where there is some."""
SAME_BEHAVIOUR = (TaskKind.REFACTOR, TaskKind.DOCUMENT)
"""What they answer must answer as the submitted code does."""


def kind_named(name: str) -> TaskKind:
    """The kind of that name; raises ``InputError`` (UNKNOWN_KIND)."""
    try:
        return TaskKind(name)
    except ValueError as error:
        raise InputError(ErrorCode.UNKNOWN_KIND, f"'{name}' is no kind of task.") from error


class Provider(StrEnum):
    """Who proposes changes: OFFLINE is the repair engine, which needs no key.

    AUTO is that engine first, then a model where one is configured.
    """

    AUTO = "auto"
    OFFLINE = "offline"
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    SIMULATED = "simulated"


def provider_named(name: str) -> Provider:
    """The provider of that name; raises ``InputError`` (UNKNOWN_PROVIDER)."""
    try:
        return Provider(name)
    except ValueError as error:
        detail = f"'{name}' is no provider that is built."
        raise InputError(ErrorCode.UNKNOWN_PROVIDER, detail) from error


@dataclass(frozen=True, slots=True)
class Task:
    """A coding task: the code and its tests as small trees of files.

    ``python`` is the absolute path, where code is run, of the interpreter
    whose packages both may import; "" leaves the code the standard library.
    """

    description: str = ""
    code: SourceTree = field(default_factory=SourceTree)
    tests: SourceTree = field(default_factory=SourceTree)
    kind: TaskKind = TaskKind.FIX
    level: Level = Level.UNIT
    provider: Provider = Provider.AUTO
    budget: Budget = field(default_factory=Budget)
    python: str = ""
