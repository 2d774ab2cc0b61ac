#!/usr/bin/env python3
"""Wrong verdicts: correct code that a level rejects, and wrong code that no level tells apart.

Correct code is ``code`` of each row with its ``tests``; all six levels judge it,
each by itself.  ``false_rejects`` counts FAILED at levels 1 to 5; other endings that are
no pass are in ``unjudged``.

Wrong code is a mutant of it (mutmut's operators) that passes ``tests`` and fails
``hidden_tests``, at most ``--each`` a row, drawn by a fixed seed.  Few rows have such mutants
and some have many, so ``spread`` counts the first two of each row alone.  It is ``caught``
when level 5 fails it with a counter-example, or when one of the at most five questions that
level 6 asks has another answer in the reference: its assertion, which holds of the candidate,
fails there.  Both levels see the wrong code and the visible tests only.  What is missed is
looked at once more with the reference in hand (``missed_why``): does any input that level 5
makes tell the two apart?
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

# pylint: disable=wrong-import-position
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from fractal_rmo.bootstrap.jails import sandbox
from fractal_rmo.domain.run import Dialogue, Runner
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.services.drive import drive
from fractal_rmo.validation.integration.level import integration_level
from fractal_rmo.validation.mutation.level import mutation_level
from fractal_rmo.validation.property.level import property_level
from fractal_rmo.validation.static import static_level
from fractal_rmo.validation.subject import Subject
from fractal_rmo.validation.syntax import syntax_level
from fractal_rmo.validation.unit.level import unit_level
from scripts.benchmarks._questions import questions, separating
from scripts.benchmarks._rows import (
    Row,
    add_options,
    code_of,
    counted,
    given_tests,
    numbered,
    passes,
    quick_report,
    read_rows,
)
from scripts.benchmarks._wrong import Wrong, wrong_code

LEVELS: Mapping[Level, Callable[[Subject], Dialogue[Verdict]]] = {
    Level.SYNTAX: syntax_level,
    Level.STATIC: static_level,
    Level.UNIT: unit_level,
    Level.INTEGRATION: integration_level,
    Level.PROPERTY: property_level,
    Level.MUTATION: mutation_level,
}
_SHOWN_MISSES = 200
_SPREAD = 2


def arguments(argv: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="scripts/bench accuracy", description=__doc__)
    add_options(parser)
    parser.add_argument("--each", type=int, default=12, help="wrong candidates a row, at most")
    return parser.parse_args(argv)


@dataclass
class Score:
    """What was seen so far; lists hold ids of rows with a few words."""

    correct: int = 0
    rows_with_wrong: int = 0
    rejects: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unjudged: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    not_applicable: Counter[str] = field(default_factory=Counter)
    level6: Counter[str] = field(default_factory=Counter)
    shared_process: list[str] = field(default_factory=list)
    hidden_reject: list[str] = field(default_factory=list)
    ways: list[tuple[int, str]] = field(default_factory=list)
    """Of each wrong candidate its number in its row, and how it was caught, "" for missed."""
    missed: list[dict[str, str]] = field(default_factory=list)
    unusable: list[str] = field(default_factory=list)

    def take_correct(self, row: Row, verdict: Verdict) -> None:
        """Count what one level says of correct code."""
        level, said = str(int(verdict.level)), f"{row['id']}: {verdict.summary[:200]}"
        if verdict.level is Level.MUTATION:
            self.level6[verdict.outcome.value] += 1
        elif verdict.outcome is Outcome.FAILED:
            self.rejects[level].append(said)
        elif verdict.outcome is Outcome.NOT_APPLICABLE:
            self.not_applicable[level] += 1
        elif verdict.outcome is not Outcome.PASSED:
            self.unjudged[level].append(f"{verdict.outcome}: {said}")
        if verdict.level is Level.UNIT and verdict.shared_process:
            self.shared_process.append(row["id"])

    def value(self) -> dict[str, object]:
        """The figures as they are printed."""
        caught = [way for _, way in self.ways if way]
        first = [way for number, way in self.ways if number < _SPREAD]
        numbers = [str(int(level)) for level in LEVELS if level is not Level.MUTATION]
        return {
            "correct": self.correct,
            "false_rejects": {number: len(self.rejects[number]) for number in numbers},
            "wrong": len(self.ways),
            "caught": len(caught),
            "caught_share": round(len(caught) / len(self.ways), 3) if self.ways else None,
            "level6_correct_passed": self.level6["passed"],
            "shared_process": len(self.shared_process),
            "caught_how": dict(Counter(caught)),
            "spread": {"each": _SPREAD, "wrong": len(first), "caught": sum(map(bool, first))},
            "missed_why": dict(Counter(miss["why"] for miss in self.missed)),
            "level6_correct": dict(self.level6),
            "not_applicable": dict(self.not_applicable),
            "unjudged": {level: said for level, said in self.unjudged.items() if said},
            "rejected": {level: said for level, said in self.rejects.items() if said},
            "rows_with_wrong": self.rows_with_wrong,
            "references_failing_hidden_tests": self.hidden_reject,
            "questions_that_do_not_hold": self.unusable,
            "missed": self.missed[:_SHOWN_MISSES],
        }


def judge_correct(row: Row, run: Runner, score: Score) -> str:
    """All six levels on the row's own code; returns a word on it."""
    subject = Subject(code_of(row), given_tests(row))
    score.correct += 1
    words = []
    for level, check in LEVELS.items():
        verdict = drive(check(subject), run)
        score.take_correct(row, verdict)
        if verdict.outcome is not Outcome.PASSED:
            words.append(f"level {int(level)} {verdict.outcome}")
    return ", ".join(words) or "passed all"


def judge_wrong(wrong: Wrong, number: int, run: Runner, score: Score) -> str:
    """Levels 5 and 6 on the wrong candidate ``number`` of its row; returns a word on it."""
    subject = Subject(wrong.code, given_tests(wrong.row))
    by_property = drive(property_level(subject), run)
    by_mutation = drive(mutation_level(subject), run)
    asked = questions(by_mutation)
    try:
        told = separating(asked, wrong.code, code_of(wrong.row), run)
    except LookupError as error:
        score.unusable.append(f"{wrong.row['id']}: {error}")
        told = []
    ways = ["counter-example"] if by_property.outcome is Outcome.FAILED else []
    ways += ["question"] if told else []
    how = " and ".join(ways)
    score.ways.append((number, how))
    if how:
        return f"caught by {how}"
    why = _why_missed(subject, wrong, len(asked), by_mutation, run)
    score.missed.append({"id": wrong.row["id"], "diff": wrong.diff, **why})
    return f"missed: {why['why']}"


def _why_missed(
    subject: Subject, wrong: Wrong, asked: int, by_mutation: Verdict, run: Runner
) -> dict[str, str]:
    """In which of the steps to a separating question the candidate was lost."""
    against = replace(subject, original=code_of(wrong.row), same_behaviour=True)
    differential = drive(property_level(against), run)
    reached = differential.evidence["counter_examples"]
    first = reached[0] if isinstance(reached, list) and reached else None
    found, example = "no input of level 5 would", ""
    if isinstance(first, dict) and isinstance(answers := first["answers"], list):
        raises = str(answers[-1]).startswith("raises")
        found = f"an input of level 5 would ({'it raises' if raises else 'it answers otherwise'})"
        example = differential.summary
    shown = "questions asked, none separates" if asked else f"no question ({by_mutation.outcome})"
    gaps = counted(by_mutation, "test_gaps")
    return {"why": f"{shown}; {found}", "example": example[:400], "asked": f"{asked} of {gaps}"}


def judge_row(row: Row, each: int, run: Runner, score: Score) -> str:
    """The correct code and the wrong code of one row; returns a word on it."""
    words = [judge_correct(row, run, score)]
    if not passes(
        quick_report(code_of(row), given_tests(row, "hidden_tests"), run, "hidden tests")
    ):
        score.hidden_reject.append(row["id"])
        return words[0]
    candidates = wrong_code(row, run, each)
    score.rows_with_wrong += bool(candidates)
    words += [judge_wrong(wrong, n, run, score) for n, wrong in enumerate(candidates)]
    return "; ".join(words)


def measure(chosen: argparse.Namespace) -> Score:
    """All rows, one after the other, as long as the budget lasts."""
    score, taken = Score(), read_rows(chosen.data, chosen.limit, chosen.seed)
    ends = time.monotonic() + chosen.budget
    with sandbox() as jail:
        for number, row in numbered(taken, ends):
            with jail.session() as run:
                said = judge_row(row, chosen.each, run, score)
            print(f"{number}/{len(taken)} {row['id']}: {said}", file=sys.stderr, flush=True)
    return score


def main(argv: list[str]) -> int:
    """Run the benchmark; the last line of the output is its result."""
    print(json.dumps(measure(arguments(argv)).value()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
