"""The checks of ``scripts/test``: what each runs, its share of the time, how results are summed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from types import FrameType
from typing import IO

_WITHOUT = tuple(
    f"--ignore=tests/{folder}"
    for folder in ("webapp", "deploy", "adapters/sandbox", "adapters/llm")
)
"""What --fast leaves out whole: other programs are started for it, again and again."""
_ON_BOTH_CORES = ("-n", "2", "--dist", "loadfile")
_WAITING_TOO = ("-n", "3", "--dist", "loadfile")
"""Two fifths of the unit tests' time is waiting for other processes."""
_RUNNING: set[subprocess.Popen[bytes]] = set()
"""What :func:`end_all` ends; each leads a process group of its own."""
NO_TESTS_COLLECTED = 5
"""pytest's exit code; fine for a selection that happens to be empty."""


@dataclass(frozen=True)
class Check:
    """One command, the seconds it may take, and its JUnit report if it is a test run."""

    name: str
    command: list[str]
    share_s: int
    report: Path | None = None


@dataclass(frozen=True)
class Result:
    """How a check went; ``code`` is None when it was ended at the end of its share."""

    check: Check
    code: int | None
    seconds: float

    @property
    def good(self) -> bool:
        """Whether the check passed."""
        empty = self.check.report is not None and self.code == NO_TESTS_COLLECTED
        return self.code == 0 or empty


def static(python: Path, *, with_pylint: bool) -> list[Check]:
    """The checks that only read the source."""
    tool = python.parent
    found = [
        Check("ruff", [str(tool / "ruff"), "check", "."], 60),
        Check("format", [str(tool / "ruff"), "format", "--check", "."], 60),
        Check("mypy", [str(python), "-m", "mypy"], 240),
        Check("imports", [str(tool / "lint-imports")], 60),
    ]
    if with_pylint:
        rooms = ["fractal_rmo", "workers", "webapp"]
        found.append(Check("pylint", [str(python), "-m", "pylint", *rooms], 600))
    return found


def fast(python: Path, folder: Path) -> list[Check]:
    """The quicker unit tests on both cores, and the cluster's smoke test."""
    unit = "not cluster and not slow and not thorough"
    return [
        _tests(python, folder, "unit", unit, 88, (*_ON_BOTH_CORES, *_WITHOUT)),
        # to collect all tests for this one takes as long as the test
        _tests(python, folder, "smoke", "cluster and smoke", 60, ("tests/cluster",)),
    ]


def whole(python: Path, folder: Path, *, slow: bool) -> list[Check]:
    """All tests; with the long ones, which lines run is counted, in every process but a cluster's.

    What is counted takes half as long again (``docs/decisions/0025-what-a-check-costs.md``).
    """
    found = [
        _tests(python, folder, "unit", "not cluster and not slow", 720, _WAITING_TOO, covered=slow),
        _tests(python, folder, "cluster", "cluster and not slow", 600, _ON_BOTH_CORES),
    ]
    if slow:
        found.append(_tests(python, folder, "slow", "slow", 3600, covered=True))
    return found


def coverage(python: Path, fail_under: int) -> list[Check]:
    """Put the processes' counts together and hold them to a percentage."""
    tool = [str(python), "-m", "coverage"]
    return [
        Check("combine", [*tool, "combine", "--quiet"], 60),
        Check("coverage", [*tool, "report", f"--fail-under={fail_under}"], 60),
    ]


def _tests(
    python: Path,
    folder: Path,
    name: str,
    selection: str,
    share_s: int,
    extra: Sequence[str] = (),
    *,
    covered: bool = False,
) -> Check:
    report = folder / f"{name}.xml"
    runner = ["-m", "coverage", "run", "-m", "pytest"] if covered else ["-m", "pytest"]
    options = ["-m", selection, f"--junitxml={report}", *extra]
    return Check(name, [str(python), *runner, *options], share_s, report)


def perform_in_turn(checks: list[Check], root: Path) -> list[Result]:
    """Run one check after the other, their output as it comes."""
    results = []
    for check in checks:
        print(f"== {check.name}", flush=True)
        results.append(perform(check, root))
    return results


def perform_side_by_side(lanes: list[list[Check]], root: Path) -> list[Result]:
    """Run the lanes at once, each in turn; a check's output is printed whole when it ends."""
    with ThreadPoolExecutor(len(lanes)) as pool:
        done = pool.map(lambda lane: [_perform_quietly(check, root) for check in lane], lanes)
        return [result for lane in done for result in lane]


def _perform_quietly(check: Check, root: Path) -> Result:
    print(f".. {check.name}", flush=True)
    with TemporaryFile() as output:
        result = perform(check, root, output)
        output.seek(0)
        said = output.read().decode(errors="replace")
    print(f"== {check.name}\n{said}", end="", flush=True)
    return result


def perform(check: Check, root: Path, output: IO[bytes] | None = None) -> Result:
    """Run one check; at the end of its share its whole process group is ended."""
    begun = time.monotonic()
    with subprocess.Popen(
        check.command, cwd=root, stdout=output, stderr=output, start_new_session=True
    ) as process:
        code: int | None
        _RUNNING.add(process)
        try:
            code = process.wait(check.share_s)
        except subprocess.TimeoutExpired:
            print(f"{check.name} took longer than its share of {check.share_s} s", flush=True)
            code = None
        finally:
            _end_group(process)
            _RUNNING.discard(process)
    return Result(check, code, time.monotonic() - begun)


def end_all(number: int, _frame: FrameType | None) -> None:
    """The handler of SIGINT and SIGTERM: what runs, in whichever lane, ends before this does."""
    for process in tuple(_RUNNING):
        _end_group(process)
    os._exit(128 + number)  # the lanes' threads would go on to their next check


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End what runs still, so that no timeout leaves a process."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def count(result: Result) -> tuple[int, int]:
    """(passed, failed) of a test run; a run without a report counts as one failure."""
    report = result.check.report
    if report is None:
        return 0, 0
    if not report.exists():
        return 0, 1
    root = ET.parse(report).getroot()  # noqa: S314 - written by our own pytest
    suite = root.find("testsuite")
    if suite is None:
        return 0, 1
    numbers = {key: int(suite.get(key, "0")) for key in ("tests", "failures", "errors", "skipped")}
    failed = numbers["failures"] + numbers["errors"]
    return numbers["tests"] - failed - numbers["skipped"], failed


def summarise(results: list[Result]) -> int:
    """Print the table and the line of totals; 0 when every check passed and tests ran."""
    for result in results:
        verdict = "ok    " if result.good else "FAILED"
        print(f"{verdict} {result.check.name:10} {result.seconds:6.1f} s")
    counts = [count(result) for result in results]
    passed, failed = (sum(column) for column in zip(*counts, strict=True))
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.stdout.flush()
    return 0 if all(result.good for result in results) and passed and not failed else 1
