"""The command ``fractal-rmo``.

Exit codes: 0 done and proven, 1 not proven, 2 bad usage, 3 infrastructure.
"""

from __future__ import annotations

import io
import json
import sys
import time
from pathlib import Path
from typing import TextIO

import click

from fractal_rmo.cli.apply import apply
from fractal_rmo.cli.group import INFRASTRUCTURE, NOT_PROVEN, PROVEN, Group, python_option, to_level
from fractal_rmo.cli.read import read_tests, read_tree
from fractal_rmo.cli.reports import Reports
from fractal_rmo.domain.errors import CATALOGUE, ErrorCode
from fractal_rmo.domain.task import Task, TaskKind
from fractal_rmo.domain.verdict import Level, found_no_sandbox
from fractal_rmo.version import VERSION

_CLUSTER = (
    "submit", "show", "watch", "tasks", "cancel", "retry", "up", "down", "status", "open", "token",
)  # fmt: skip


@click.group(
    cls=Group,
    elsewhere={
        "fractal_rmo.cli.cluster": _CLUSTER,
        "fractal_rmo.cli.proof": ("verify",),
        "fractal_rmo.cli.mcp": ("mcp",),
    },
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(VERSION, prog_name="fractal-rmo")
def cli() -> None:
    """Coding tasks in, results proven by execution out."""


_code = click.argument("path", type=click.Path(path_type=Path))
_tests = click.option(
    "--tests", required=True, type=click.Path(path_type=Path), help="A pytest file or a folder."
)
_upto = click.option(
    "--level", default="3", callback=to_level, help="Prove up to this level (default 3)."
)
_REPORT = click.File("w", encoding="utf-8", lazy=False)  # refused before anything runs
_PROOF = click.option(
    "--proof",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write what is proven as one signed file, for 'fractal-rmo verify'.",
)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@cli.command()
@_code
@_tests
@_upto
@python_option
@_as_json
@click.option(
    "--seconds",
    type=click.FloatRange(0, 86_400),
    default=300.0,
    show_default=True,
    help="Begin no further candidate after this time.",
)
@click.option("--apply", "apply_", is_flag=True, help="Write a proven patch into the files.")
@_PROOF
def fix(
    path: Path,
    tests: Path,
    level: Level,
    python: str,
    as_json: bool,
    seconds: float,
    apply_: bool,
    proof: Path | None,
) -> None:
    """Repair PATH so that its tests pass, and prove the result, in this process."""
    task = _task(path, tests, TaskKind.FIX, level, python)
    reports = Reports(None, None, proof)
    sys.exit(_perform(task, as_json, seconds, path if apply_ else None, reports))


@cli.command()
@_code
@_tests
@_upto
@python_option
@_as_json
@click.option("--junit", type=_REPORT, help="Write the verdicts as JUnit XML.")
@click.option("--sarif", type=_REPORT, help="Write what was found as SARIF 2.1.0.")
@_PROOF
def validate(
    path: Path,
    tests: Path,
    level: Level,
    python: str,
    as_json: bool,
    junit: TextIO | None,
    sarif: TextIO | None,
    proof: Path | None,
) -> None:
    """Prove PATH as it is, level by level."""
    task = _task(path, tests, TaskKind.VALIDATE, level, python)
    sys.exit(_perform(task, as_json, 300.0, None, Reports(junit, sarif, proof)))


@cli.command()
@click.argument("code")
def explain(code: str) -> None:
    """Say what an error CODE means and what mends it."""
    try:
        known = ErrorCode(code.upper())
    except ValueError:
        known_codes = ", ".join(ErrorCode)
        raise click.UsageError(f"'{code}' is no error code. Codes are: {known_codes}.") from None
    click.echo(f"{known} {known.name}\n{CATALOGUE[known].title}\n{CATALOGUE[known].remedy}")


@cli.command()
def doctor() -> None:
    """Check what this machine can do; nothing is started."""
    from fractal_rmo.bootstrap import free_space, sandbox_tiers, server_trouble

    click.echo(f"fractal-rmo {VERSION}, Python {sys.version.split()[0]}")
    for tier, trouble in sandbox_tiers().items():
        click.echo(f"sandbox {tier}: {trouble or 'works'}")
    for place, free_mb in free_space().items():
        click.echo(f"free in {place}: {free_mb:,} MB")
    for sentence in server_trouble() or ["database and broker answer"]:
        click.echo(sentence)


def _task(path: Path, tests: Path, kind: TaskKind, level: Level, python: str) -> Task:
    return Task(
        code=read_tree(path, tests=False),
        tests=read_tests(tests, path),
        kind=kind,
        level=level,
        python=python,
    )


def _perform(
    task: Task,
    as_json: bool,
    seconds: float,
    apply_to: Path | None,
    reports: Reports,
) -> int:
    from fractal_rmo.bootstrap import sandbox
    from fractal_rmo.services.warm import warming

    start = time.monotonic()
    with sandbox() as jail, warming(jail, task):
        from fractal_rmo.cli.progress import Line
        from fractal_rmo.cli.show import print_solution, to_document
        from fractal_rmo.services.solve import solve

        with Line(sys.stderr) as line:
            solution = solve(
                task,
                jail,
                progress=line.show,
                out_of_time=lambda: time.monotonic() - start > seconds,
            )
    reports.write(task, solution)
    if as_json:
        click.echo(json.dumps(to_document(solution), default=dict))
    else:
        print_solution(solution, time.monotonic() - start)
    if apply_to and solution.proven:
        for written in apply(apply_to, task.code, solution.result):
            click.echo(f"wrote {written}", err=True)
    if found_no_sandbox(solution.verdicts):
        return INFRASTRUCTURE
    return PROVEN if solution.proven else NOT_PROVEN


def main() -> None:
    """Entry point of the console script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no box characters
    cli(prog_name="fractal-rmo")


if __name__ == "__main__":
    main()
