"""Files that other tools read, beside what is printed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from fractal_rmo.version import VERSION

if TYPE_CHECKING:
    from fractal_rmo.services.solve import Solution


@dataclass(frozen=True, slots=True)
class Reports:
    """The files that were asked for, open for writing; None for those that were not."""

    junit: TextIO | None
    sarif: TextIO | None

    def write(self, solution: Solution) -> None:
        """Write the verdicts into each."""
        from fractal_rmo.services import reports

        if self.junit:
            self.junit.write(reports.junit(solution.verdicts))
        if self.sarif:
            json.dump(reports.sarif(solution.verdicts, VERSION), self.sarif, indent=2)
