"""The deterministic enumeration of candidates: one edit more from each of several starts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from typing import NamedTuple

from fractal_rmo.domain.priors import Symptom
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.forms import normal_form
from fractal_rmo.editing.judging import TestReport
from fractal_rmo.editing.source import ParsedFile
from fractal_rmo.repair.candidates import (
    FURTHER_STATEMENTS,
    STATEMENTS,
    Kind,
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

Forms = Mapping[str, bytes | None]
Mark = frozenset[tuple[str, bytes | None]]
"""The normal forms of the files in which a program differs from the code as it is."""

KNOWN = 5.0
"""How much likelier an edit is that came nearer by itself: faults that are apart add up."""


@dataclass
class Start:
    """Edits that were made, the program they make, and the edits that may follow, likeliest first.

    ``marks`` are those of the programs that these make, by the number of the edit: None
    for what does not compile.
    """

    way: Way
    tree: SourceTree
    proposals: Sequence[tuple[float, Proposal]]
    mark: Mark
    marks: dict[int, Mark | None] = field(default_factory=dict)

    def made(self, number: int, plain: Forms) -> Mark | None:
        """The mark of what one of the edits makes."""
        if number not in self.marks:
            step = self.proposals[number][1]
            form = normal_form(step.edit.apply(self.tree.files[step.path]))
            others = {(path, form) for path, form in self.mark if path != step.path}
            new = set() if form == plain.get(step.path) else {(step.path, form)}
            self.marks[number] = None if form is None else frozenset(others | new)
        return self.marks[number]


class Next(NamedTuple):
    """A candidate: the way and its program, which start it follows, and the number of its edit."""

    way: Way
    tree: SourceTree
    start: int
    number: int


def plain_forms(files: Sequence[ParsedFile]) -> Forms:
    """The normal forms of the code as it is, by path."""
    return {file.path: normal_form(file.text) for file in files}


def mark_of(tree: SourceTree, plain: Forms) -> Mark:
    """Equal for two trees that are one program; a form is None where a file does not compile."""
    forms = ((path, normal_form(text)) for path, text in tree.python_files())
    return frozenset((path, form) for path, form in forms if form != plain.get(path))


def begun(
    problem: RepairProblem,
    way: Way,
    report: TestReport,
    symptom: Symptom,
    known: Collection[Kind],
    plain: Forms,
) -> Start | None:
    """The edits that may follow a way, by what a traced run blames; None where none can.

    ``known`` are edits that came nearer by themselves: likelier than others.
    """
    tree = way.tree(problem.code)
    files, broken = parse_files(tree)
    if broken:
        return None
    suspicion = localise(report.executed, report.failing, report.raised)
    if Part.LOCALISATION in problem.without:
        suspicion = Suspicion(known=False)
    most = FURTHER_STATEMENTS if way.steps else STATEMENTS
    weigh, numbers = weigh_for(problem, symptom), problem.wording.numbers
    ranked = rank(files, problem.tests, suspicion, weigh, most, numbers)
    likely = ((p.score * (KNOWN if p.kind in known else 1.0), p) for p in ranked)
    follow = sorted((one for one in likely if not way.repeats(one[1])), key=lambda one: -one[0])
    return Start(way, tree, follow, mark_of(tree, plain))


def weigh_for(problem: RepairProblem, symptom: Symptom) -> Weigh:
    """The priors of a problem."""
    if Part.PRIORS in problem.without:
        return equally
    return weighing(problem.priors, symptom, problem.wording)


def enumerated(
    starts: Sequence[Start | None], tried: Sequence[int], plain: Forms
) -> Iterator[Next]:
    """The programs that compile and are new, the likeliest first.

    Two texts of one normal form are one program, and so are the code as it is
    and the starts.  Of each start the edits that were ``tried`` are left out.  The order depends
    on nothing but the arguments, so that a search may resume at a position in it.
    """
    open_ = [(n, start) for n, start in enumerate(starts) if start is not None]
    seen: set[Mark | None] = {None, frozenset(), *(start.mark for _, start in open_)}
    seen.update(start.made(k, plain) for n, start in open_ for k in range(tried[n]))
    merged = merge(*(_weighed(n, start, tried[n]) for n, start in open_))
    for _, n, k, start in merged:
        mark = start.made(k, plain)
        if mark not in seen:
            seen.add(mark)
            step = start.proposals[k][1]
            text = step.edit.apply(start.tree.files[step.path])
            yield Next(start.way.and_then(step), start.tree.replace(step.path, text), n, k)


def _weighed(n: int, start: Start, tried: int) -> Iterator[tuple[float, int, int, Start]]:
    promise = -start.way.promise
    for k in range(tried, len(start.proposals)):
        yield promise * start.proposals[k][0], n, k, start
