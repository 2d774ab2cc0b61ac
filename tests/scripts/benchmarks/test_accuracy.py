from __future__ import annotations

import json
from pathlib import Path

import pytest

from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from scripts.benchmarks import accuracy

pytestmark = pytest.mark.thorough

ROW = {
    "id": "clip",
    "code": "def clip(n):\n    return n if n < 100 else 100\n",
    "tests": "from solution import clip\n\n\ndef test():\n    assert clip(5) == 5\n",
    "hidden_tests": "from solution import clip\n\n\ndef test():\n"
    "    assert [clip(n) for n in (5, 99, 100, 101, 150)] == [5, 99, 100, 100, 100]\n",
}


def test_only_a_failure_below_level_6_is_a_false_reject() -> None:
    score = accuracy.Score()
    for level, outcome in (
        (Level.SYNTAX, Outcome.PASSED),
        (Level.STATIC, Outcome.FAILED),
        (Level.UNIT, Outcome.FLAKY),
        (Level.INTEGRATION, Outcome.NOT_APPLICABLE),
        (Level.PROPERTY, Outcome.ERROR),
        (Level.MUTATION, Outcome.FAILED),
    ):
        shared = level is Level.UNIT
        score.take_correct(ROW, Verdict(level, outcome, "why", shared_process=shared))
    value = score.value()
    assert value["false_rejects"] == {"1": 0, "2": 1, "3": 0, "4": 0, "5": 0}
    assert value["rejected"] == {"2": ["clip: why"]}
    assert value["unjudged"] == {"3": ["flaky: clip: why"], "5": ["error: clip: why"]}
    assert value["not_applicable"] == {"4": 1}
    assert (value["level6_correct_passed"], value["level6_correct"]) == (0, {"failed": 1})
    assert value["shared_process"] == 1


def test_the_spread_counts_the_first_two_of_a_row() -> None:
    score = accuracy.Score()
    score.ways = [(0, "question"), (1, ""), (2, "question"), (0, "counter-example")]
    value = score.value()
    assert (value["wrong"], value["caught"], value["caught_share"]) == (4, 3, 0.75)
    assert value["caught_how"] == {"question": 2, "counter-example": 1}
    assert value["spread"] == {"each": 2, "wrong": 3, "caught": 2}


@pytest.mark.slow
def test_a_row_goes_the_whole_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text(json.dumps(ROW))
    assert accuracy.main(["--data", str(data), "--each", "2"]) == 0
    value = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (value["correct"], value["wrong"], value["rows_with_wrong"]) == (1, 2, 1)
    assert value["false_rejects"] == {"1": 0, "2": 0, "3": 0, "4": 0, "5": 0}
    assert value["caught"] + len(value["missed"]) == 2
    assert value["questions_that_do_not_hold"] == []
