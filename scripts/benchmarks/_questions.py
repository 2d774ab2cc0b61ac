"""The questions that level 6 asks of a candidate, and which of them a reference answers otherwise.

Each question comes with the assertion that holds of the candidate.  It
separates the two where that assertion holds of the candidate indeed and fails
on the reference: whoever answers the question by what is right then says no.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import indent

from fractal_rmo.domain.run import Runner
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Verdict
from scripts.benchmarks._rows import quick_report

SHOWN = 5
"""So many questions count; more would be asked of nobody."""


def questions(verdict: Verdict) -> list[Mapping[str, str]]:
    """The gaps of a verdict of level 6 that are shown: ``assertion``, ``path``, ``function``."""
    gaps = verdict.evidence.get("gaps")
    shown = gaps[:SHOWN] if isinstance(gaps, list) else []
    names = ("assertion", "path", "function", "question")
    return [{name: str(gap[name]) for name in names} for gap in shown if isinstance(gap, dict)]


def as_tests(asked: Sequence[Mapping[str, str]]) -> SourceTree:
    """One test a question, ``test_gap_0`` and so on."""
    lines = ["import pytest"]
    for number, gap in enumerate(asked):
        module = gap["path"].removesuffix(".py").replace("/", ".")
        name = gap["function"].partition(".")[0]
        body = f"import {module}\nfrom {module} import {name}\n{gap['assertion']}"
        lines.append(f"\n\ndef test_gap_{number}():\n{indent(body, '    ')}")
    return SourceTree({"test_gaps.py": "\n".join(lines) + "\n"})


def separating(
    asked: Sequence[Mapping[str, str]], candidate: SourceTree, reference: SourceTree, run: Runner
) -> list[int]:
    """Numbers of the questions whose assertion holds of the candidate and fails on the reference.

    Raises ``LookupError`` when an assertion does not hold of the candidate itself, since then
    nothing is known of it.
    """
    if not asked:
        return []
    tests = as_tests(asked)
    own = _outcomes(candidate, tests, run)
    wrong = [n for n in range(len(asked)) if own.get(n) != "passed"]
    if wrong:
        raise LookupError(f"does not hold of the candidate: {asked[wrong[0]]['assertion']}")
    right = _outcomes(reference, tests, run)
    return [n for n in range(len(asked)) if right.get(n) == "failed"]


def _outcomes(code: SourceTree, tests: SourceTree, run: Runner) -> dict[int, str]:
    """How each test ended, by the number of its question."""
    report = quick_report(code, tests, run, "questions")
    outcomes = report.outcomes if report else {}
    return {int(name.rpartition("_")[2]): outcome for name, outcome in outcomes.items()}
