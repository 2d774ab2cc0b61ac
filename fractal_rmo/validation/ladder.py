"""The ladder: levels in order, up to the first that does not pass."""

from __future__ import annotations

from collections.abc import Callable

from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.run import Dialogue
from fractal_rmo.domain.verdict import Level, Verdict
from fractal_rmo.validation.mutation import mutation_level
from fractal_rmo.validation.static import static_level
from fractal_rmo.validation.subject import Subject
from fractal_rmo.validation.syntax import syntax_level
from fractal_rmo.validation.unit import unit_level

_CHECKS: dict[Level, Callable[[Subject], Dialogue[Verdict]]] = {
    Level.SYNTAX: syntax_level,
    Level.STATIC: static_level,
    Level.UNIT: unit_level,
    Level.MUTATION: mutation_level,
}
BUILT_LEVELS = tuple(_CHECKS)


def climb(subject: Subject, upto: Level) -> Dialogue[tuple[Verdict, ...]]:
    """Prove ``subject`` level by level, and stop at the first verdict that stops.

    Yields what is to be run and answers with the verdicts so far.  Raises
    ``InputError`` (LEVEL_NOT_BUILT) before anything runs when ``upto`` cannot
    be reached: a level is refused, never skipped.
    """
    refuse_unbuilt(upto)
    verdicts: list[Verdict] = []
    for level in BUILT_LEVELS:
        if level > upto:
            break
        verdicts.append((yield from _CHECKS[level](subject)))
        if verdicts[-1].stops:
            break
    return tuple(verdicts)


def refuse_unbuilt(upto: Level) -> None:
    """Raise ``InputError`` when some level up to ``upto`` is not built."""
    for number in range(1, upto + 1):
        if Level(number) not in _CHECKS:
            built = ", ".join(f"{level} ({level.name.lower()})" for level in BUILT_LEVELS)
            raise InputError(
                ErrorCode.LEVEL_NOT_BUILT,
                f"Level {number} ({Level(number).name.lower()}) is not built yet, but {built}.",
            )
