"""Spectrum-based fault localisation.

A line executed by failing tests and by few passing ones is suspicious.  The
measure is Ochiai's coefficient, shown to be the best of its kind for programs
by Abreu, Zoeteweij and van Gemund, "An Evaluation of Similarity Coefficients
for Software Fault Localization", PRDC 2006.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from math import sqrt

from fractal_rmo.editing.judging import Place
from fractal_rmo.editing.source import ParsedFile

UNSEEN = 0.1
"""Suspicion of code that runs at import, before any test is traced."""
USED = 0.5
"""Suspicion of a constant, as a part of that of the line that uses it."""
UNIFORM = 0.5
"""Suspicion of every line when no trace could be had."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Suspicion in 0..1 by place; ``known`` is false when there was no trace at all."""

    lines: Mapping[Place, float] = field(default_factory=dict)
    known: bool = True

    def of(self, file: ParsedFile, node: ast.AST) -> float:
        """The suspicion of a node: the highest among the lines of its statement's head."""
        if not self.known:
            return UNIFORM
        statement = file.statement(node)
        if statement is None:
            return 0.0
        seen = max(
            (self.lines.get((file.path, n), 0.0) for n in head_lines(statement)), default=0.0
        )
        if seen == 0.0 and file.function(statement) is None:
            return max(UNSEEN, USED * self._of_use(file, statement))
        return seen

    def _of_use(self, file: ParsedFile, statement: ast.stmt) -> float:
        """That of the likeliest line that uses what a module or a class assigns."""
        if not isinstance(statement, ast.Assign | ast.AnnAssign):
            return 0.0
        bound = {n.id for n in ast.walk(statement) if _is_stored(n)}  # type: ignore[attr-defined]
        return max((self.lines.get((file.path, n), 0.0) for n in file.uses(bound)), default=0.0)


def _is_stored(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def head_lines(statement: ast.stmt) -> range:
    """Lines of a statement without those of the statements inside it."""
    first = statement.lineno
    body = getattr(statement, "body", None)
    if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
        return range(first, max(first + 1, body[0].lineno))
    return range(first, (statement.end_lineno or first) + 1)


def localise(
    executed: Mapping[str, Mapping[str, Collection[int]]],
    failing: Collection[str],
    tracebacks: Iterable[Place] = (),
) -> Suspicion:
    """Rank places by a traced run.

    ``executed`` maps test id to path to executed lines, ``failing`` names the
    failing tests, ``tracebacks`` are the places where errors were raised: each
    moves halfway to certainty.  Without any executed line nothing is known.
    """
    in_failing: Counter[Place] = Counter()
    in_passing: Counter[Place] = Counter()
    for test, files in executed.items():
        places = {(path, line) for path, lines in files.items() for line in lines}
        (in_failing if test in failing else in_passing).update(places)
    lines = {
        place: ochiai(count, in_passing[place], len(failing)) for place, count in in_failing.items()
    }
    for place in set(tracebacks):
        lines[place] = (1.0 + lines.get(place, 0.0)) / 2
    return Suspicion(lines, known=bool(in_failing))


def ochiai(failed: int, passed: int, all_failed: int) -> float:
    """Ochiai's coefficient of a line that ``failed`` failing and ``passed`` passing tests execute.

    In 0..1; 0 when no failing test executes it.
    """
    if failed == 0:
        return 0.0
    return min(1.0, failed / sqrt(all_failed * (failed + passed)))
