"""What a repair is asked, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from fractal_rmo.domain.experience import NOTHING, Experience
from fractal_rmo.domain.priors import Priors
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.repair.shipped import SHIPPED_PRIORS
from fractal_rmo.repair.trail import BEGINNING, Trail
from fractal_rmo.repair.wording import NO_WORDS, Wording, wording

SHOWN_TESTS = 4
"""Tests that are named in a sentence, at most."""


class Part(StrEnum):
    """A part of the engine that can be left out, to measure what it brings."""

    LOCALISATION = "localisation"
    """Every line is as suspicious as any other."""
    PRIORS = "priors"
    """Every kind of edit is as likely as any other."""
    PAIRS = "pairs"
    """There are no patches of several edits."""
    VALUES = "values"
    """Whether a wrong value comes nearer to the right one is not looked at."""
    PARTS = "parts"
    """Failing tests are not taken apart."""
    WORDS = "words"
    """What the task says in people's words makes no edit likelier."""
    SHARED_FORKS = "shared-forks"
    """Each candidate has a jail of its own."""
    CHOICE = "choice"
    """Plausible patches stay in the order of their scores."""


@dataclass(frozen=True)
class RepairProblem:
    """Code whose tests fail.

    ``excluded`` holds the ``SourceTree.sha256`` of candidates that a
    validation rejected, ``position`` the number of candidates of the
    enumeration already judged, and ``trail`` what they left: the search goes on
    behind them.  The ``description`` is what the code is to do, in people's words.
    """

    code: SourceTree
    tests: SourceTree
    excluded: frozenset[str] = frozenset()
    position: int = 0
    trail: Trail = BEGINNING
    without: frozenset[Part] = frozenset()
    priors: Priors = SHIPPED_PRIORS
    description: str = ""

    @cached_property
    def wording(self) -> Wording:
        """What the words of the task ask for."""
        return NO_WORDS if Part.WORDS in self.without else wording(self.description, self.code)


class RepairStatus(StrEnum):
    """How a search ended."""

    REPAIRED = "repaired"
    UNDECIDED = "undecided"
    """Patches that do different things pass, and none of them is likely enough to be right."""
    ALREADY_PASSES = "already_passes"
    EXHAUSTED = "exhausted"
    """Every candidate, or as many as allowed, was tried in vain."""
    PAUSED = "paused"
    CANNOT_JUDGE = "cannot_judge"
    """Nothing could be said about the candidates; the note says why."""
    UNAVAILABLE = "unavailable"
    """No jail could be started, which says nothing about the code."""


class Made(NamedTuple):
    """One edit of a patch: what kind, where (1-based line), and what stands there now."""

    path: str
    operator: str
    line: int
    text: str


@dataclass(frozen=True)
class Candidate:
    """A plausible patch: the edited tree, its edits in the order of their making, and in words.

    ``merit`` in 0..1 is the score by which patches are ranked before their
    behaviour is compared, ``experience`` what this call
    had tried when it came to this one.
    """

    tree: SourceTree
    made: tuple[Made, ...]
    description: str
    merit: float = 0.0
    experience: Experience = NOTHING


@dataclass(frozen=True)
class Alternative:
    """A plausible patch that behaves otherwise than the first.

    ``share`` in 0..1 is its behaviour's part of the weight of all, ``sure`` how likely it is right,
    ``call`` an input that tells the two apart, ``ours``, ``theirs`` and ``before`` what the first,
    this one and the code as it is do there, in words.
    """

    description: str
    tree: SourceTree
    share: float
    sure: float
    call: str
    ours: str
    theirs: str
    before: str


@dataclass(frozen=True)
class Partial:
    """The best that was found where nothing passes all tests: a help for people, no repair.

    ``won`` are tests that failed before and pass with it, ``failing`` those that still fail;
    none that passed before is among them.
    """

    tree: SourceTree
    description: str
    edits: int
    won: tuple[str, ...]
    failing: tuple[str, ...]

    def says(self) -> str:
        """In two sentences."""
        left = ", ".join(self.failing[:SHOWN_TESTS])
        more = f" and {len(self.failing) - SHOWN_TESTS} more" * (len(self.failing) > SHOWN_TESTS)
        count = f"{len(self.won)} of {len(self.won) + len(self.failing)} failing tests"
        return (
            f"The best that was found makes {count} pass and is not proven: {self.description}. "
            f"Still failing: {left}{more}."
        )


@dataclass(frozen=True)
class RepairOutcome:
    """What a search came to.

    ``candidates`` pass all given tests, best first.  ``tried`` counts the
    candidates judged in this call, ``position`` and ``trail`` where the next
    call goes on, ``note`` says in a sentence why there is no candidate.
    ``experience`` is of the whole call, ``protocol`` names the priors.
    ``sure`` in 0..1 is how likely the first candidate is right: how often such patches
    were, times its behaviour's part in the weight of all that were found; ``alternatives`` are
    other behaviours, unless nothing could be ``compared``, and ``worse`` tells of a call that goes
    wrong with it and did not before.
    ``partly`` is the best way where there is no candidate.
    """

    status: RepairStatus
    candidates: tuple[Candidate, ...] = ()
    tried: int = 0
    position: int = 0
    note: str = ""
    trail: Trail = BEGINNING
    sure: float = 1.0
    alternatives: tuple[Alternative, ...] = ()
    compared: bool = True
    worse: str = ""
    experience: Experience = NOTHING
    protocol: str = str(SHIPPED_PRIORS)
    partly: Partial | None = None

    @property
    def offered(self) -> tuple[Candidate, ...]:
        """The candidates that may be the result: none where a person has to decide.

        Whether one of several edits is sure enough is known of the first alone.
        """
        if self.status is RepairStatus.UNDECIDED:
            return ()
        others = (each for each in self.candidates[1:] if len(each.made) < 2)
        return (*self.candidates[:1], *others)

    def telling(self, words: str) -> str:
        """``words``, and which tests were left out of the search."""
        if not self.trail.flaky:
            return words
        flaky = ", ".join(self.trail.flaky)
        aside = f"Left out, since they both passed and failed on the same code: {flaky}."
        return f"{words.rstrip('.')}. {aside}"
