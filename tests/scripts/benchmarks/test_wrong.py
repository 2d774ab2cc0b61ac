from __future__ import annotations

from fractal_rmo.domain.run import Runner
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.mutation.mutant import Mutant
from scripts.benchmarks._wrong import mutated, wrong_code

CODE = "def clip(n):\n    return n if n < 100 else 100\n"
ROW = {
    "id": "clip",
    "code": CODE,
    "tests": "from solution import clip\n\n\ndef test():\n    assert clip(5) == 5\n",
    "hidden_tests": "from solution import clip\n\n\ndef test():\n"
    "    assert [clip(n) for n in (5, 99, 100, 101, 150)] == [5, 99, 100, 100, 100]\n",
}


def test_wrong_code_is_what_the_visible_tests_accept_and_the_hidden_ones_do_not(
    run: Runner,
) -> None:
    found = wrong_code(ROW, run, most=9)
    texts = {wrong.code.files["solution.py"] for wrong in found}
    assert CODE.replace("else 100", "else 101") in texts
    # the same for whole numbers, so no test fails
    assert CODE.replace("<", "<=") not in texts
    for text in texts:
        assert clip(text, 5) == 5
        assert [clip(text, n) for n in (99, 100, 101, 150)] != [99, 100, 100, 100]


def clip(text: str, n: int) -> object:
    namespace: dict[str, object] = {}
    exec(text, namespace)  # noqa: S102 - our own two lines
    function = namespace["clip"]
    assert callable(function)
    return function(n)


def test_the_same_candidates_are_drawn_each_time(run: Runner) -> None:
    first, again = (wrong_code(ROW, run, most=1) for _ in range(2))
    assert len(first) == 1
    assert first == again


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    code = SourceTree({"a.py": "\ufeffx = 1\n"})
    assert mutated(code, Mutant("a.py", 4, 5, "2", "f", 1)).files["a.py"] == "x = 2\n"
