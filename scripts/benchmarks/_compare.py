"""Our ending of each mutant beside mutmut's, and why they differ where they do.

What explains a difference is looked up, not supposed: plain pytest judges the
file with the mutant written into it, in a process of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scripts.benchmarks._mutmut import Mutated

ALIKE = {"killed": "killed", "survived": "survived", "timed_out": "timeout"}
"""mutmut's word for each of our endings; ``crashed`` has none."""


@dataclass(frozen=True)
class Ours:
    """A mutant of ours with its ending; ``shape`` as ``_mutmut.shape``, ``diff`` for a person."""

    path: str
    function: str
    shape: str
    ending: str
    detail: str
    diff: str
    text: str
    """The whole file with the mutant in it."""


@dataclass(frozen=True)
class Pair:
    """The same mutant in both; None where one of the two did not make it."""

    ours: Ours | None
    theirs: Mutated | None

    @property
    def agrees(self) -> bool:
        """Whether both made it and end it alike."""
        if self.ours is None or self.theirs is None:
            return False
        return ALIKE.get(self.ours.ending) == self.theirs.ending


def paired(ours: Sequence[Ours], theirs: Sequence[Mutated]) -> list[Pair]:
    """Mutants that change the same function into the same, those of one shape in their order."""
    waiting: defaultdict[tuple[str, str, str], list[Mutated]] = defaultdict(list)
    for other in theirs:
        waiting[other.path, other.function, other.shape].append(other)
    pairs = []
    for mutant in ours:
        same = waiting[mutant.path, mutant.function, mutant.shape]
        pairs.append(Pair(mutant, same.pop(0) if same else None))
    return pairs + [Pair(None, other) for rest in waiting.values() for other in rest]


def disagreements(
    pairs: Sequence[Pair], plain: Callable[[Ours], str], *, sampled: bool
) -> list[dict[str, str]]:
    """Each difference with its explanation, "" where there is none.

    ``plain`` says how plain pytest ends on the mutant's file: "passed", "failed", "timed out".
    What only mutmut made is no difference where ours were ``sampled``.
    """
    found = []
    for pair in pairs:
        if pair.agrees or (sampled and pair.ours is None):
            continue
        ours, theirs = pair.ours, pair.theirs
        alone = plain(ours) if ours else ""
        found.append(
            {
                "mutant": ours.diff
                if ours
                else f"{theirs.function}: {theirs.shape[-80:]}"
                if theirs
                else "",
                "function": ours.function if ours else theirs.function if theirs else "",
                "ours": ours.ending if ours else "not made",
                "mutmut": theirs.ending if theirs else "not made",
                "plain_pytest": alone,
                "explanation": explain(pair, alone),
            }
        )
    return found


def explain(pair: Pair, plain: str) -> str:
    """Why the endings differ, from what is known of both and of plain pytest; "" when unknown."""
    ours, theirs = pair.ours, pair.theirs
    if ours is None:
        return "Ours has no such mutant: what does not compile or is a text nobody reads is none."
    if theirs is None:
        return "mutmut made no such mutant of this function."
    if theirs.ending == "no tests":
        return _unreached(ours, plain)
    return _differing(ours, theirs, plain)


def _unreached(ours: Ours, plain: str) -> str:
    if ours.ending == "survived" and plain == "passed":
        return "The same: no test calls the function; mutmut calls that 'no tests' and runs none."
    if ours.ending == "killed" and plain == "failed":
        return (
            "mutmut saw no test call the function and ran none; they reach it in another way,"
            " and plain pytest fails on the mutant."
        )
    return ""


def _differing(ours: Ours, theirs: Mutated, plain: str) -> str:
    confirmed = {"killed": "failed", "survived": "passed", "timed_out": "timed out"}
    if ours.ending == "crashed":
        return (
            f"The tests' process ended without pytest's word ({ours.detail or 'no detail'});"
            f" mutmut reads its exit code {theirs.exit_code} as '{theirs.ending}'."
        )
    if confirmed.get(ours.ending) != plain:
        return ""
    if theirs.ending == "timeout":
        return f"mutmut's time ran out before its tests ended; plain pytest {plain}, as ours."
    return (
        f"mutmut's exit code {theirs.exit_code} is '{theirs.ending}'; plain pytest {plain} on"
        " the file with the mutant, as ours."
    )
