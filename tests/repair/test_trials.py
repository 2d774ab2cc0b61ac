"""What one run of many candidates is asked."""

from __future__ import annotations

import pytest

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import RunEnding, RunResult
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.judging import Bench, TestReport
from fractal_rmo.repair.judge import Judge
from fractal_rmo.repair.problem import RepairProblem
from fractal_rmo.repair.trials import BATCH_SIZE, UNKNOWN, fitting

pytestmark = pytest.mark.thorough

CODE = SourceTree({"solution.py": "x = 1\n", "other.py": "y = 1\n" * 9})
TESTS = SourceTree({"test_solution.py": "def test_1(): pass\n"})


def changes(count: int, size: int) -> list[SourceTree]:
    return [CODE.replace("solution.py", f"x = {n}\n".ljust(size, "#")) for n in range(count)]


def test_a_run_takes_no_more_than_its_size() -> None:
    assert fitting(CODE, changes(96, 1_000)) == 96
    assert fitting(CODE, changes(9, BATCH_SIZE // 5)) == 5
    assert fitting(CODE, []) == 1


def test_what_does_not_fit_is_left_to_a_later_run() -> None:
    judge = Judge(RepairProblem(CODE, TESTS), Bench(TESTS), TestReport())
    asking = judge.many(changes(7, BATCH_SIZE // 5), "seven")
    payload = next(asking).payload
    assert isinstance(payload["candidates"], list)
    assert len(payload["candidates"]) == 5
    told: list[Json] = [{"number": n, "ending": "finished", "passed": ["t"]} for n in range(5)]
    value: Json = {"supported": True, "control": {}, "judged": told}
    with pytest.raises(StopIteration) as stop:
        asking.send(RunResult(RunEnding.COMPLETED, value))
    assert [trial.is_known for trial in stop.value.value] == [True] * 5 + [False] * 2
    assert stop.value.value[5:] == [UNKNOWN] * 2
