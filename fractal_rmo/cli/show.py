"""How results look in a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fractal_rmo.domain.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from fractal_rmo.domain.jsonvalue import JsonObject
    from fractal_rmo.services.solve import Solution

_SHARED = " (tests and code shared a process)"
_COLOURS = {Outcome.PASSED: "green", Outcome.FAILED: "red", Outcome.ERROR: "red"}


def print_solution(solution: Solution, seconds: float) -> None:
    """The diff, the table of levels and one sentence."""
    from rich.console import Console

    console = Console(soft_wrap=True)
    print_diff(solution.diff, console)
    console.print(levels_table(solution.verdicts))
    if solution.explanation:
        console.print(safe(solution.explanation), markup=False, highlight=False)
    console.print(_closing(solution, seconds), markup=False, highlight=False)


def print_diff(diff: str, console: Console) -> None:
    """In colours on a terminal, else byte for byte, so that it can be piped to git."""
    if not diff:
        return
    if console.is_terminal:
        from rich.syntax import Syntax

        console.print(Syntax(safe(diff), "diff", background_color="default"))
    else:
        console.file.write(diff)


def safe(text: str) -> str:
    """The text without control characters, which a terminal would obey."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)


def levels_table(verdicts: Sequence[Verdict]) -> Table:
    """One row a level."""
    from rich.markup import escape
    from rich.table import Table

    table = Table("level", "outcome", "time", "what was seen")
    for verdict in verdicts:
        colour = _COLOURS.get(verdict.outcome, "yellow")
        table.add_row(
            f"{verdict.level} {verdict.level.name.lower()}",
            f"[{colour}]{verdict.outcome}[/{colour}]",
            f"{verdict.duration_s:.2f} s",
            escape(safe(verdict.summary + (_SHARED if verdict.shared_process else ""))),
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
    from fractal_rmo.services.documents import verdict_document

    return {
        "proven": solution.proven,
        "proven_level": solution.proven_level,
        "explanation": solution.explanation,
        "candidates_tried": solution.tried,
        "diff": solution.diff,
        "files": dict(solution.result.files),
        "verdicts": [verdict_document(verdict) for verdict in solution.verdicts],
    }
