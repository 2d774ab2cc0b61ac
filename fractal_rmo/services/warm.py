"""Starting the sandbox's interpreters ahead of a local job, beside whatever else is prepared."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from fractal_rmo.domain.run import Runtime, needs_pytest, runtime_for_pytest
from fractal_rmo.domain.task import Task, TaskKind
from fractal_rmo.domain.verdict import Level
from fractal_rmo.ports.sandbox import Sandbox

_FIRST, _BOTH = (0,), (0, 1)
"""Level 3 runs the tests under two hash seeds, under the second one often without pytest."""


@contextmanager
def warming(sandbox: Sandbox, task: Task) -> Iterator[None]:
    """Start what the levels of ``task`` will need, meanwhile.

    Nothing is raised here: the job meets what went wrong when it asks for its session.
    """
    with ThreadPoolExecutor(1) as beside:
        beside.submit(start, sandbox, task)
        yield


def start(sandbox: Sandbox, task: Task) -> None:
    """Start what the levels of ``task`` will need, without waiting for it.

    The first to be needed come first: they share the processors.
    """
    if task.kind is TaskKind.DATA:
        sandbox.warm(Runtime.SCHEMA)
        return
    if task.level >= Level.STATIC:
        sandbox.warm(Runtime.STATIC, python=task.python)
    if task.level >= Level.UNIT:
        seeds = _BOTH if needs_pytest(task.tests.files) else _FIRST
        sandbox.warm(runtime_for_pytest(task.tests.files), python=task.python, hash_seeds=seeds)
        sandbox.warm(Runtime.THIN, python=task.python, hash_seeds=_BOTH)
    if task.level >= Level.MUTATION:
        sandbox.warm(Runtime.MUTANTS, python=task.python)
