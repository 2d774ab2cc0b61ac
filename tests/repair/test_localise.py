from __future__ import annotations

import ast
from math import sqrt

import pytest

from fractal_rmo.editing.source import ParsedFile
from fractal_rmo.repair.localise import UNIFORM, UNSEEN, Suspicion, head_lines, localise, ochiai


@pytest.mark.parametrize(
    ("failed", "passed", "all_failed", "expected"),
    [(0, 3, 2, 0.0), (2, 0, 2, 1.0), (1, 3, 1, 0.5), (1, 0, 4, 0.5), (2, 2, 2, 2 / sqrt(8))],
)
def test_ochiai(failed: int, passed: int, all_failed: int, expected: float) -> None:
    assert ochiai(failed, passed, all_failed) == pytest.approx(expected)


TRACE = {
    "fails": {"a.py": [1, 2, 3]},
    "passes": {"a.py": [1, 2], "b.py": [9]},
}


def test_what_only_failing_tests_execute_is_most_suspicious() -> None:
    lines = localise(TRACE, ["fails"]).lines
    assert lines[("a.py", 3)] == 1.0
    assert lines[("a.py", 2)] == lines[("a.py", 1)] == pytest.approx(1 / sqrt(2))
    assert ("b.py", 9) not in lines


def test_a_traceback_moves_a_line_halfway_to_certainty() -> None:
    lines = localise(TRACE, ["fails"], [("a.py", 2), ("b.py", 9)]).lines
    assert lines[("a.py", 2)] == pytest.approx((1 + 1 / sqrt(2)) / 2)
    assert lines[("b.py", 9)] == 0.5


def test_without_any_line_nothing_is_known() -> None:
    assert not localise({}, ["fails"]).known
    file = ParsedFile("a.py", "x = 1\n")
    assert localise({"fails": {}}, ["fails"]).of(file, file.tree.body[0]) == UNIFORM


def test_code_at_import_is_a_little_suspicious_and_unexecuted_code_not_at_all() -> None:
    file = ParsedFile("a.py", "LIMIT = 1\ndef f():\n    return LIMIT\n")
    limit, function = file.tree.body
    assert isinstance(function, ast.FunctionDef)
    known = Suspicion({("other.py", 1): 1.0})
    assert known.of(file, limit) == UNSEEN
    assert known.of(file, function.body[0]) == 0.0


def test_a_loop_is_blamed_for_its_head_alone() -> None:
    loop = ast.parse("for x in (\n    y\n):\n    a = 1\n    b = 2\n").body[0]
    assert list(head_lines(loop)) == [1, 2, 3]
    one_line = ast.parse("if x: y = 1\n").body[0]
    assert list(head_lines(one_line)) == [1]
