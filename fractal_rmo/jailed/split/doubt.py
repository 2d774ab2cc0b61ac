"""Doubting the operators of the code's own objects when they meet the plain data of the tests.

``==`` of an object is code of the candidate's, and its operand may be the very
value that a test expects.  So the same question is asked about decoys as well,
in random order: what equals everything equals nothing, and a difference that
stays the same whatever is taken away is no difference.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

Operate = Callable[[int, str, Sequence[object]], Any]
"""(number of the object, name of the method, its arguments) to what the candidate answers."""
NumberOf = Callable[[object], int | None]
_EQUALITY = {"__eq__": False, "__ne__": True}
"""What an honest object says of something that it does not equal."""
_NEVER_BELOW = {"__lt__": float("-inf"), "__le__": float("-inf")}
_NEVER_ABOVE = {"__gt__": float("inf"), "__ge__": float("inf")}
_SHIFTS = ("__add__", "__radd__", "__sub__", "__rsub__")
_STEPS = (-(10**9), -3, -2, -1, 1, 2, 3, 10**9)
"""Small ones for what is near, and for clocks that go round; large ones for "less than"."""
_STILL = 0.01
"""Results that move by less than this while the operand moves by one do not depend on it."""


class DeceitError(BaseException):
    """An object of the candidate's answers alike whatever it is asked about."""


class Doubt:
    """Performs operators, and asks about decoys where plain data is involved."""

    def __init__(self, operate: Operate, number_of: NumberOf) -> None:
        self._operate, self._number_of = operate, number_of
        self._chance = random.Random()  # noqa: S311 - the other side cannot see it
        self._origins: dict[int, tuple[int, str, Any]] = {}

    def perform(self, number: int, name: str, arguments: Sequence[object]) -> Any:
        """What the candidate's method answers.  Raises ``DeceitError``."""
        if name in _EQUALITY and self._is_plain(arguments):
            some = self._chance.randrange(10**6, 10**12)
            decoys = [(decoy, _EQUALITY[name]) for decoy in _unlike(arguments[0], some)]
            return self._compare(number, name, arguments[0], decoys)
        if number in self._origins:
            return self._from_a_shift(number, name, arguments)
        limit = {**_NEVER_BELOW, **_NEVER_ABOVE}.get(name)
        if limit is not None and _is_number(arguments[0]):
            return self._compare(number, name, arguments[0], [(limit, False)])
        if name in _SHIFTS and _is_number(arguments[0]):
            return self._shift(number, name, arguments[0])
        return self._operate(number, name, arguments)

    def _is_plain(self, arguments: Sequence[object]) -> bool:
        return len(arguments) == 1 and self._number_of(arguments[0]) is None

    def _compare(
        self, number: int, name: str, value: object, decoys: list[tuple[object, bool]]
    ) -> Any:
        questions: list[tuple[object, bool | None]] = [(value, None), *decoys]
        self._chance.shuffle(questions)
        answer = None
        for asked, honest in questions:
            said = self._quietly(number, name, [asked])
            if honest is None:
                answer = said
            elif said is (not honest):
                raise DeceitError(f"An object of the code answers {name} alike for everything.")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _shift(self, number: int, name: str, value: Any) -> Any:
        """A sum or difference with a plain number; of an object as result, remember whence."""
        result = self._operate(number, name, [value])
        found = self._number_of(result)
        if found is not None:
            self._origins[found] = (number, name, value)
        elif _is_number(result):
            others = [self._quietly(number, name, [value + step]) for step in _STEPS]
            _refuse_still(result, others, name)
        return result

    def _from_a_shift(self, number: int, name: str, arguments: Sequence[object]) -> Any:
        """What is asked of a difference is asked of its neighbours too."""
        result = self._operate(number, name, arguments)
        if type(result) not in (int, float, bool):
            return result
        of, shift, value = self._origins[number]
        others = []
        for step in _STEPS:
            neighbour = self._number_of(self._quietly(of, shift, [value + step]))
            if neighbour is not None:
                others.append(self._quietly(neighbour, name, arguments))
        _refuse_still(result, others, name)
        return result

    def _quietly(self, number: int, name: str, arguments: Sequence[object]) -> Any:
        try:
            return self._operate(number, name, arguments)
        except Exception as error:  # noqa: BLE001 - an answer like any other
            return error


def _is_number(value: object) -> bool:
    return type(value) in (int, float)


def _refuse_still(result: Any, others: Sequence[Any], name: str) -> None:
    """Raise ``DeceitError`` when no neighbour's result differs from the result."""
    same = [type(o) in (int, float, bool) and abs(o - result) < _STILL for o in others]
    if same and all(same):
        raise DeceitError(f"An object of the code answers {name} alike whatever is taken away.")


def _unlike(value: Any, some: int) -> list[object]:
    """Plain values of the same type that nothing which equals ``value`` equals."""
    kind = type(value)
    if kind is int:
        return [value + some, value - some]
    if kind is float:
        return [float(some), -float(some)]
    if kind is str:
        return [f"{value}{some}", f"{some}"]
    if kind in (list, tuple, set, frozenset):
        return [kind([*value, some]), kind([some])]
    if kind is dict:
        return [{**value, some: some}, {some: some}]
    return [some, f"{some}"]
