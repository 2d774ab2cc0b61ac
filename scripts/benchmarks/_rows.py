"""Solved or buggy problems, as JSON lines: reading them, and judging code by tests quickly."""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Limits, RunEnding, Runner, RunRequest, Runtime
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Verdict
from fractal_rmo.editing.judging import TestReport, read_report

Row: TypeAlias = Mapping[str, Any]
LIMITS = Limits(wall_s=60.0, cpu_s=60, memory_mb=1024)


def add_options(
    parser: argparse.ArgumentParser,
    *,
    required: bool = True,
    budget: tuple[float, str] = (900.0, "seconds for everything"),
) -> None:
    """``--data``, ``--limit``, ``--budget`` and ``--seed``, as all benchmarks on rows have them.

    ``budget`` is the default, and what it means.
    """
    parser.add_argument("--data", type=Path, required=required, help="rows as JSON lines")
    parser.add_argument("--limit", type=int, default=0, help="rows taken; 0 takes all")
    parser.add_argument("--budget", type=float, default=budget[0], help=budget[1])
    parser.add_argument(
        "--seed", type=int, default=0, help="which rows a limit takes; 0: the first"
    )


def read_rows(data: Path, limit: int = 0, seed: int = 0) -> list[Row]:
    """The rows of a file in their order, or in one drawn by ``seed``; ``limit`` 0 takes all."""
    lines = data.read_text(encoding="utf-8").splitlines()
    found: list[Row] = [json.loads(line) for line in lines if line.strip()]
    if seed:
        Random(seed).shuffle(found)  # noqa: S311 - a sample, no secret
    return found[:limit] if limit else found


def numbered(taken: Sequence[Row], ends: float = math.inf) -> Iterator[tuple[int, Row]]:
    """Each row with its number from 1; none is begun after ``ends`` of ``time.monotonic``."""
    for number, row in enumerate(taken, 1):
        if time.monotonic() > ends:
            print(f"the budget is used up before row {number}", file=sys.stderr, flush=True)
            return
        yield number, row


def code_of(row: Row) -> SourceTree:
    """The row's code as the tests import it."""
    return SourceTree({"solution.py": row["code"]})


def given_tests(row: Row, name: str = "tests") -> SourceTree:
    """The row's ``tests`` or ``hidden_tests``."""
    return SourceTree({"test_solution.py": row[name]})


def quick_report(
    code: SourceTree, tests: SourceTree, run: Runner, label: str, limits: Limits = LIMITS
) -> TestReport | None:
    """The report of one quick run of all tests; None when no jail could be started."""
    payload: dict[str, Json] = {
        "tests": [path for path, _ in tests.python_files()],
        "code": list(code.files),
        "quick": True,
    }
    files = {f"code/{path}": text for path, text in code.files.items()}
    files |= {f"tests/{path}": text for path, text in tests.files.items()}
    result = run(RunRequest(Runtime.THICK, "unit_tests", files, payload, limits, label))
    return None if result.ending is RunEnding.UNAVAILABLE else read_report(result, code)


def passes(report: TestReport | None) -> bool:
    """Whether tests ran, and all passed."""
    if report is None or report.problem or not report.outcomes:
        return False
    return all(outcome == "passed" for outcome in report.outcomes.values())


def fails(report: TestReport | None) -> bool:
    """Whether the tests could be run, and one of them failed."""
    return report is not None and not report.problem and bool(report.failing)


def counted(verdict: Verdict, name: str) -> int:
    """A count of a verdict's evidence; 0 where it has none."""
    counts = verdict.evidence.get("counts")
    count = counts.get(name) if isinstance(counts, Mapping) else None
    return count if isinstance(count, int) else 0
