"""The deterministic enumeration of candidates: one edit more from each of several starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from fractal_rmo.domain.priors import Symptom
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.judging import TestReport
from fractal_rmo.editing.source import ParsedFile, normal_form
from fractal_rmo.repair.candidates import (
    FURTHER_STATEMENTS,
    STATEMENTS,
    Proposal,
    Weigh,
    equally,
    parse_files,
    rank,
    weighing,
)
from fractal_rmo.repair.localise import Suspicion, localise
from fractal_rmo.repair.problem import Part, RepairProblem
from fractal_rmo.repair.ways import Way

Mark = frozenset[tuple[str, bytes | None]]
"""The normal forms of the files in which a program differs from the code as it is."""

KNOWN = 5.0
"""How much likelier an edit is that came nearer by itself: faults that are apart add up."""


@dataclass(frozen=True)
class Start:
    """Edits that were made, the program they make, and the edits that may follow."""

    way: Way
    tree: SourceTree
    proposals: Sequence[Proposal]


def begun(
    problem: RepairProblem, way: Way, tree: SourceTree, report: TestReport, symptom: Symptom
) -> Start | None:
    """The edits that may follow a way, by what a traced run blames; None where none can."""
    files, broken = parse_files(tree)
    if broken:
        return None
    suspicion = localise(report.executed, report.failing, report.raised)
    if Part.LOCALISATION in problem.without:
        suspicion = Suspicion(known=False)
    weigh = weigh_for(problem, symptom)
    most = FURTHER_STATEMENTS if way.steps else STATEMENTS
    return Start(way, tree, rank(files, problem.tests, suspicion, weigh, most))


def weigh_for(problem: RepairProblem, symptom: Symptom) -> Weigh:
    """The priors of a problem."""
    return equally if Part.PRIORS in problem.without else weighing(problem.priors, symptom)


def enumerated(
    code: SourceTree, files: Sequence[ParsedFile], starts: Sequence[Start], singles: int = 0
) -> Iterator[tuple[Way, SourceTree]]:
    """The programs that compile and are new, the likeliest first.

    Two texts of one normal form are one program, and so are the code as it is
    and the starts.  The order depends on nothing but the arguments, so that a
    search may resume at a position in it.  The first ``singles`` programs of the start
    without edits are left out: they were tried.
    """
    plain = {file.path: normal_form(file.text) for file in files}
    seen: set[Mark] = {frozenset()}
    untouched = [start for start in starts if not start.way.steps]
    for _ in islice(_new(untouched, code, plain, seen), singles):
        pass  # what was tried is seen
    seen.update(_mark(_forms(start, code), plain) for start in starts)
    yield from _new(starts, code, plain, seen)


def _new(
    starts: Sequence[Start], code: SourceTree, plain: Mapping[str, bytes | None], seen: set[Mark]
) -> Iterator[tuple[Way, SourceTree]]:
    """What is not ``seen`` yet, which grows by it."""
    proven = {_kind(step) for start in starts for step in start.way.steps}
    made = [_forms(start, code) for start in starts]
    promise = [-start.way.promise for start in starts]
    merged = sorted(
        (
            promise[number] * proposal.score * (KNOWN if _kind(proposal) in proven else 1.0),
            number,
            proposal.order,
            proposal,
        )
        for number, start in enumerate(starts)
        for proposal in start.proposals
    )
    for _, number, _, proposal in merged:
        start = starts[number]
        if start.way.repeats(proposal):
            continue
        text = proposal.edit.apply(start.tree.files[proposal.path])
        form = normal_form(text)
        mark = _mark({**made[number], proposal.path: form}, plain)
        if form is not None and mark not in seen:
            seen.add(mark)
            yield start.way.and_then(proposal), start.tree.replace(proposal.path, text)


def _kind(step: Proposal) -> tuple[str, str, str, str]:
    """One edit, wherever those before it have moved its place."""
    return step.path, step.operator, step.edit.description, step.edit.text


def _forms(start: Start, code: SourceTree) -> dict[str, bytes | None]:
    changed = {step.path for step in start.way.steps}
    return {path: normal_form(start.tree.files[path]) for path in changed & code.files.keys()}


def _mark(forms: Mapping[str, bytes | None], plain: Mapping[str, bytes | None]) -> Mark:
    return frozenset((path, form) for path, form in forms.items() if form != plain.get(path))
