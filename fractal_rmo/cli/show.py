"""How results look in a terminal and as JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from fractal_rmo.domain.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from fractal_rmo.services.questions import Question
    from fractal_rmo.services.solve import Solution

_SHARED = " (tests and code shared a process)"
_COLOURS = {Outcome.PASSED: "green", Outcome.FAILED: "red", Outcome.ERROR: "red"}


def print_solution(solution: Solution, seconds: float) -> None:
    """The diff, the table of levels and one sentence."""
    from rich.console import Console

    from fractal_rmo.services.choice_told import choice_document
    from fractal_rmo.services.questions import questions

    console = Console(soft_wrap=True)
    print_diff(solution.diff, console)
    console.print(levels_table(solution.verdicts))
    if found := questions(solution.verdicts, solution.result):
        console.print(
            "open questions (validate --ask takes answers, or --accept-gaps with their ids):"
        )
        print_questions(found, sys.stdout)
    if solution.explanation:
        console.print(safe(solution.explanation), markup=False, highlight=False)
    if solution.choice:
        for line in choice_lines(choice_document(solution.choice, solution.submitted)):
            console.print(safe(line), markup=False, highlight=False)
    console.print(_closing(solution, seconds), markup=False, highlight=False)


def print_questions(found: Sequence[Question], file: TextIO) -> None:
    """What is left to a person, each with its id, wrapped to the width of the terminal."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(file=file)
    for question in found:
        place = f"{question.path}, line {question.line}" if question.line else question.path
        console.print(Text(safe(f"? {question.id}  {place}")))
        console.print(Padding(Text(safe(question.text)), (0, 0, 0, 2), expand=False))


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
            f"[{colour}]{verdict.outcome.replace('_', ' ')}[/{colour}]",
            f"{verdict.duration_s:.2f} s",
            escape(safe(verdict.summary + (_SHARED if verdict.shared_process else ""))),
        )
    return table


def choice_lines(choice: Mapping[str, Any]) -> Iterator[str]:
    """How sure a repair is, by its document, {} for none; what else passes, and how it differs."""
    if not choice:
        return
    sure, others = choice["sure"], choice["alternatives"]
    here = "here" if choice["decided"] else "with the first"
    if not choice["decided"]:
        yield "patches that pass all tests (--json has their diffs):"
        yield f"  {choice['says']} ({sure:.0%})"
    elif others:
        yield f"{sure:.0%} sure; the tests allow other patches too:"
    elif choice["compared"]:
        yield f"{sure:.0%} sure: no patch that does something else was found to pass."
    else:
        found = f"{choice['plausible']} found" if choice["plausible"] > 1 else "the only one found"
        yield f"{sure:.0%} sure: {found}, and nothing could be asked to compare patches."
    for other in others:
        yield f"  {other['says']} ({other['sure']:.0%})"
        yield f"    {other['call']} {other['instead']} there, and {other['chosen']} {here}"
    if choice["decided"] and choice["worse"]:
        yield f"careful: {choice['worse']}"


def _closing(solution: Solution, seconds: float) -> str:
    tiers = ", ".join(sorted({verdict.tier for verdict in solution.verdicts if verdict.tier}))
    effort = f"{solution.tried} candidates tried, {seconds:.1f} s, sandbox: {tiers or 'not needed'}"
    if solution.proven:
        return f"proven to level {solution.proven_level} ({effort})"
    return f"NOT proven; the levels passed end at {solution.proven_level} ({effort})"
