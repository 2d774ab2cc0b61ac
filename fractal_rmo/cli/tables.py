"""A table against its schema, in one process."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fractal_rmo.adapters.source_files import DataFile, read_text
from fractal_rmo.cli.group import INFRASTRUCTURE, NOT_PROVEN, PROVEN, json_option
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Task, TaskKind
from fractal_rmo.domain.verdict import Outcome, found_no_sandbox

if TYPE_CHECKING:
    from fractal_rmo.services.solve import Solution

_path = click.Path(path_type=Path)


@click.command()
@click.argument("file", type=_path)
@click.option("--schema", required=True, type=_path, help="A JSON Schema (2020-12) of a row.")
@click.option("--output", type=_path, help="Write the repaired table here; FILE itself is allowed.")
@click.option("--encoding", default="", help="Of FILE, where it is neither UTF-8 nor marked.")
@json_option
def data(file: Path, schema: Path, output: Path | None, encoding: str, as_json: bool) -> None:
    """Profile FILE (CSV or JSON), check each row, and repair what is surely meant.

    A row is repaired wholly or not at all; all else stays byte for byte as it is.
    Exit code 0: every row fulfils the schema now; 1: some do not.
    """
    from fractal_rmo.bootstrap.jails import sandbox
    from fractal_rmo.cli.progress import Line
    from fractal_rmo.services.documents import solution_document
    from fractal_rmo.services.solve import solve
    from fractal_rmo.services.warm import warming

    given = DataFile.read(file, encoding)
    task = Task(
        code=SourceTree({file.name: given.text}),
        tests=SourceTree({schema.name: read_text(schema)}),
        kind=TaskKind.DATA,
    )
    start = time.monotonic()
    with sandbox() as jail, warming(jail, task), Line(sys.stderr) as line:
        solution = solve(task, jail, progress=line.show)
    if as_json:
        click.echo(json.dumps(solution_document(solution), default=dict))
    else:
        _show(solution, time.monotonic() - start)
    if output and solution.verdicts[0].outcome is Outcome.PASSED:
        given.write(output, solution.result.files[file.name])
        click.echo(f"wrote {output}", err=True)
    if found_no_sandbox(solution.verdicts):
        sys.exit(INFRASTRUCTURE)
    sys.exit(PROVEN if solution.proven else NOT_PROVEN)


def _show(solution: Solution, seconds: float) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from fractal_rmo.cli.show import print_solution, safe
    from fractal_rmo.services.documents import profile
    from fractal_rmo.services.reports import found_by

    table = Table("column", "type", "missing", "distinct", "range", "most frequent")
    for column in profile(solution.verdicts):
        least, most = (column.get(n, column.get(m, "")) for n, m in _RANGES)
        top = column.get("top")
        words = ", ".join(f"{t} ({n})" for t, n in top[:3]) if isinstance(top, list) else ""
        cells = (column["name"], column["type"], column["missing"], column["distinct"])
        ends = f"{least} … {most}" if least != "" else ""
        table.add_row(*(escape(safe(str(cell))) for cell in (*cells, ends, words)))
    console = Console(soft_wrap=True)
    if table.rows:
        console.print(table)
    print_solution(solution, seconds)
    for verdict in solution.verdicts:
        for found in found_by(verdict):
            console.print(safe(found.sentence()), markup=False, highlight=False)


_RANGES = (("min", "shortest"), ("max", "longest"))
COMMANDS = {"data": data}
