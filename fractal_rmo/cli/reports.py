"""Files that other tools read, beside what is printed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

import click

from fractal_rmo.version import VERSION

if TYPE_CHECKING:
    from fractal_rmo.services.solve import Solution


@dataclass(frozen=True, slots=True)
class Reports:
    """The files that were asked for, open for writing; None for those that were not."""

    junit: TextIO | None
    sarif: TextIO | None
    lines_below: str | None = None
    """Print what has a place as compilers do, under this path."""

    def write(self, solution: Solution) -> None:
        """Write the verdicts into each."""
        from fractal_rmo.services import reports

        if self.junit:
            self.junit.write(reports.junit(solution.verdicts))
        if self.sarif:
            json.dump(reports.sarif(solution.verdicts, VERSION), self.sarif, indent=2)
        if self.lines_below is not None:
            found = (f for verdict in solution.verdicts for f in reports.found_by(verdict))
            for line in filter(None, (finding.line_of(self.lines_below) for finding in found)):
                click.echo(line)
