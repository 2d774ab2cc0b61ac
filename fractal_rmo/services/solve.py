"""The whole job in one process: change, then proof.  No server, nothing stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.run import Limits, Runner, RunRequest
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import SAME_BEHAVIOUR, Task, TaskKind
from fractal_rmo.domain.verdict import Level, Verdict, is_proven, proven_level
from fractal_rmo.editing.diff import unified_diff
from fractal_rmo.ports.sandbox import Sandbox
from fractal_rmo.repair.problem import RepairOutcome, RepairProblem, RepairStatus
from fractal_rmo.repair.search import MAX_CANDIDATES, search
from fractal_rmo.services.admit import admit
from fractal_rmo.services.choose import chosen
from fractal_rmo.services.data import data_proof, repaired
from fractal_rmo.services.drive import drive
from fractal_rmo.services.refactor import refactored
from fractal_rmo.services.subjects import subject_of
from fractal_rmo.validation.ladder import climb
from fractal_rmo.validation.subject import Subject

Progress = Callable[[str, str, int], None]
"""Told (stage, label of the run, its number in the stage)."""

_HURRIED = Limits(wall_s=5.0, cpu_s=5)
"""What one run of all tests may use on code that was not mended in the time there was."""


def silent(_stage: str, _label: str, _number: int) -> None:
    """No progress is shown."""


@dataclass(frozen=True, slots=True)
class Solution:
    """What a local job came to.

    ``submitted`` is the code that was given, ``result`` the code that was validated: the first
    candidate that could be proven, else the submitted code.  ``diff`` is empty when nothing
    changed.
    """

    submitted: SourceTree
    result: SourceTree
    verdicts: tuple[Verdict, ...]
    proven: bool
    proven_level: int
    diff: str = ""
    explanation: str = ""
    tried: int = 0
    edits: tuple[JsonObject, ...] = ()
    """Rule, path, line, what is said of an edit, and why it was not kept; none of a repair."""
    choice: RepairOutcome | None = None
    """Of a repair whose first candidate is the result, or that a person has to decide."""


def solve(
    task: Task,
    sandbox: Sandbox,
    *,
    progress: Progress = silent,
    out_of_time: Callable[[], bool] = lambda: False,
    stop: Callable[[], bool] | None = None,
) -> Solution:
    """Perform ``task`` here and now.  Raises ``InputError`` for what ``admit`` refuses.

    ``out_of_time`` is asked between runs; the best that was reached by then is returned.
    Once ``stop`` says True, what runs is ended; raises ``RunCancelledError``.
    """
    task = admit(task)
    with sandbox.session(task.python, stop) as run:
        if task.kind is TaskKind.FIX:
            return _fix(task, run, progress, out_of_time)
        if task.kind in SAME_BEHAVIOUR:
            return _refactor(task, run, progress, out_of_time)
        if task.kind is TaskKind.DATA:
            return _data(task, run, progress)
        return _judged(task, task.code, run, progress)


def judge(
    subject: Subject,
    level: Level,
    sandbox: Sandbox,
    *,
    python: str = "",
    progress: Progress = silent,
) -> tuple[Verdict, ...]:
    """Climb the ladder here and now."""
    with sandbox.session(python) as run:
        return drive(climb(subject, level), run, _watch(progress, "validate"))


def _fix(task: Task, run: Runner, progress: Progress, out_of_time: Callable[[], bool]) -> Solution:
    problem = RepairProblem(task.code, task.tests, description=task.description)
    dialogue = search(problem, max_candidates=MAX_CANDIDATES, pause=out_of_time)
    watch = _watch(progress, "repair")
    tried = drive(dialogue, run, watch)
    found = drive(chosen(problem, tried, out_of_time), run, watch)
    best: Solution | None = None
    for candidate in found.offered:
        solution = _judged(task, candidate.tree, run, progress)
        best = _with_repair(solution, found, candidate.description)
        if best.proven or out_of_time():
            return best
    if best:
        return best
    # the verdict on the submitted code: it passes already, or nothing mended it
    subject = subject_of(task, task.code)
    note = found.note
    if found.status is RepairStatus.PAUSED:
        subject = replace(subject, unit_limits=_HURRIED)
        note = f"The time is over. {note}"
    return _with_repair(_climbed(task, subject, run, progress), found, note)


def _refactor(
    task: Task, run: Runner, progress: Progress, out_of_time: Callable[[], bool]
) -> Solution:
    found = drive(refactored(task, out_of_time), run, _watch(progress, task.kind.value))
    return replace(
        _solution(task, found.code, found.verdicts),
        explanation=found.note,
        tried=len(found.steps) + len(found.refused),
        edits=tuple(step.as_json() for step in (*found.steps, *found.refused)),
    )


def _data(task: Task, run: Runner, progress: Progress) -> Solution:
    watch = _watch(progress, task.kind.value)
    found = drive(repaired(task.code, task.tests), run, watch)
    verdicts = drive(data_proof(task.code, task.tests, found.code), run, watch)
    return replace(
        _solution(task, found.code, verdicts),
        explanation=found.note,
        tried=len(found.edits),
        edits=found.edits,
    )


def _with_repair(solution: Solution, found: RepairOutcome, explanation: str) -> Solution:
    is_first = bool(found.offered) and solution.result == found.offered[0].tree
    choice = found if is_first or found.status is RepairStatus.UNDECIDED else None
    words = found.telling(explanation)
    return replace(solution, explanation=words, tried=found.tried, choice=choice)


def _judged(task: Task, code: SourceTree, run: Runner, progress: Progress) -> Solution:
    return _climbed(task, subject_of(task, code), run, progress)


def _climbed(task: Task, subject: Subject, run: Runner, progress: Progress) -> Solution:
    verdicts = drive(climb(subject, task.level), run, _watch(progress, "validate"))
    return _solution(task, subject.code, verdicts)


def _solution(task: Task, result: SourceTree, verdicts: tuple[Verdict, ...]) -> Solution:
    return Solution(
        submitted=task.code,
        result=result,
        verdicts=verdicts,
        proven=is_proven(verdicts, task.level),
        proven_level=proven_level(verdicts),
        diff=unified_diff(task.code, result),
    )


def _watch(progress: Progress, stage: str) -> Callable[[RunRequest, int], None]:
    return lambda request, number: progress(stage, request.label or request.program, number)
