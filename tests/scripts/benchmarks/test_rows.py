from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from fractal_rmo.editing.judging import TestReport
from scripts.benchmarks._rows import fails, numbered, passes, read_rows


@pytest.fixture
def data(tmp_path: Path) -> Path:
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(json.dumps({"id": n}) for n in range(9)) + "\n\n")
    return file


def test_a_limit_takes_the_first_rows_and_a_seed_others(data: Path) -> None:
    assert [row["id"] for row in read_rows(data)] == list(range(9))
    assert [row["id"] for row in read_rows(data, 2)] == [0, 1]
    drawn = [row["id"] for row in read_rows(data, 4, seed=3)]
    assert drawn == [row["id"] for row in read_rows(data, 4, seed=3)]
    assert drawn != [0, 1, 2, 3]


def test_no_row_is_begun_after_the_budget(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = read_rows(data)
    assert [number for number, _ in numbered(rows, time.monotonic() + 60)] == list(range(1, 10))
    assert list(numbered(rows, time.monotonic() - 1)) == []
    assert "before row 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("report", "passing", "failing"),
    [
        (TestReport(outcomes={"a": "passed", "b": "passed"}), True, False),
        (TestReport(outcomes={"a": "passed", "b": "failed"}), False, True),
        (TestReport(outcomes={"a": "passed", "b": "skipped"}), False, False),
        (TestReport(), False, False),
        (TestReport(problem="it ended", outcomes={"a": "failed"}), False, False),
        (TestReport(problem="it ended", outcomes={"a": "passed"}), False, False),
        (None, False, False),
    ],
)
def test_what_was_not_judged_neither_passes_nor_fails(
    report: TestReport | None, passing: bool, failing: bool
) -> None:
    assert (passes(report), fails(report)) == (passing, failing)
