"""How results look in a terminal and as JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fractal_rmo.domain.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from fractal_rmo.domain.jsonvalue import JsonObject
    from fractal_rmo.services.solve import Solution

_COLOURS = {Outcome.PASSED: "green", Outcome.FAILED: "red", Outcome.ERROR: "red"}


def print_solution(solution: Solution, seconds: float) -> None:
    """The diff, the table of levels and one sentence."""
    from rich.console import Console
    from rich.syntax import Syntax

    console = Console(soft_wrap=True)
    if solution.diff:
        if console.is_terminal:
            console.print(Syntax(solution.diff, "diff", background_color="default"))
        else:
            sys.stdout.write(solution.diff)
    console.print(_table(solution.verdicts))
    if solution.explanation:
        console.print(solution.explanation, markup=False, highlight=False)
    console.print(_closing(solution, seconds), markup=False, highlight=False)


def _table(verdicts: Sequence[Verdict]) -> object:
    from rich.markup import escape
    from rich.table import Table

    table = Table("level", "outcome", "time", "what was seen")
    for verdict in verdicts:
        colour = _COLOURS.get(verdict.outcome, "yellow")
        table.add_row(
            f"{verdict.level} {verdict.level.name.lower()}",
            f"[{colour}]{verdict.outcome}[/{colour}]",
            f"{verdict.duration_s:.2f} s",
            escape(verdict.summary),
        )
    return table


def _closing(solution: Solution, seconds: float) -> str:
    tiers = ", ".join(sorted({verdict.tier for verdict in solution.verdicts if verdict.tier}))
    effort = f"{solution.tried} candidates tried, {seconds:.1f} s, sandbox: {tiers or 'not needed'}"
    if solution.proven:
        return f"proven to level {solution.proven_level} ({effort})"
    return f"NOT proven; the levels passed end at {solution.proven_level} ({effort})"


def to_document(solution: Solution) -> JsonObject:
    """The solution as JSON."""
    return {
        "proven": solution.proven,
        "proven_level": solution.proven_level,
        "explanation": solution.explanation,
        "candidates_tried": solution.tried,
        "diff": solution.diff,
        "files": dict(solution.result.files),
        "verdicts": [
            {
                "level": int(verdict.level),
                "outcome": verdict.outcome.value,
                "summary": verdict.summary,
                "evidence": verdict.evidence,
                "duration_s": round(verdict.duration_s, 4),
                "tier": verdict.tier,
                "shared_process": verdict.shared_process,
            }
            for verdict in solution.verdicts
        ],
    }
