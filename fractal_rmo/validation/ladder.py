"""The ladder: levels in order, cheapest first, up to the first that stops the climb."""

from __future__ import annotations

from collections.abc import Callable

from fractal_rmo.domain.run import Dialogue
from fractal_rmo.domain.verdict import Level, Verdict
from fractal_rmo.validation.integration.level import integration_level
from fractal_rmo.validation.mutation.level import mutation_level
from fractal_rmo.validation.property.level import property_level
from fractal_rmo.validation.stated.level import with_stated
from fractal_rmo.validation.static import static_level
from fractal_rmo.validation.subject import Subject
from fractal_rmo.validation.syntax import syntax_level
from fractal_rmo.validation.unit.level import unit_level


def _properties(subject: Subject) -> Dialogue[Verdict]:
    """Level 5: what it knows by itself, then what was stated."""
    judged = yield from property_level(subject)
    return (yield from with_stated(judged, subject))


LADDER: tuple[tuple[Level, Callable[[Subject], Dialogue[Verdict]]], ...] = (
    (Level.SYNTAX, syntax_level),
    (Level.STATIC, static_level),
    (Level.UNIT, unit_level),
    (Level.INTEGRATION, integration_level),
    (Level.PROPERTY, _properties),
    (Level.MUTATION, mutation_level),
)
"""The order of proof; each level may take for granted what those before it have shown."""


def climb(subject: Subject, upto: Level) -> Dialogue[tuple[Verdict, ...]]:
    """Prove ``subject`` level by level, up to ``upto`` or to the first verdict that stops.

    A pass and a reasoned "not applicable" lead on to the next level; a failure, a
    flaky result and what could not be judged end the climb.  Yields what is to be
    run and answers with the verdicts so far.
    """
    verdicts: list[Verdict] = []
    for level, check in LADDER:
        if level > upto or any(verdict.stops for verdict in verdicts):
            break
        verdicts.append((yield from check(subject)))
    return tuple(verdicts)
