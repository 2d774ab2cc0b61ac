"""The jobs of one process: nothing is stored, no server runs."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from fractal_rmo.adapters.source_files import base_of, read_tests, read_tree
from fractal_rmo.cli import asking
from fractal_rmo.cli.apply import apply
from fractal_rmo.cli.group import (
    INFRASTRUCTURE,
    NOT_PROVEN,
    PROVEN,
    json_option,
    python_option,
    to_level,
)
from fractal_rmo.cli.reports import Reports
from fractal_rmo.domain.task import Task, TaskKind
from fractal_rmo.domain.verdict import Level, found_no_sandbox

if TYPE_CHECKING:
    from typing import TypeAlias

    from fractal_rmo.domain.source import SourceTree
    from fractal_rmo.services.solve import Solution

    After: TypeAlias = Callable[[Solution], None]

_Command = TypeVar("_Command", bound=Callable[..., Any])

_code = click.argument("path", type=click.Path(path_type=Path))
_tests = click.option(
    "--tests", required=True, type=click.Path(path_type=Path), help="A pytest file or a folder."
)


def _level(default: str) -> Callable[[_Command], _Command]:
    words = f"Prove up to this level (default {default})."
    return click.option("--level", default=default, callback=to_level, help=words)


_REPORT = click.File("w", encoding="utf-8", lazy=False)  # refused before anything runs
_junit = click.option("--junit", type=_REPORT, help="Write the verdicts as JUnit XML.")
_sarif = click.option("--sarif", type=_REPORT, help="Write what was found as SARIF 2.1.0.")
_lines = click.option(
    "--lines", is_flag=True, help="Print what was found one a line as well, as compilers do."
)
_proof = click.option(
    "--proof",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write what is proven as one signed file, for 'fractal-rmo verify'.",
)


def _described(kind: TaskKind) -> Callable[[_Command], _Command]:
    """The option that says in words what the code should do, where that is of use."""
    if kind is not TaskKind.FIX:
        return lambda command: command
    words = "What the code should do, in words: the search and the choice go by it."
    return click.option("--description", default="", help=words)


def _changing(kind: TaskKind, level: str, words: str) -> click.Command:
    """The command of a kind that changes code: both take the same and write the same."""

    @click.command(name=kind.value, help=words)
    @_code
    @_tests
    @_level(level)
    @python_option
    @json_option
    @click.option(
        "--seconds",
        type=click.FloatRange(0, 86_400),
        default=300.0,
        show_default=True,
        help="Begin no further candidate after this time.",
    )
    @_junit
    @_sarif
    @_lines
    @_proof
    @click.option("--apply", "apply_", is_flag=True, help="Write a proven patch into the files.")
    @_described(kind)
    def change(
        path: Path,
        tests: Path,
        level: Level,
        python: str,
        as_json: bool,
        seconds: float,
        junit: TextIO | None,
        sarif: TextIO | None,
        lines: bool,
        proof: Path | None,
        apply_: bool,
        description: str = "",
    ) -> None:
        task = replace(_task(path, tests, kind, level, python), description=description)
        after = [_reporting(junit, sarif, path, lines), *_proving(proof, task)]
        if apply_:
            after.append(partial(_apply, path, task.code))
        sys.exit(_perform(task, as_json, seconds, after))

    return change


fix = _changing(
    TaskKind.FIX,
    "3",
    "Repair PATH so that its tests pass, and prove the result, in this process.",
)
refactor = _changing(
    TaskKind.REFACTOR,
    "5",
    "Simplify PATH by small safe rules, and prove that it answers as before, in this process.",
)

document = _changing(
    TaskKind.DOCUMENT,
    "4",
    "Write docstrings whose examples run, from calls of the passing tests, in this process.",
)


@click.command()
@_code
@_tests
@_level("3")
@python_option
@json_option
@_junit
@_sarif
@_lines
@_proof
@asking.options
def validate(
    path: Path,
    tests: Path,
    level: Level,
    python: str,
    as_json: bool,
    junit: TextIO | None,
    sarif: TextIO | None,
    lines: bool,
    proof: Path | None,
    ask: bool,
    accept_gaps: Sequence[str],
    correct_gap: Mapping[str, str],
    new_tests: Path | None,
) -> None:
    """Prove PATH as it is, level by level.

    What levels 5 and 6 leave open can be answered: --ask asks here, --accept-gaps
    and --correct-gap take ids that an earlier run printed.  Answers become tests
    in a new file; no file is changed.
    """
    task = _task(path, tests, TaskKind.VALIDATE, level, python)
    answers = asking.Asking(ask, accept_gaps, correct_gap, new_tests or asking.beside(tests))
    answers.check()
    after: list[After] = [
        _reporting(junit, sarif, path, lines),
        *_proving(proof, task),
        answers.settle,
    ]
    sys.exit(_perform(task, as_json, 300.0, after))


def _task(path: Path, tests: Path, kind: TaskKind, level: Level, python: str) -> Task:
    return Task(
        code=read_tree(path, tests=False),
        tests=read_tests(tests, path),
        kind=kind,
        level=level,
        python=python,
    )


def _perform(task: Task, as_json: bool, seconds: float, after: Sequence[After]) -> int:
    """Do the job, print what came of it, and then whatever else was asked for."""
    from fractal_rmo.bootstrap.jails import sandbox
    from fractal_rmo.services.warm import warming

    start = time.monotonic()
    with sandbox() as jail, warming(jail, task):
        from fractal_rmo.cli.progress import Line
        from fractal_rmo.cli.show import print_solution
        from fractal_rmo.services.documents import solution_document
        from fractal_rmo.services.solve import solve

        with Line(sys.stderr) as line:
            solution = solve(
                task,
                jail,
                progress=line.show,
                out_of_time=lambda: time.monotonic() - start > seconds,
            )
    if as_json:
        click.echo(json.dumps(solution_document(solution), default=dict))
    else:
        print_solution(solution, time.monotonic() - start)
    for step in after:
        step(solution)
    if found_no_sandbox(solution.verdicts):
        return INFRASTRUCTURE
    return PROVEN if solution.proven else NOT_PROVEN


def _reporting(junit: TextIO | None, sarif: TextIO | None, path: Path, lines: bool) -> After:
    """The step that writes the reports; lines name files as a person here would."""
    folder = os.path.relpath(base_of(path))
    below = "" if folder == os.curdir else folder
    return Reports(junit, sarif, below if lines else None).write


def _proving(path: Path | None, task: Task) -> list[After]:
    """The step that writes a proof, where one is asked for."""
    if path is None:
        return []
    from fractal_rmo.cli.proof import prepare_proof

    return [prepare_proof(path, task)]


def _apply(path: Path, before: SourceTree, solution: Solution) -> None:
    """Write a proven patch into the person's files."""
    if solution.proven:
        for written in apply(path, before, solution.result):
            click.echo(f"wrote {written}", err=True)


COMMANDS = {str(command.name): command for command in (fix, refactor, document, validate)}
