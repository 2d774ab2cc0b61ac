"""The documenting engine: a generator that writes what passing tests let it see."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from fractal_rmo.documenting.asking import NoJailError, Seen, ask, calls_of
from fractal_rmo.documenting.passing import passing
from fractal_rmo.documenting.places import Place, places, reads_itself
from fractal_rmo.documenting.words import examples, sentence
from fractal_rmo.documenting.writing import written
from fractal_rmo.domain.run import Dialogue, RunEnding
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.edit import Edit
from fractal_rmo.editing.judging import first_run
from fractal_rmo.refactoring.proposals import Proposal
from fractal_rmo.refactoring.simplify import Refactoring, RefactoringStatus, Step
from fractal_rmo.validation.generated.targets import Catalogue, Target
from fractal_rmo.validation.property.uses import Uses

MOST = 100
"""Docstrings of one task; more are too much for a person to read."""
RULE = "docstring"
_NOTHING = "There is no docstring to be written; the code is judged as it is."
_NO_ANSWER = "no answer that is short, plain and always the same"
_SHOWN = 20


def document(
    code: SourceTree,
    tests: SourceTree,
    *,
    excluded: frozenset[str] = frozenset(),
    pause: Callable[[], bool],
) -> Dialogue[Refactoring]:
    """Write docstrings and examples where none are, each backed by answers that were seen.

    ``excluded`` holds keys of docstrings that a proof has rejected; once
    ``pause`` says True, what was seen by then is written.
    """
    open_ones = [place for place in places(code) if place.is_open]
    if not open_ones:
        return Refactoring(RefactoringStatus.UNCHANGED, note=_NOTHING)
    if path := reads_itself(code):
        note = f"{_NOTHING} {path} reads docstrings or its own lines, so that new ones may be seen."
        return Refactoring(RefactoringStatus.UNCHANGED, note=note)
    _, result, report = yield from first_run(tests, code)
    if result.ending is RunEnding.UNAVAILABLE:
        return Refactoring(RefactoringStatus.UNAVAILABLE, note=result.detail)
    if not report.mends(report):
        why = report.problem or next((f"{t} fails." for t in report.failing), "No test passed.")
        note = f"Nothing was written, because the tests do not pass on the code as it is: {why}"
        return Refactoring(RefactoringStatus.CANNOT_JUDGE, note=note)
    targets, left = _targets(open_ones, code, passing(tests, report))
    try:
        calls = [call for target in targets.values() for call in calls_of(target)]
        seen = yield from ask(code, calls, pause)
    except NoJailError as error:
        return Refactoring(RefactoringStatus.UNAVAILABLE, note=str(error))
    edits, more = _edits(open_ones, targets, seen)
    steps = _steps(code, edits, excluded)
    status = RefactoringStatus.REFACTORED if steps else RefactoringStatus.UNCHANGED
    return Refactoring(status, steps, (), tell(steps, ()) + _told_of([*left, *more]))


def tell(steps: Sequence[Step], refused: Sequence[Step]) -> str:
    """What was written and what was not, one docstring a line."""
    count = f"{len(steps)} docstring" + ("" if len(steps) == 1 else "s")
    return "\n".join([f"{count} written." if steps else _NOTHING, *map(str, [*steps, *refused])])


def _targets(
    open_ones: Sequence[Place], code: SourceTree, tests: SourceTree
) -> tuple[Mapping[str, Target], list[str]]:
    """What can be asked, by ``str`` of its place, and why the others cannot."""
    catalogue, uses = Catalogue(code, tests), Uses(code)
    targets, left = dict[str, Target](), list[str]()
    for place in open_ones:
        target = catalogue.defined(place.file.path, place.name)
        if target is None or target.node.lineno != place.node.lineno:
            left.append(f"{place}: decorated or defined twice, so what it takes is not known.")
        elif not calls_of(target):
            left.append(f"{place}: no passing test calls it by name with plain values.")
        elif why := uses.chance(target):
            left.append(f"{place}: its answers may differ from call to call: {why}.")
        else:
            targets[str(place)] = target
    return targets, left


def _edits(
    open_ones: Sequence[Place], targets: Mapping[str, Target], seen: Sequence[Seen]
) -> tuple[list[tuple[Place, Edit]], list[str]]:
    """The cuts, and for which places nothing can be said."""
    edits, left = list[tuple[Place, Edit]](), list[str]()
    for place in open_ones:
        target = targets.get(str(place))
        if target is None:
            continue
        answers = [one for one in seen if one.call.target is target]
        first, shown = sentence(target, answers), examples(answers)
        edit = written(place, first, shown)
        if edit is not None:
            edits.append((place, edit))
        elif place.documented is not None and shown:
            left.append(f"{place}: its docstring is so written that no example can be added.")
        elif place.documented is None:
            why = "cannot be written there with all else as it is" if first else _NO_ANSWER
            left.append(f"{place}: {why}.")
    return edits[:MOST], left


def _steps(
    code: SourceTree, edits: Sequence[tuple[Place, Edit]], excluded: frozenset[str]
) -> tuple[Step, ...]:
    """The cuts one after the other, all of them measured in the submitted text."""
    steps, tree = list[Step](), code
    moved: dict[str, int] = {}
    for place, edit in edits:
        path = place.file.path
        key = _key(path, place.name, edit.text)
        if key in excluded:
            continue
        by = moved.get(path, 0)
        there = replace(edit, start=edit.start + by, end=edit.end + by)
        tree = tree.replace(path, there.apply(tree.files[path]))
        moved[path] = by + len(edit.text) - (edit.end - edit.start)
        steps.append(Step(Proposal(path, RULE, there, key), edit.line, tree))
    return tuple(steps)


def _key(*parts: str) -> str:
    text = "\0".join((RULE, *parts))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _told_of(left: Sequence[str]) -> str:
    if not left:
        return ""
    more = [f"{len(left) - _SHOWN} more."] if len(left) > _SHOWN else []
    return "\n".join(["\nLeft without, because nothing can be said:", *left[:_SHOWN], *more])
