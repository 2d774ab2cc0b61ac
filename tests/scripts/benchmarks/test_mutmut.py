"""mutmut's own command line, once: names and places of its mutants change between versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from fractal_rmo.domain.source import SourceTree
from scripts.benchmarks._mutmut import lay_out, read_results, run_mutmut, shape_in

pytestmark = pytest.mark.thorough

CODE = (
    "class Box:\n    def grow(self, by):\n        return by + 1\n\n\n"
    "def half(n):\n    return n / 2\n"
)
TESTS = "from solution import Box\n\n\ndef test():\n    assert Box().grow(3) == 4\n"


@pytest.mark.slow
def test_mutants_are_found_with_their_function_shape_and_ending(tmp_path: Path) -> None:
    code = SourceTree({"solution.py": CODE})
    lay_out(tmp_path, code, SourceTree({"test_solution.py": TESTS}))
    assert run_mutmut(tmp_path, 100) > 0
    found = {(m.function, m.shape): m.ending for m in read_results(tmp_path, code)}
    assert found == {
        ("Box.grow", shape_in(CODE.replace("by + 1", "by - 1"), "Box.grow")): "killed",
        ("Box.grow", shape_in(CODE.replace("by + 1", "by + 2"), "Box.grow")): "killed",
        ("half", shape_in(CODE.replace("n / 2", "n * 2"), "half")): "no tests",
        ("half", shape_in(CODE.replace("n / 2", "n / 3"), "half")): "no tests",
    }


@pytest.mark.slow
def test_tests_that_fail_on_the_code_itself_are_no_measurement(tmp_path: Path) -> None:
    tests = SourceTree({"test_solution.py": TESTS.replace("== 4", "== 5")})
    lay_out(tmp_path, SourceTree({"solution.py": CODE}), tests)
    with pytest.raises(RuntimeError, match="mutmut ended with"):
        run_mutmut(tmp_path, 100)


def test_a_shape_leaves_out_the_name_alone() -> None:
    assert shape_in("def f(a):\n  return a", "f") == shape_in("def g(a):\n    return a\n", "g")
    assert shape_in("def f(a):\n    return a", "f") != shape_in("def f(a=1):\n    return a", "f")
    assert shape_in(CODE, "Box.grow") != shape_in(CODE, "half")
    assert shape_in(CODE, "Box.half") == ""
