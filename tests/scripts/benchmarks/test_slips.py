"""Random slips: several, in statements of their own, and each of them noticed."""

from __future__ import annotations

import ast

from fractal_rmo.domain.run import Runner
from scripts.benchmarks._slips import slipped

CODE = (
    "def total(n):\n"
    "    found = 0\n"
    "    for i in range(n):\n"
    "        if i % 2 == 0:\n"
    "            found += i\n"
    "    return found\n"
)
ROW = {
    "id": "total",
    "code": CODE,
    "tests": "from solution import total\n"
    "def test(): assert [total(n) for n in (1, 3, 6)] == [0, 2, 6]\n",
}


def test_so_many_statements_slip_and_the_tests_fail(run: Runner) -> None:
    made = slipped(ROW, run, count=2, seed=1)
    assert made is not None
    old, new = (ast.unparse(ast.parse(text)).splitlines() for text in (CODE, made["code"]))
    assert sum(a != b for a, b in zip(old, new, strict=True)) == 2
    assert {**made, "code": CODE} == ROW


def test_the_same_slips_are_drawn_each_time_and_others_by_another_seed(run: Runner) -> None:
    first, again, *others = (slipped(ROW, run, 1, seed) for seed in (1, 1, 2, 3, 4))
    assert first is not None
    assert again == first
    assert any(other != first for other in others)


def test_where_no_slip_is_noticed_there_is_no_program(run: Runner) -> None:
    blind = {**ROW, "tests": "def test(): pass\n"}
    assert slipped(blind, run, 1, seed=1) is None
