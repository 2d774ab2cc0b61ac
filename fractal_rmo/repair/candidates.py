"""The single edits of a program, most promising first."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fractal_rmo.domain.priors import Priors, Shape, Symptom
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.source import ParsedFile, literals, parse
from fractal_rmo.repair.edits import OPERATORS, Edit, Site
from fractal_rmo.repair.features import shape_of
from fractal_rmo.repair.localise import Suspicion
from fractal_rmo.repair.wording import NO_WORDS, Wording

STATEMENTS, FURTHER_STATEMENTS = 300, 20
"""Statements that are edited, at most, in the code as it is and after edits that came nearer: the
most suspicious ones."""
CHARACTERS = 6
"""Single characters of the tests' texts that one may be replaced with, at most."""

ERRORS = 3
"""Exceptions named in the tests that may be raised, at most."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an edit is made: the statement's shape, the function's name, and the text replaced."""

    shape: Shape
    function: str
    old: str


Weigh = Callable[[str, Edit, Place], float]
"""The prior of an edit by an operator at a place."""


def equally(_operator: str, _edit: Edit, _place: Place) -> float:
    """No kind of edit is likelier than another."""
    return 0.5


def weighing(priors: Priors, symptom: Symptom, words: Wording = NO_WORDS) -> Weigh:
    """By what is known of such edits in problems of this symptom, and what the words ask for."""

    def weigh(operator: str, edit: Edit, place: Place) -> float:
        times = words.times(place.function, place.old, edit.text)
        return priors.of(operator, place.shape, symptom) * edit.weight * times

    return weigh


Kind = tuple[str, str, str, str]
"""An edit's path, operator, words and text."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An edit of one file with its score in 0..1: suspicion x prior x smallness.

    ``mass`` is what the score would be if the operator's prior were 1.
    """

    path: str
    operator: str
    edit: Edit
    score: float
    shape: Shape = Shape.OTHER
    mass: float = 0.0

    @property
    def kind(self) -> Kind:
        """One edit, wherever those before it have moved its place."""
        return self.path, self.operator, self.edit.description, self.edit.text

    @property
    def order(self) -> tuple[float, str, int, int, str, str]:
        """Sorts the best first, and equals always the same way."""
        edit = self.edit
        return (-self.score, self.path, edit.start, edit.end, edit.text, self.operator)


def parse_files(code: SourceTree) -> tuple[list[ParsedFile], str]:
    """The Python files that parse, and the path of the first one that does not, or ''."""
    files: list[ParsedFile] = []
    broken = ""
    for path, text in code.python_files():
        try:
            files.append(ParsedFile(path, text))
        except ValueError:
            broken = broken or path
    return files, broken


def rank(
    files: Sequence[ParsedFile],
    tests: SourceTree,
    suspicion: Suspicion,
    weigh: Weigh,
    most: int = STATEMENTS,
    numbers: Sequence[int | float] = (),
) -> list[Proposal]:
    """Every edit of the ``most`` suspicious statements, best first.

    ``numbers`` may be used beside those of the code and of the tests.  The order depends on
    nothing but the arguments, so that a search may
    resume at a position in it.
    """
    known = (*numbers, *_literals(files, tests), *_characters(tests))
    functions = {name: arity for file in files for name, arity in file.functions.items()}
    errors = errors_named(tests)
    found: dict[tuple[str, int, int, str], Proposal] = {}
    for file, node, suspect in _suspects(files, suspicion, most):
        site, shape = Site(file, known, functions, errors), shape_of(file, node)
        function = getattr(file.function(node), "name", "")
        for operator in OPERATORS:
            for edit in operator.generate(node, site):
                likely = suspect * smallness(edit)
                place = Place(shape, function, file.text[edit.start : edit.end])
                score = likely * weigh(operator.name, edit, place)
                mass = likely * edit.weight
                proposal = Proposal(file.path, operator.name, edit, score, shape, mass)
                key = (file.path, edit.start, edit.end, edit.text)
                if key not in found or proposal.order < found[key].order:
                    found[key] = proposal
    return sorted(found.values(), key=lambda p: p.order)


def _literals(files: Sequence[ParsedFile], tests: SourceTree) -> tuple[int | float | str, ...]:
    parsed = [parse(text) for _, text in tests.python_files()]
    trees = [*(file.tree for file in files), *(tree for tree in parsed if tree is not None)]
    found = {repr(value): value for tree in trees for value in literals(tree)}
    return tuple(found.values())


def errors_named(tests: SourceTree) -> tuple[str, ...]:
    """The exceptions that tests name, in order."""
    trees = (parse(text) for _, text in tests.python_files())
    names = (n.id for t in trees if t for n in ast.walk(t) if isinstance(n, ast.Name))
    return tuple(dict.fromkeys(n for n in names if n.endswith(("Error", "Exception"))))[:ERRORS]


def _characters(tests: SourceTree) -> list[str]:
    """Signs and digits of the tests' texts, the most frequent first: what code may ask for."""
    trees = (parse(text) for _, text in tests.python_files())
    texts = (v for tree in trees if tree for v in literals(tree) if isinstance(v, str))
    counted = Counter(c for text in texts for c in text if not c.isalpha())
    return [sign for sign, _ in counted.most_common(CHARACTERS)]


def _suspects(
    files: Sequence[ParsedFile], suspicion: Suspicion, most: int
) -> Iterator[tuple[ParsedFile, ast.AST, float]]:
    """The nodes of the most suspicious statements, with their suspicion."""
    scored: dict[ast.stmt, float] = {}
    for file in files:
        for node in file.editable:
            if isinstance(node, ast.stmt):
                scored[node] = suspicion.of(file, node)
    blamed = [statement for statement, score in scored.items() if score > 0]
    chosen = set(sorted(blamed, key=scored.__getitem__, reverse=True)[:most])
    for file in files:
        for node in file.editable:
            statement = file.statement(node)
            if statement in chosen:
                yield file, node, scored[statement]


def smallness(edit: Edit) -> float:
    """In 0..1: how little of the text an edit changes."""
    return 1.0 / (1.0 + abs(len(edit.text) - (edit.end - edit.start)) / 100)


def offered(proposals: Sequence[Proposal]) -> Mapping[str, float]:
    """Each operator's share of all mass, in 0..1."""
    masses: dict[str, float] = defaultdict(float)
    for proposal in proposals:
        masses[proposal.operator] += proposal.mass
    total = sum(masses.values())
    return {name: mass / total for name, mass in masses.items()} if total else {}
