"""What is judged where some code is the answer to a task."""

from __future__ import annotations

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import Claim
from fractal_rmo.domain.task import CHANGING_KINDS, SAME_BEHAVIOUR, Task, TaskKind
from fractal_rmo.services.state_properties import stated_in
from fractal_rmo.validation.subject import Subject


def subject_of(task: Task | Claim, code: SourceTree) -> Subject:
    """A change is judged beside its original, and some kinds must answer as that did."""
    return Subject(
        code=code,
        tests=task.oracle if isinstance(task, Claim) else task.tests,
        original=task.code if task.kind in CHANGING_KINDS and len(task.code) else None,
        written=task.kind is TaskKind.GENERATE,
        same_behaviour=task.kind in SAME_BEHAVIOUR,
        stated=stated_in(task.stated) if isinstance(task, Claim) else (),
    )
