"""One run inside a jail, as data: what it needs, and how it ended.

Pure rooms yield a ``RunRequest`` and receive a ``RunResult``; a service
drives them through the sandbox port.  Nothing here runs anything.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias, TypeVar

from fractal_rmo.domain.jsonvalue import Json, JsonObject


class Runtime(StrEnum):
    """Which zygote a run is forked from."""

    THIN = "thin"
    """The standard library only: calls and repair candidates."""
    THICK = "thick"
    """pytest, already imported."""
    PROPERTY = "property"
    """pytest and hypothesis, which takes as long again to import."""
    STATIC = "static"
    """ruff, mypy and bandit, warm: foreign text never meets them on the host."""
    SCHEMA = "schema"
    """The library jsonschema: patterns of a foreign schema never meet a text on the host."""
    MUTANTS = "mutants"
    """mutmut's operators, on libcst: as much to import as the rest, and needed by level 6 alone."""


def runtime_for_pytest(files: Mapping[str, str]) -> Runtime:
    """Where pytest runs these files: with hypothesis at hand when one of them names it.

    A file that hides the name finds hypothesis all the same, only later.
    """
    named = any("hypothesis" in text for text in files.values())
    return Runtime.PROPERTY if named else Runtime.THICK


def needs_pytest(files: Mapping[str, str]) -> bool:
    """Whether a file names pytest or hypothesis, so that tests in them are no plain calls."""
    return any(name in text for text in files.values() for name in ("pytest", "hypothesis"))


class Tier(StrEnum):
    """How strongly a jail isolates, strongest first."""

    DOCKER = "docker"
    NAMESPACES = "namespaces"
    LANDLOCK = "landlock"
    RLIMITS = "rlimits"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use.  Each limit that is met ends the run with its own ``RunEnding``."""

    wall_s: float = 10.0
    cpu_s: int = 10
    memory_mb: int = 512
    processes: int = 32
    open_files: int = 64
    file_mb: int = 16
    output_kb: int = 256


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A program of ``fractal_rmo.jailed`` with its files, in a fresh folder.

    ``program`` names the entry, ``payload`` is its JSON argument, ``label``
    says in a few words what is being tried (shown as progress).  ``beside`` is
    a run in a jail of its own, at the other end of a socket between the two.
    """

    runtime: Runtime
    program: str
    files: Mapping[str, str]
    payload: JsonObject = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    label: str = ""
    beside: RunRequest | None = None


class RunEnding(StrEnum):
    """Every way a run can end.  Only COMPLETED carries a value."""

    COMPLETED = "completed"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    TOO_MUCH_OUTPUT = "too_much_output"
    CRASHED = "crashed"
    """Ended by a signal, an exit or a forged or missing result."""
    UNAVAILABLE = "unavailable"
    """The jail itself failed: nobody's verdict, always ERROR."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came back over the trusted channel.

    ``value`` is the program's JSON answer, ``output`` the captured text
    (control characters escaped, capped), ``detail`` one sentence on how it
    ended, with the figure of the limit that was met.
    """

    ending: RunEnding
    value: Json = None
    output: str = ""
    detail: str = ""
    duration_s: float = 0.0
    tier: Tier = Tier.RLIMITS
    beside: RunResult | None = None
    """How the run beside it ended."""


class RunCancelledError(Exception):
    """Whoever asked for the run does not want its answer any more."""


Runner: TypeAlias = Callable[[RunRequest], RunResult]

_Answer = TypeVar("_Answer")
Dialogue: TypeAlias = Generator[RunRequest, RunResult, _Answer]
"""A pure generator that thinks between runs and returns its answer."""
