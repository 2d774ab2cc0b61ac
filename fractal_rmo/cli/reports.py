"""Files that other tools read, beside what is printed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from fractal_rmo.version import VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from fractal_rmo.domain.task import Task
    from fractal_rmo.services.solve import Solution


@dataclass(frozen=True, slots=True)
class Reports:
    """The files that were asked for, open for writing; None for those that were not."""

    junit: TextIO | None
    sarif: TextIO | None
    proof: Path | None

    def write(self, task: Task, solution: Solution) -> None:
        """Write the verdicts into each, and a proof of what is proven."""
        from fractal_rmo.services import reports

        if self.junit:
            self.junit.write(reports.junit(solution.verdicts))
        if self.sarif:
            json.dump(reports.sarif(solution.verdicts, VERSION), self.sarif, indent=2)
        if self.proof and solution.proven:
            from fractal_rmo.cli.proof import write_proof

            write_proof(self.proof, task, solution)
