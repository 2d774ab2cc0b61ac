"""The rules that agents work by, in immutable versions, and how a new one is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.domain.source import SourceTree


@dataclass(frozen=True, slots=True)
class ProtocolVersion:
    """One version; ``edits`` are what it changes of the version before."""

    name: str
    version: int
    edits: Mapping[str, Json] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"


SHIPPED = ProtocolVersion("default", 1)
"""What the code does when nothing has been learned yet."""


class Status(StrEnum):
    """What became of a version."""

    CANDIDATE = "candidate"
    ACTIVE = "active"
    RETIRED = "retired"
    """A better one took its place."""
    REJECTED = "rejected"
    ROLLED_BACK = "rolled_back"


class Phase(StrEnum):
    """What an experiment asks."""

    GATE = "gate"
    """Whether the candidate is better than the version in force."""
    WATCH = "watch"
    """Whether the version in force, once promoted, is worse than the one before."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """A candidate against the version before it, on stored tasks.

    ``number`` counts the candidates of this protocol, from 1; ``learned_from`` the
    fixes that the candidate was made of.
    """

    id: str
    name: str
    control: int
    candidate: int
    number: int
    learned_from: int
    phase: Phase


@dataclass(frozen=True, slots=True)
class StoredFix:
    """A task whose fix was proven, to be done again."""

    task_id: str
    python: str
    code: SourceTree
    tests: SourceTree
    proven: SourceTree


@dataclass(frozen=True, slots=True)
class ProtocolRow:
    """A version with its history: ``looks`` oldest first, each with its figures."""

    protocol: ProtocolVersion
    status: str
    parent: int
    created_at: str
    looks: tuple[JsonObject, ...] = ()
