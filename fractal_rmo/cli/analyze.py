"""What five analyzers say of code, in this process; nothing is run."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from fractal_rmo.adapters.source_files import read_below, read_tests, read_tree
from fractal_rmo.cli.group import INFRASTRUCTURE, NOT_PROVEN, PROVEN
from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.finding import Severity
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.version import VERSION

if TYPE_CHECKING:
    from fractal_rmo.domain.finding import MergedAnalysis

_NEVER = "never"
_COLOURS = {Severity.CRITICAL: "red", Severity.HIGH: "red", Severity.MEDIUM: "yellow"}


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--tests", type=click.Path(path_type=Path), help="A pytest file or a folder.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--sarif",
    type=click.File("w", encoding="utf-8", lazy=False),
    help="Write what was found as SARIF 2.1.0.",
)
@click.option(
    "--fail-on",
    type=click.Choice([*(severity.value for severity in Severity), _NEVER]),
    default=Severity.HIGH.value,
    show_default=True,
    help="Exit with 1 for findings as severe as this.",
)
def analyze(
    paths: Sequence[Path], tests: Path | None, as_json: bool, sarif: TextIO | None, fail_on: str
) -> None:
    """Read PATHS for faults in syntax, logic, dependencies, security and performance.

    Nothing is run.  Files of several paths are named as they are seen from here.
    """
    from fractal_rmo.analysis.document import merged_to_document
    from fractal_rmo.services.analyze import analyze_here

    given = read_tests(tests, paths[0]) if tests else SourceTree()
    merged = analyze_here(_read(paths), given)
    if sarif:
        from fractal_rmo.services.reports import sarif_of_analysis

        json.dump(sarif_of_analysis(merged, VERSION), sarif, indent=2)
    if as_json:
        click.echo(json.dumps(merged_to_document(merged)))
    else:
        _show(merged)
    sys.exit(_code(merged, fail_on))


def _read(paths: Sequence[Path]) -> SourceTree:
    if len(paths) == 1:
        return read_tree(paths[0], tests=False)
    here = Path.cwd()
    below = [(here / path).resolve() for path in paths]
    outside = [str(path) for path in below if not path.is_relative_to(here)]
    if outside:
        detail = f"'{outside[0]}' is not below this folder."
        raise InputError(ErrorCode.NO_SUCH_FILE, detail)
    return read_below(here, below)


def _code(merged: MergedAnalysis, fail_on: str) -> int:
    if not merged.has_quorum:
        return INFRASTRUCTURE
    order = list(Severity)
    counted = () if fail_on == _NEVER else order[: order.index(Severity(fail_on)) + 1]
    severe = any(finding.severity in counted for finding in merged.findings)
    return NOT_PROVEN if severe else PROVEN


def _show(merged: MergedAnalysis) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from fractal_rmo.cli.show import safe

    console = Console(soft_wrap=True)
    table = Table("severity", "where", "what", "rule")
    order = list(Severity)
    for finding in sorted(merged.findings, key=lambda f: (order.index(f.severity), f.path, f.line)):
        colour = _COLOURS.get(finding.severity, "default")
        table.add_row(
            f"[{colour}]{finding.severity}[/{colour}]",
            escape(safe(f"{finding.path}:{finding.line}" if finding.line else finding.path)),
            escape(safe(finding.message)),
            escape(safe(f"{finding.tool} {finding.rule}")),
        )
    if merged.findings:
        console.print(table)
    for number, item in enumerate(merged.action_items, 1):
        words = f"{number}. {item.type} ({item.priority}): {item.reason}"
        console.print(safe(words), markup=False, highlight=False)
    for role in merged.missing:
        console.print(f"The {role} analyzer could not report.", markup=False, highlight=False)


COMMANDS = {"analyze": analyze}
