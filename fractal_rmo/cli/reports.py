"""Files that other tools read, beside what is printed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

from fractal_rmo.domain.verdict import Verdict
from fractal_rmo.version import VERSION


@dataclass(frozen=True, slots=True)
class Reports:
    """The files that were asked for, open for writing; None for those that were not."""

    junit: TextIO | None
    sarif: TextIO | None

    def write(self, verdicts: Sequence[Verdict]) -> None:
        """Write the verdicts into each."""
        from fractal_rmo.services import reports

        if self.junit:
            self.junit.write(reports.junit(verdicts))
        if self.sarif:
            json.dump(reports.sarif(verdicts, VERSION), self.sarif, indent=2)
