"""Generated inputs: plain, bounded, repeatable, and where faults are."""

from __future__ import annotations

import ast

import pytest

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.generated.arguments import MAX_ARGUMENT_CHARS, Arguments
from fractal_rmo.validation.generated.hints import allows, samples
from fractal_rmo.validation.generated.inputs import calls_for, inputs_for
from fractal_rmo.validation.generated.neighbours import neighbours
from fractal_rmo.validation.generated.targets import Catalogue, Target
from fractal_rmo.validation.property.reach import Reach, is_promised


def _target(code: str, call: str) -> Target:
    tests = SourceTree({"test_s.py": f"from solution import f\ndef test():\n    f({call})\n"})
    return Catalogue(SourceTree({"solution.py": code}), tests).called().targets[0]


def _texts(code: str, call: str, count: int = 200) -> list[str]:
    return [str(arguments) for arguments in inputs_for(_target(code, call), count)]


def test_inputs_are_the_same_each_time_all_different_and_no_more_than_asked_for() -> None:
    code = "def f(a, b):\n    return a\n"
    texts = _texts(code, "[3, 1, 2], 'ab'")
    assert texts == _texts(code, "[3, 1, 2], 'ab'")
    assert len(texts) == len(set(texts)) == 200
    assert texts[0] == "[3, 1, 2], 'ab'"
    assert len(_texts(code, "1, 2", 10)) == 10


def test_inputs_are_literals_of_bounded_size() -> None:
    for text in _texts("def f(a, b, c):\n    return a\n", "{'a': [1.5]}, {1}, (2, '')"):
        ast.literal_eval(f"[{text}]")
        assert len(text) <= MAX_ARGUMENT_CHARS


def test_neighbours_of_constants_in_the_code_are_tried() -> None:
    texts = _texts("def f(n):\n    return n < 4711 or n == 'never'\n", "1")
    assert {"4710", "4711", "4712", "0", "-1", "2"} <= set(texts)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([3, 1, 1], [[], [1, 1], [3, 1], [1, 1, 3], [3, 1, 1, 3], [1, 3, 1], [1, 1, 3]]),
        ("abc", ["", "ab", "bc", "cba", "ABC", "bac"]),
        ({"a": 1, "b": 2}, [{}, {"a": 1}, {"b": 2}, {"a": 2, "b": 2}]),
        (True, [False]),
        ((1, "a"), [(1,), (), ("a", 1), (2, "a"), (0, "a")]),
    ],
)
def test_neighbours_are_shorter_longer_empty_and_in_other_orders(
    value: object, expected: list[object]
) -> None:
    found = [repr(one) for one in neighbours(value)]
    assert {repr(one) for one in expected} <= set(found)
    assert repr(value) not in found


def test_hints_alone_are_enough() -> None:
    code = "def f(a: int, *, b: list[str] | None):\n    return a\n"
    target = _target(code, "unknown, b=unknown")
    found = inputs_for(target, 90)
    assert found
    assert all(is_promised(target, arguments) for arguments in found)
    assert any(dict(arguments.named)["b"] is None for arguments in found)


def test_without_literals_or_hints_there_are_no_inputs() -> None:
    assert not _texts("def f(a: int, b):\n    return a\n", "unknown, 'x' * 2")


@pytest.mark.parametrize(
    ("hint", "good", "bad"),
    [
        ("int", 1, True),
        ("float", 1.0, 1),
        ("List[int]", [1], ["a"]),
        ("typing.Dict[str, list[int]]", {"a": [1]}, {"a": 1}),
        ("Optional[str]", None, 1),
        ("int | str", "a", 1.5),
        ("Union[int, None]", None, "a"),
        ("tuple[int, str]", (1, "a"), (1, "a", 2)),
        ("tuple[int, ...]", (1, 2, 3), ("a",)),
        ("Literal['a', 'b']", "a", "c"),
        ("'set[int]'", {1}, [1]),
        ("Sequence[int]", [1], "a"),
    ],
)
def test_hints_allow_what_they_promise_and_give_samples(
    hint: str, good: object, bad: object
) -> None:
    node = ast.parse(hint, mode="eval").body
    assert allows(node, good)
    assert not allows(node, bad)
    made = samples(node)
    assert made
    assert all(allows(node, value) for value in made)


DEEP = f"{'list[' * 60}int{']' * 60}"
WIDE = f"int{' | int' * 900}"


@pytest.mark.parametrize("hint", ["Callable[[int], int]", "MyClass", "'int['", DEEP, WIDE])
def test_a_hint_that_is_not_understood_promises_nothing(hint: str) -> None:
    node = ast.parse(hint, mode="eval").body
    assert not allows(node, 1)
    assert samples(node) is None


@pytest.mark.parametrize(
    ("call", "holds"),
    [
        ("[2, 4], 'b'", True),
        ("[2], 'b'", False),
        ("[2, 9], 'b'", False),
        ("[2, 4], 'c'", False),
        ("(2, 4), 'b'", False),
        ("[2, 4.0], 'b'", False),
        ("[2, 4], 'bb'", False),
    ],
)
def test_reach_is_what_the_tests_span(call: str, holds: bool) -> None:
    target = _target("def f(a, b):\n    return a\n", "[1, 5], 'ab'[0]")
    examples = (Arguments(([1, 5], "a")), Arguments(([3, 3, 3], "b")))
    target = Target(target.module, target.name, target.path, target.node, target.tree, examples)
    assert Reach(target).holds(Arguments(ast.literal_eval(f"({call})"))) is holds


def test_a_docstring_that_sets_terms_takes_the_promise_back() -> None:
    code = "def f(a: int):\n    '''{}'''\n    return a\n"
    arguments = Arguments((1,))
    assert is_promised(_target(code.format("Count."), "1"), arguments)
    assert not is_promised(_target(code.format("Raises ValueError for 1."), "1"), arguments)


@pytest.mark.parametrize(
    ("code", "call", "expected"),
    [
        ("def f(x):\n    return len(x) > 7\n", "[1, 2]",
         ["[1, 2, 1, 2, 1, 2]", "[1, 2, 1, 2, 1, 2, 1]", "[1, 2, 1, 2, 1, 2, 1, 2]"]),
        ("def f(x):\n    return 5 == len(x)\n", "'ab'", ["'abab'", "'ababa'", "'ababab'"]),
        ("def f(a, b):\n    return a < b\n", "3, 9", ["3, 3", "9, 9", "4, 9"]),
        ("def f(x):\n    return x.endswith('end')\n", "'x'", ["'end'", "'xend'", "'endx'"]),
        ("def f(x):\n    return 7 in x\n", "[1]", ["[1, 7]"]),
        ("def f(x):\n    return x[0] == x[1]\n", "[1, 5]", ["[1, 1]", "[5, 5]"]),
        ("def f(x):\n    return x\n", "b'ab'", ["b''", "b'ba'", "b'AB'"]),
    ],
)  # fmt: skip
def test_both_sides_of_what_the_code_compares_are_tried(
    code: str, call: str, expected: list[str]
) -> None:
    assert set(expected) <= set(_texts(code, call))


METHOD = (
    "class C:\n    def __init__(self, n: int):\n        self.n = n\n"
    "    def f(self, a):\n        return a\n"
)


def test_methods_are_called_on_objects_made_in_several_ways() -> None:
    tests = "from solution import C\ndef t():\n    C(12).f(3)\n    C(13)\n"
    catalogue = Catalogue(SourceTree({"solution.py": METHOD}), SourceTree({"test_s.py": tests}))
    calls = calls_for(catalogue.called().targets[0], 100)
    assert len(calls) == len({str(call) for call in calls}) <= 100
    assert "C(12).f(3)" in {call.written for call in calls}
    assert {str(call.made) for call in calls} == {"12", "13"}
    assert {str(call.as_json()["made"]) for call in calls} == {"['[12]', '{}']", "['[13]', '{}']"}


def test_without_tests_hints_make_the_object_and_guesses_the_arguments() -> None:
    catalogue = Catalogue(SourceTree({"solution.py": METHOD}), SourceTree({}))
    target = catalogue.defined("solution.py", "C.f")
    assert target is not None
    assert not calls_for(target, 50)
    calls = calls_for(target, 50, guess=True)
    assert len({type(call.arguments.args[0]) for call in calls}) > 5
    assert all(call.made and type(call.made.args[0]) is int for call in calls)
