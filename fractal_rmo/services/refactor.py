"""A refactoring in one process: simplify, prove, and drop what the proof rejects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fractal_rmo.domain.run import Dialogue
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Task
from fractal_rmo.domain.verdict import Verdict, is_proven
from fractal_rmo.refactoring.simplify import Step, simplify, tell
from fractal_rmo.services.subjects import subject_of
from fractal_rmo.validation.ladder import climb

ROUNDS = 3
"""Edits that a proof may reject one after another; then what is proven by then is the answer."""
_AS_IT_IS = "The code is judged as it was submitted."


@dataclass(frozen=True, slots=True)
class Refactored:
    """The code that was judged, how, the edits in it, and those that were not kept."""

    code: SourceTree
    verdicts: tuple[Verdict, ...]
    steps: tuple[Step, ...] = ()
    refused: tuple[Step, ...] = ()
    note: str = ""

    @property
    def story(self) -> str:
        """What was done and what was not, one edit a line."""
        return self.note or tell(self.steps, self.refused)


def refactored(task: Task, out_of_time: Callable[[], bool]) -> Dialogue[Refactored]:
    """The simplest code that is proven to answer as ``task.code`` does.

    Where nothing is proven, the code as it was submitted with its verdicts.
    """
    dropped: list[Step] = []
    best: Refactored | None = None
    for _ in range(ROUNDS):
        keys = frozenset(step.proposal.key for step in dropped)
        found = yield from simplify(task.code, task.tests, excluded=keys, pause=out_of_time)
        whole = yield from _judged(task, found.steps)
        whole = replace(whole, refused=(*found.refused, *dropped))
        if not dropped:
            whole = replace(whole, note=found.note)
        if not found.steps or is_proven(whole.verdicts, task.level):
            return whole
        bare = best or (yield from _judged(task, ()))
        if not is_proven(bare.verdicts, task.level):
            note = f"{_AS_IT_IS} It is not proven itself, so no change of it can be."
            return replace(bare, note=note)
        best, culprit = yield from _last_proven(task, found.steps, bare, whole, out_of_time)
        dropped.append(culprit)
        best = replace(best, refused=(*found.refused, *dropped))
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
