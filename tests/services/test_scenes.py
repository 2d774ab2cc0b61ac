"""A test becomes a function of its literals, and what it asserts its answer."""

from __future__ import annotations

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.services.scenes import MODULE, staged
from fractal_rmo.validation.generated.answers import Answer
from fractal_rmo.validation.generated.arguments import Arguments
from fractal_rmo.validation.generated.calls import Call

BANK = """
class Bank:
    def __init__(self, start):
        self.money = start

    def pay(self, amount):
        if amount > self.money:
            raise ValueError(amount)
        self.money -= amount
        return self.money
"""
TESTS = """
import pytest
from solution import Bank

START = 10

def half(x):
    return x // 2

def test_pay():
    '''Words.'''
    bank = Bank(START)
    assert bank.pay(half(4)) == 8
    assert 3 == bank.pay(5)
    with pytest.raises(ValueError):
        bank.pay(99)

def test_plain():
    assert half(4) == 2

def test_given(tmp_path):
    assert Bank(7).pay(tmp_path) == 1
"""
CASE = """
import unittest
from solution import Bank

class BankTest(unittest.TestCase):
    def setUp(self):
        self.bank = Bank(20)

    def test_pay(self):
        self.assertEqual(self.bank.pay(5), 15)
        self.assertRaises(ValueError, self.bank.pay, 50)
"""


CALLED = ("f", "half")
PLAIN = "def test_a():\n    assert f(1) == 2\n"


def answers(tests: str, *values: object) -> list[object]:
    """What the first scene gives for other values."""
    stage = staged(SourceTree({"test_a.py": tests}))
    scene = stage.scenes[0]
    space: dict[str, object] = {"Bank": _bank()}
    text = stage.text.replace("from solution import Bank", "pass")
    exec(text, space)  # noqa: S102 - our own  # pylint: disable=exec-used
    given = values or scene.target.examples[0].args
    return space[scene.target.name](*given)  # type: ignore[no-any-return,operator]


def _bank() -> object:
    space: dict[str, object] = {}
    exec(BANK, space)  # noqa: S102 - our own  # pylint: disable=exec-used
    return space["Bank"]


def test_only_what_uses_objects_is_a_scene_and_its_values_are_parameters() -> None:
    first, twice, without = staged(SourceTree({"test_a.py": TESTS}), CALLED).scenes
    assert first.target.examples == (Arguments((4, 5, 99)),)
    assert twice.target.examples == (Arguments((4, 4, 5, 5, 99, 99)),)
    assert without.target.examples == (Arguments((4, 99)),)
    assert answers(TESTS) == [8, 3, "ValueError"]
    assert answers(TESTS, 8, 7, 0) == [6, "ValueError", 6]


def test_methods_of_a_test_case_have_what_it_sets_up() -> None:
    assert answers(CASE) == [15, "ValueError"]
    assert answers(CASE, 3, 1, 2) == [2, 0]


def test_a_scene_is_shown_as_the_tests_statements_with_its_values() -> None:
    stage = staged(SourceTree({"test_a.py": TESTS}))
    call = Call(stage.scenes[0].target, Arguments((6, 1, 2)))
    whole = "bank = Bank(START); bank.pay(half(6)); bank.pay(1); bank.pay(2)"
    unknown = Answer("late")
    assert stage.told(call, [unknown, unknown]) == (whole, ["late", "late"])


def test_of_a_scene_is_told_what_differs_and_nothing_behind_it() -> None:
    stage = staged(SourceTree({"test_a.py": TESTS}))
    call = Call(stage.scenes[0].target, Arguments((6, 1, 2)))
    kept = [Answer("value", text=text) for text in ("[3, 2, 4]", "[3, 'ValueError', 4]", "[]")]
    told, words = stage.told(call, kept)
    assert told == "bank = Bank(START); bank.pay(half(6)); bank.pay(1)"
    assert words == ["gives 2", "raises ValueError", "gives []"]


def test_a_flaky_test_is_no_scene() -> None:
    assert not staged(SourceTree({"test_a.py": TESTS}), CALLED, {"test_pay"}).scenes
    assert not staged(SourceTree({"test_a.py": CASE}), (), {"test_pay"}).scenes


def test_the_scenes_stand_beside_the_code() -> None:
    code = SourceTree({"solution.py": BANK})
    assert f"{MODULE}.py" in staged(SourceTree({"test_a.py": TESTS})).around(code).files
    assert staged(SourceTree({"test_a.py": PLAIN}), CALLED).around(code) is code
    assert staged(SourceTree({"test_a.py": PLAIN})).around(code) is not code


def test_what_does_not_parse_has_no_scenes() -> None:
    assert not staged(SourceTree({"test_a.py": "def test_a(:"})).scenes
