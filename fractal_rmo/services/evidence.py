"""What speaks against a plausible patch: taken from its weight, whatever its edits are.

A patch that gives no value where the code as it is did, or contradicts an example in the
description; one that changes more answers than others do (the code as it is is nearly right:
DeMillo, Lipton and Sayward, "Hints on Test Data Selection", Computer 1978); one that goes wrong
where the safest one answers, and one that brings in what right programs seldom hold.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Sequence

from fractal_rmo.analysis.logic import analyze
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.source import parse
from fractal_rmo.repair.oddities import new_oddities
from fractal_rmo.repair.problem import RepairProblem
from fractal_rmo.services.examples import Example
from fractal_rmo.validation.generated.answers import Answer, agree

_NO_END = ("gone", "late")
_CONTRADICTED = 0.01
"""What is left of a patch's weight for an example of the description that it does not give.

Little, but not nothing: descriptions are wrong at times.  What is usual among faults, which is
the rest of the weight, differs by a factor of ten and more between two plausible patches.
"""

ACCIDENTS = (
    "AttributeError",
    "IndexError",
    "KeyError",
    "NameError",
    "RecursionError",
    "TypeError",
    "UnboundLocalError",
    "ZeroDivisionError",
)
"""Errors by which Python says that a program is wrong; in scenes they stand among the values."""
ACCIDENTAL = 0.67
"""What a patch's weight loses if it meets such an error wherever it differs from the safest one.

Inputs near those of the tests are mostly allowed, and a right program bears those."""
_REPORTED = frozenset({"self-assignment", "self-comparison", "unreachable", "unused-variable"})
ODD = 0.15
"""What is left of a patch's weight for each oddity that it brings in.

Two of 272 right programs of benchmarks hold any."""


def trust(
    problem: RepairProblem,
    patches: Sequence[tuple[SourceTree, Sequence[Answer]]],
    before: Sequence[Answer],
    examples: Sequence[Example],
) -> list[float]:
    """For each patch, in 0..1, what is left of its weight.

    All of them, and the code as it is ``before``, answer the same calls; the first of these are
    those of the ``examples``.
    """
    meant = named(problem)
    accidents = [_accidents(answers, meant) for _, answers in patches]
    safe, (_, safest) = min(zip(accidents, patches, strict=True), key=lambda pair: len(pair[0]))
    return [
        ODD ** (new_oddities(problem.code, tree) + _reported(problem, tree))
        * (1.0 - ACCIDENTAL * _hurt(own, answers, safe, safest))
        * _kept(answers, before, examples)
        for own, (tree, answers) in zip(accidents, patches, strict=True)
    ]


def _reported(problem: RepairProblem, tree: SourceTree) -> int:
    """How many more findings of such a kind the analyzer of logic has than before."""
    after, before = (
        Counter(f.rule for f in analyze(one, problem.tests).findings if f.rule in _REPORTED)
        for one in (tree, problem.code)
    )
    return (after - before).total()


def alike(one: Answer, other: Answer) -> bool:
    """As ``agree`` says, but where only one of the two ends the process."""
    gone = (one.state == "gone", other.state == "gone")
    return agree(one, other) if any(gone) == all(gone) else not (one.ended or other.ended)


def named(problem: RepairProblem) -> frozenset[str]:
    """The names that code and tests use: an error among them is meant."""
    parsed = [
        parse(text) for each in (problem.code, problem.tests) for _, text in each.python_files()
    ]
    nodes = [node for tree in parsed if tree is not None for node in ast.walk(tree)]
    return frozenset(node.id for node in nodes if isinstance(node, ast.Name))


def _accidents(answers: Sequence[Answer], meant: Collection[str]) -> frozenset[int]:
    """The calls in which something went wrong that neither code nor tests speak of."""
    errors = [error for error in ACCIDENTS if error not in meant]
    return frozenset(
        number
        for number, answer in enumerate(answers)
        if answer.error in errors or any(f"'{error}'" in answer.text for error in errors)
    )


def _hurt(
    own: Collection[int], answers: Sequence[Answer], safe: Collection[int], safest: Sequence[Answer]
) -> float:
    """In 0..1: of the calls on which a patch differs from the safest, those where it goes wrong."""
    pairs = enumerate(zip(answers, safest, strict=True))
    apart = {number for number, (a, b) in pairs if not alike(a, b)}
    return len(apart.intersection(own).difference(safe)) / max(1, len(apart))


def _kept(
    answers: Sequence[Answer], before: Sequence[Answer], examples: Sequence[Example]
) -> float:
    """In 0..1: what speaks against a patch lowers it."""
    kept_weight = 1.0
    for example, answer in zip(examples, answers, strict=False):
        kept_weight *= 1.0 if example.allows(answer) else _CONTRADICTED
    pairs = zip(answers, before, strict=True)
    known = [(a, b) for a, b in pairs if b.state == "value" and (a.ended or a.state in _NO_END)]
    if not known:
        return kept_weight
    lost = sum(a.state != "value" for a, _ in known) / len(known)
    kept = sum(a.ended and agree(a, b) for a, b in known) / len(known)
    return kept_weight * (1.0 - lost) ** 2 * (0.5 + 0.5 * kept)
