"""The places of a patch of several edits, each with all edits that could stand there instead.

The first edit of such a patch was chosen when the others were not made, so that few tests could
tell it from its like.  With the others made they can: each place is looked at again, as a
single fault would be (coordinate descent over the edits of a patch), and so is what else a run
without it blames: the fault that was mended there may lie elsewhere.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.source import ParsedFile
from fractal_rmo.repair.candidates import Proposal, Weigh, parse_files, rank, smallness
from fractal_rmo.repair.fewer import entangled, without
from fractal_rmo.repair.localise import Suspicion, head_lines
from fractal_rmo.repair.ways import Way

NOWHERE = Suspicion()
"""Nothing but the place is asked."""


@dataclass(frozen=True)
class Opening:
    """A patch without the edits of one place: what stays, the program, and the place's lines.

    These are 1-based.  The place is as suspicious as it was when it was edited.
    """

    way: Way
    tree: SourceTree
    path: str
    lines: frozenset[int]
    suspicion: float

    @property
    def key(self) -> tuple[str, str, frozenset[int]]:
        """Equal for one place of one program."""
        return self.tree.sha256, self.path, self.lines

    def proposals(
        self,
        tests: SourceTree,
        weigh: Weigh,
        blamed: Suspicion = NOWHERE,
        numbers: Sequence[int | float] = (),
    ) -> list[Proposal]:
        """What could be done there, or where else is blamed, instead; the likeliest first.

        Elsewhere is as suspicious as it is now, compared to the place.
        """
        files, _ = parse_files(self.tree)
        places = [(self.path, line) for line in self.lines]
        now = max((blamed.lines.get(place, 0.0) for place in places), default=0.0)
        scale = self.suspicion / now if now else 1.0
        lines = {place: min(1.0, scale * suspect) for place, suspect in blamed.lines.items()}
        lines.update(dict.fromkeys(places, self.suspicion))
        return rank(files, tests, Suspicion(lines), weigh, numbers=numbers)

    def holds(self, step: Proposal) -> bool:
        """Whether an edit is one of this place."""
        return step.path == self.path and step.edit.line in self.lines


def openings(code: SourceTree, way: Way) -> Iterator[Opening]:
    """One for each place of a way, in the order of its edits; none of a single edit.

    Edits that rest on each other are one place, and each of them that nothing rests on as well.
    """
    if len(way.steps) < 2:
        return
    for group in dict.fromkeys(entangled(way.steps)):
        rest = without(way.steps, group)
        if rest is None:
            continue
        gone, kept = way.steps[min(group)], Way(rest.steps)
        tree = kept.tree(code)
        files, broken = parse_files(tree)
        if broken:
            continue
        (file,) = (file for file in files if file.path == gone.path)
        lines = _lines(file, rest.start, rest.end)
        yield Opening(kept, tree, gone.path, lines, _suspicion(gone))


def _lines(file: ParsedFile, start: int, end: int) -> frozenset[int]:
    """The lines of the statements to which characters belong, without what is inside them."""
    first, last = (file.text.count("\n", 0, at) + 1 for at in (start, end))
    touched = frozenset(range(first, last + 1))
    heads = [head_lines(n) for n in file.editable if isinstance(n, ast.stmt)]
    return touched.union(*(head for head in heads if not touched.isdisjoint(head)))


def _suspicion(step: Proposal) -> float:
    """What was thought of the statement when the edit was proposed."""
    return min(1.0, step.mass / (smallness(step.edit) * (step.edit.weight or 1.0)))
