"""The ladder: levels in order, up to the first that does not pass."""

from __future__ import annotations

from collections.abc import Callable

from fractal_rmo.domain.run import Dialogue
from fractal_rmo.domain.verdict import Level, Verdict
from fractal_rmo.validation.integration.level import integration_level
from fractal_rmo.validation.mutation.level import mutation_level
from fractal_rmo.validation.property.level import property_level
from fractal_rmo.validation.static import static_level
from fractal_rmo.validation.subject import Subject
from fractal_rmo.validation.syntax import syntax_level
from fractal_rmo.validation.unit.level import unit_level

_CHECKS: dict[Level, Callable[[Subject], Dialogue[Verdict]]] = {
    Level.SYNTAX: syntax_level,
    Level.STATIC: static_level,
    Level.UNIT: unit_level,
    Level.INTEGRATION: integration_level,
    Level.PROPERTY: property_level,
    Level.MUTATION: mutation_level,
}


def climb(subject: Subject, upto: Level) -> Dialogue[tuple[Verdict, ...]]:
    """Prove ``subject`` level by level, and stop at the first verdict that stops.

    Yields what is to be run and answers with the verdicts so far.
    """
    verdicts: list[Verdict] = []
    for level in Level:
        if level > upto:
            break
        verdicts.append((yield from _CHECKS[level](subject)))
        if verdicts[-1].stops:
            break
    return tuple(verdicts)
