"""Inputs for the attack are literals like the tests' own; what it finds becomes a question."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.mutation.gaps import (
    MOST_CALLS,
    Call,
    Literals,
    Target,
    make_target,
    read_gap,
)


def target(code: str, tests: str = "", function: str = "f") -> Target | None:
    literals = Literals(SourceTree({"test_s.py": tests}))
    return make_target("solution.py", function, SourceTree({"solution.py": code}), literals)


def arguments(code: str, tests: str = "", function: str = "f") -> list[tuple[Any, ...]]:
    found = target(code, tests, function)
    assert found is not None
    return [call.arguments for call in found.calls]


def test_the_tests_own_calls_come_first_then_their_neighbours() -> None:
    found = arguments(
        "def f(a, b):\n    return a\n", "def test():\n    assert f(5, 'ab') == s.f(7, 'c')\n"
    )
    assert set(found[:2]) == {(5, "ab"), (7, "c")}
    assert {(6, "ab"), (4, "ab"), (5, ""), (5, "ba"), (8, "c")} <= set(found)
    assert all(len(each) == 2 for each in found)


def test_rows_of_parameters_are_taken_apart() -> None:
    found = arguments(
        "def f(a, b):\n    return a\n",
        "@p('a, b, c', [(31, 32, 63), (41, 42, 83)])\ndef t(): f(a, b)\n",
    )
    assert {(31, 32), (41, 42)} <= set(found)


@pytest.mark.parametrize(
    ("hint", "kind"),
    [
        ("int", int),
        ("'str'", str),
        ("list[int]", list),
        ("List[str]", list),
        ("Dict", dict),
        ("float", float),
    ],
)
def test_hints_say_what_no_test_says(hint: str, kind: type) -> None:
    found = arguments(f"def f(a: {hint}):\n    return a\n")
    assert found
    assert {type(each[0]) for each in found} == {kind}


def test_the_functions_own_constants_and_their_sides_are_tried() -> None:
    code = "def f(a, b):\n    return a > 77 or b.endswith('end')\n"
    found = arguments(code, "f(1, 'x')\n")
    assert {(76, "x"), (77, "x"), (78, "x"), (1, "end"), (1, "xend")} <= set(found)


def test_unions_have_values_of_each_part() -> None:
    code = "def f(a: int | None, b: 'Optional[str]', c: Union[bool, list]):\n    return a\n"
    one, two, three = ({type(v) for v in column} for column in zip(*arguments(code), strict=True))
    assert (one, two, three) == ({int, type(None)}, {str, type(None)}, {bool, list})


def test_inputs_are_the_same_each_time_and_bounded_literals() -> None:
    code, tests = "def f(a, b):\n    return a\n", "f([1, {2: (3,)}], 'é')\nf(1e999, 2)\n"
    found = arguments(code, tests)
    assert found == arguments(code, tests)
    assert len(found) == len(set(map(repr, found))) <= MOST_CALLS
    assert [ast.literal_eval(repr(each)) for each in found] == found


def test_methods_get_an_object_as_the_tests_make_one() -> None:
    code = (
        "class C:\n    def __init__(self, n):\n        self.n = n\n"
        "    def f(self, a):\n        return a\n"
    )
    found = target(code, "assert C(12).f(3) == 3\n", "C.f")
    assert found is not None
    assert found.calls[0] == Call((3,), (12,))
    assert found.written(found.calls[0]) == "C(12).f(3)"


def test_without_a_call_in_the_tests_defaults_are_tried_first() -> None:
    code = (
        "class C:\n    def __init__(self, n=3):\n        pass\n    def f(self):\n        return 1\n"
    )
    found = target(code, "", "C.f")
    assert found is not None
    assert found.written(found.calls[0]) == "C().f()"


def test_long_texts_of_the_code_are_no_inputs() -> None:
    code = f"def f(a):\n    '{'x' * 60}'\n    return a == 'short'\n"
    found = arguments(code, "f('y')\n")
    assert ("short",) in found
    assert not any("xxx" in str(each) for each in found)


def test_static_methods_need_none() -> None:
    code = (
        "class C:\n    @staticmethod\n    def f(a):\n        return a\n"
        "    @classmethod\n    def g(cls, a):\n        return a\n"
    )
    for name in ("f", "g"):
        found = target(code, f"assert C.{name}(3) == 3\n", f"C.{name}")
        assert found is not None
        assert found.written(found.calls[0]) == f"C.{name}(3)"
        assert found.calls[0].as_json() == ["", "(3,)"]


@pytest.mark.parametrize(
    "code", ["async def f(a):\n    return a\n", "def g(a):\n    return a\n", "def f(:\n"]
)
def test_what_cannot_be_called_is_no_target(code: str) -> None:
    assert target(code) is None


ONE = Target("solution.py", "", "f", (Call((3, [1])),))


def side(
    answer: str = "", raises: str = "", after: str = "", listed: bool = False
) -> dict[str, Any]:
    return {"answer": answer, "raises": raises, "after": after, "list": listed}


@pytest.mark.parametrize(
    ("original", "mutant", "question", "assertion"),
    [
        (side("7"), side("8"), "Is f(3, [1]) == 7 right? A mutant that answers 8 passes all tests.",
         "assert f(3, [1]) == 7"),
        (side("7"), side(raises="KeyError"),
         "Is f(3, [1]) == 7 right? A mutant that raises KeyError passes all tests.",
         "assert f(3, [1]) == 7"),
        (side(raises="KeyError"), side("8"),
         "Is it right that f(3, [1]) raises KeyError? A mutant that answers 8 passes all tests.",
         "with pytest.raises(KeyError):\n    f(3, [1])"),
        (side("[7]", listed=True), side("[]", listed=True),
         "Is list(f(3, [1])) == [7] right? A mutant that answers [] passes all tests.",
         "assert list(f(3, [1])) == [7]"),
        (side("None", after="(3, [2])"), side("None"),
         ("Is it right that f(*given) with given = (3, [1]) leaves (3, [2])?"
          " A mutant that leaves (3, [1]) passes all tests."),
         "given = (3, [1])\nf(*given)\nassert given == (3, [2])"),
    ],
)  # fmt: skip
def test_a_difference_is_a_question_with_its_assertion(
    original: Any, mutant: Any, question: str, assertion: str
) -> None:
    gap = read_gap({"call": 0, "original": original, "mutant": mutant}, ONE)
    assert gap is not None
    assert (gap.question, gap.assertion) == (question, assertion)
    compile(gap.assertion, "test", "exec")


def test_answers_are_better_questions_than_exceptions() -> None:
    pairs = [(side("7"), side("8")), (side("7"), side(raises="E")), (side(raises="E"), side("8"))]
    gaps = [read_gap({"call": 0, "original": one, "mutant": two}, ONE) for one, two in pairs]
    ranks = [gap.rank for gap in gaps if gap]
    assert ranks == sorted(ranks)
    assert len(ranks) == 3


@pytest.mark.parametrize(
    "item",
    [
        {"call": -1}, {"call": 5, "original": side("7"), "mutant": side("8")}, {"call": "0"}, {},
        {"call": 0, "original": [], "mutant": side("8")}, {"call": 0, "original": side("7")},
    ],
)  # fmt: skip
def test_no_difference_and_no_schema_are_no_gap(item: Any) -> None:
    assert read_gap(item, ONE) is None


def test_foreign_words_are_bounded() -> None:
    gap = read_gap({"call": 0, "original": side("7" * 9999), "mutant": side("8" * 9999)}, ONE)
    assert gap is not None
    assert len(gap.question) < 2000
