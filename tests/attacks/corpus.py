"""The corpus of attacks and honest twins: read from folders, judged, and looked for afterwards.

A case is a folder with ``solution.py``, ``test_solution.py`` and ``expect.json``:
``{"verdict": "PASSED" | "NOT_PASSED"}`` and, where they help, ``kind`` (fake,
resource, escape, benign), ``why``, ``limits`` (fields of ``Limits``),
``repeat`` (how often it is judged in a row) and ``shared_process`` (what its
tests do needs one process).  The tests of
an escape hold when the escape succeeds.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fractal_rmo.domain.run import Runner
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.services.drive import drive
from fractal_rmo.validation.ladder import climb
from fractal_rmo.validation.subject import UNIT_LIMITS, Subject
from fractal_rmo.validation.unit.level import unit_level

CASES = Path(__file__).with_name("cases")
_MARK = "fractal-attack"
_SHARED = ("/tmp", "/var/tmp", "/dev/shm")


@dataclass(frozen=True)
class Case:
    """One folder of the corpus."""

    name: str
    subject: Subject
    expect: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """What sort of attack; "benign" for honest code."""
        honest = self.expect["verdict"] == "PASSED"
        return str(self.expect.get("kind", "benign" if honest else "fake"))

    @property
    def is_honest(self) -> bool:
        """Whether the code must pass."""
        return str(self.expect["verdict"]) == "PASSED"

    def by_unit_level(self, run: Runner) -> Verdict:
        """What the tests alone say, run as often as the case wants: the last verdict."""
        verdict = drive(unit_level(self.subject), run)
        for _ in range(int(self.expect.get("repeat", 1)) - 1):
            verdict = drive(unit_level(self.subject), run)
        return verdict

    def by_ladder(self, run: Runner) -> Verdict:
        """The verdict with which the climb to level 3 ends."""
        return drive(climb(self.subject, Level.UNIT), run)[-1]


def proves(verdict: Verdict) -> bool:
    """Whether this verdict proves the code to level 3."""
    return verdict.level is Level.UNIT and verdict.outcome is Outcome.PASSED


def read_cases(folder: Path) -> list[Case]:
    """Every case of a folder, by name."""
    return [_read(path.parent) for path in sorted(folder.glob("*/expect.json"))]


def _read(folder: Path) -> Case:
    expect = json.loads((folder / "expect.json").read_text(encoding="utf-8"))
    files = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))}
    tests = {name: text for name, text in files.items() if name.startswith("test_")}
    code = {name: text for name, text in files.items() if name not in tests}
    limits = replace(UNIT_LIMITS, **expect.get("limits", {}))
    subject = Subject(SourceTree(code), SourceTree(tests), unit_limits=limits)
    return Case(folder.name, subject, expect)


def left_behind() -> list[str]:
    """What attacks have left on this machine: files and processes that bear their mark."""
    files = [str(path) for place in _SHARED for path in Path(place).glob(f"{_MARK}*")]
    return [*files, *(f"process {name}" for name in _processes())]


def clear_away() -> None:
    """Remove the files that attacks have left where nothing hides the machine from them."""
    for place in _SHARED:
        for path in Path(place).glob(f"{_MARK}*"):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _processes() -> Iterator[str]:
    for comm in Path("/proc").glob("[0-9]*/comm"):
        with suppress(OSError):
            if comm.read_text(encoding="utf-8", errors="replace").startswith(_MARK):
                yield comm.parent.name
