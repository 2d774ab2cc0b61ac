"""A refactoring or documentation in one process: edit, prove, drop what the proof rejects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple, Protocol

from fractal_rmo.documenting import document
from fractal_rmo.domain.run import Dialogue
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Task, TaskKind
from fractal_rmo.domain.verdict import Verdict, is_proven
from fractal_rmo.refactoring import simplify
from fractal_rmo.refactoring.simplify import Refactoring, Step
from fractal_rmo.services.subjects import subject_of
from fractal_rmo.validation.ladder import climb

ROUNDS = 3
"""Edits that a proof may reject one after another; then what is proven by then is the answer."""
Tell = Callable[[Sequence[Step], Sequence[Step]], str]
_AS_IT_IS = "The code is judged as it was submitted."


class _Edit(Protocol):
    def __call__(
        self,
        code: SourceTree,
        tests: SourceTree,
        *,
        excluded: frozenset[str] = frozenset(),
        pause: Callable[[], bool],
    ) -> Dialogue[Refactoring]: ...


class Engine(NamedTuple):
    """What makes a kind's edits, and what says in words which were made and which were not."""

    edit: _Edit
    tell: Tell


ENGINES: Mapping[TaskKind, Engine] = MappingProxyType(
    {
        TaskKind.REFACTOR: Engine(simplify.simplify, simplify.tell),
        TaskKind.DOCUMENT: Engine(document.document, document.tell),
    }
)


@dataclass(frozen=True, slots=True)
class Refactored:
    """The code that was judged, how, the edits in it, and those that were not kept."""

    code: SourceTree
    verdicts: tuple[Verdict, ...]
    steps: tuple[Step, ...] = ()
    refused: tuple[Step, ...] = ()
    note: str = ""


def refactored(task: Task, out_of_time: Callable[[], bool]) -> Dialogue[Refactored]:
    """The simplest code that is proven to answer as ``task.code`` does.

    Where nothing is proven, the code as it was submitted with its verdicts.
    """
    dropped: list[Step] = []
    engine = ENGINES[task.kind]
    best: Refactored | None = None
    for _ in range(ROUNDS):
        keys = frozenset(step.proposal.key for step in dropped)
        found = yield from engine.edit(task.code, task.tests, excluded=keys, pause=out_of_time)
        whole = yield from _judged(task, found.steps)
        refused = (*found.refused, *dropped)
        note = engine.tell(found.steps, refused) if dropped else found.note
        whole = replace(whole, refused=refused, note=note)
        if not found.steps or is_proven(whole.verdicts, task.level):
            return whole
        bare = best or (yield from _judged(task, ()))
        if not is_proven(bare.verdicts, task.level):
            note = f"{_AS_IT_IS} It is not proven itself, so no change of it can be."
            return replace(bare, note=note)
        best, culprit = yield from _last_proven(task, found.steps, bare, whole, out_of_time)
        dropped.append(culprit)
        refused = (*found.refused, *dropped)
        best = replace(best, refused=refused, note=engine.tell(best.steps, refused))
        if out_of_time():
            break
    return best or (yield from _judged(task, ()))


def _judged(task: Task, steps: Sequence[Step]) -> Dialogue[Refactored]:
    code = steps[-1].tree if steps else task.code
    verdicts = yield from climb(subject_of(task, code), task.level)
    return Refactored(code, verdicts, tuple(steps))


def _last_proven(
    task: Task,
    steps: Sequence[Step],
    proven: Refactored,
    failed: Refactored,
    out_of_time: Callable[[], bool],
) -> Dialogue[tuple[Refactored, Step]]:
    """The longest proven run of edits that bisection finds, and the edit after it."""
    good, bad = 0, len(steps)
    while bad - good > 1 and not out_of_time():
        middle = (good + bad) // 2
        tried = yield from _judged(task, steps[:middle])
        if is_proven(tried.verdicts, task.level):
            good, proven = middle, tried
        else:
            bad, failed = middle, tried
    return proven, replace(steps[good], why_not=failed.verdicts[-1].summary)


def prefix_left(steps: Sequence[Step], rejected: frozenset[str], *, last: bool) -> Sequence[Step]:
    """The edits to try in a round: half as many as were rejected, none in the ``last`` round.

    ``rejected`` holds the ``SourceTree.sha256`` of results that a validation rejected.
    """
    count = 0 if last and rejected else len(steps)
    while count and steps[count - 1].tree.sha256 in rejected:
        count //= 2
    return steps[:count]
