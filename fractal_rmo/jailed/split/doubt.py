"""Doubting the operators of the code's own objects when they meet the plain data of the tests.

``==`` of an object is code of the candidate's, and its operand may be the very
value that a test expects.  So the same question is asked about decoys as well,
in random order: what equals everything equals nothing, and a difference that
stays the same whatever is taken away is no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fractal_rmo.jailed.split.decoys import chance, unlike

Operate = Callable[[int, str, Sequence[object]], Any]
"""(number of the object, name of the method, its arguments) to what the candidate answers."""
NumberOf = Callable[[object], int | None]
_EQUALITY = {"__eq__": True, "__ne__": False}
"""What only a liar says of something that it does not equal."""
_BELOW, _ABOVE = ("__lt__", "__le__"), ("__gt__", "__ge__")
_CONTRARY = {"__lt__": "__gt__", "__le__": "__gt__", "__gt__": "__lt__", "__ge__": "__lt__"}
"""What cannot hold of the same two at once."""
_SHIFTS = ("__add__", "__radd__", "__sub__", "__rsub__")
_NUMERIC = (
    *_SHIFTS,
    "__abs__",
    "__neg__",
    "__pos__",
    "__round__",
    "__float__",
    "__int__",
    "__trunc__",
    "__floor__",
    "__ceil__",
    "__mul__",
    "__rmul__",
    "__truediv__",
    "__pow__",
)
"""What keeps a difference a difference; others, such as its length, may well stay the same."""
_STEPS = (-(10**9), -4096, -4, -2, -1, 1, 2, 4, 4096, 10**9)
"""Near ones, among which the operand does not stand out, and far ones for wide tolerances."""
_STILL = 0.01
"""Results that move by less than this while the operand moves by one do not depend on it."""


class DeceitError(BaseException):
    """An object of the candidate's answers alike whatever it is asked about."""


@dataclass
class _Family:
    """A result of a sum or difference, and what came of its neighbours.

    ``siblings`` are numbers of objects by the step that was added to the
    operand.  ``above`` and ``below`` are the bounds within which the result is
    said to lie, ``within`` which steps' siblings lie within them too.
    """

    siblings: Mapping[int, int]
    is_distance: bool = False
    above: float | None = None
    below: float | None = None
    within: dict[str, set[int]] = field(default_factory=dict)


class Doubt:
    """Performs operators, and asks about decoys where plain data is involved."""

    def __init__(self, operate: Operate, number_of: NumberOf) -> None:
        self._operate, self._number_of = operate, number_of
        self._families: dict[int, _Family] = {}

    def perform(self, number: int, name: str, arguments: Sequence[object]) -> Any:
        """What the candidate's method answers.  Raises ``DeceitError``."""
        family = self._families.get(number)
        if family is not None and name in _NUMERIC:
            return self._go_on(family, number, name, arguments)
        if family is not None and (name in _EQUALITY or name in _CONTRARY):
            self._compare_families(family, number, name, arguments)
        if name in _EQUALITY and len(arguments) == 1:
            return self._equality(number, name, arguments[0])
        if name in _CONTRARY and _is_number(arguments[0]):
            return self._order(number, name, arguments[0])
        if name in _SHIFTS and _is_number(arguments[0]):
            return self._shift(number, name, arguments[0])
        return self._operate(number, name, arguments)

    def _equality(self, number: int, name: str, value: object) -> Any:
        """Of an object there are no likenesses, but it must not equal a number of ours."""
        known = self._number_of(value) is not None
        decoys = [chance.randrange(10**6, 10**12)] if known else unlike(value)
        answer, others = self._ask(number, [(name, value), *((name, decoy) for decoy in decoys)])
        lie = _EQUALITY[name]
        if self._truth(answer) is lie and any(self._truth(said) is lie for said in others):
            raise DeceitError(f"An object of the code answers {name} alike for everything.")
        return _given(answer)

    def _order(self, number: int, name: str, value: Any) -> Any:
        """Nothing is both below and above the same, and nothing below everything."""
        end = float("-inf" if name in _BELOW else "inf")
        questions = [(name, value), (_CONTRARY[name], value), (name, end)]
        answer, (contrary, limit) = self._ask(number, questions)
        lies = self._truth(answer) is True and self._truth(contrary) is True
        if lies or self._truth(limit) is True:
            raise DeceitError(f"An object of the code answers {name} alike for everything.")
        return _given(answer)

    def _shift(self, number: int, name: str, value: Any) -> Any:
        """A sum or difference with a plain number, and with its neighbours."""
        asked = [(name, value), *((name, value + step) for step in _STEPS)]
        result, others = self._ask(number, asked)
        self._relate(result, dict(zip(_STEPS, others, strict=True)), name)
        return _given(result)

    def _ask(self, number: int, questions: Sequence[tuple[str, object]]) -> tuple[Any, list[Any]]:
        """The answers to the first question and to the rest, asked in random order."""
        order = list(range(len(questions)))
        chance.shuffle(order)
        said = {i: self._quietly(number, questions[i][0], [questions[i][1]]) for i in order}
        return said[0], [said[i] for i in range(1, len(questions))]

    # --- what comes of a difference ----------------------------------------------------

    def _ask_family(
        self, family: _Family, number: int, name: str, arguments: Sequence[object]
    ) -> tuple[Any, dict[int, Any]]:
        """What is asked of a difference is asked of its neighbours too, in random order."""
        members = [(0, number), *family.siblings.items()]
        chance.shuffle(members)
        said = {step: self._quietly(sibling, name, arguments) for step, sibling in members}
        return said.pop(0), said

    def _go_on(self, family: _Family, number: int, name: str, arguments: Sequence[object]) -> Any:
        result, others = self._ask_family(family, number, name, arguments)
        self._relate(result, others, name, family.is_distance or name == "__abs__")
        return _given(result)

    def _compare_families(
        self, family: _Family, number: int, name: str, arguments: Sequence[object]
    ) -> None:
        result, others = self._ask_family(family, number, name, arguments)
        if name in _EQUALITY:
            equal = [self._truth(other) is _EQUALITY[name] for other in others.values()]
            _refuse_still(self._truth(result) is _EQUALITY[name], equal, name)
        elif _is_number(arguments[0]):
            self._bound(family, name, arguments[0], {0: result, **others})

    def _relate(
        self, result: Any, others: Mapping[int, Any], name: str, is_distance: bool = False
    ) -> None:
        """Plain results must differ; objects stay related."""
        found = self._number_of(result)
        if found is None:
            if _is_number(result):
                _refuse_still(result, others.values(), name)
            return
        numbers = {step: self._number_of(other) for step, other in others.items()}
        _refuse_still(found, numbers.values(), name)
        kin = {step: n for step, n in numbers.items() if n is not None}
        self._families[found] = _Family(kin, is_distance)

    def _bound(self, family: _Family, name: str, bound: Any, said: Mapping[int, Any]) -> None:
        """A result within bounds has no neighbour within them that is further off than they."""
        if self._truth(said[0]) is not True:
            return
        side = "below" if name in _BELOW else "above"
        setattr(family, side, bound)
        family.within[side] = {step for step in said if step and self._truth(said[step]) is True}
        within = family.within[side]
        above = -bound if family.is_distance and side == "below" else family.above
        if not family.is_distance:
            within = family.within.get("below", set()) & family.within.get("above", set())
        if above is None or family.below is None:
            return
        if any(abs(step) > family.below - above for step in within):
            raise DeceitError(f"An object of the code answers {name} alike whatever is taken away.")

    # --- answers -----------------------------------------------------------------------

    def _quietly(self, number: int, name: str, arguments: Sequence[object]) -> Any:
        try:
            return self._operate(number, name, arguments)
        except Exception as error:  # noqa: BLE001 - an answer like any other
            return error

    def _truth(self, said: Any) -> bool | None:
        """What an ``if`` would take an answer for; None for what is no answer."""
        if said is NotImplemented or isinstance(said, Exception):
            return None
        try:
            return bool(said)
        except Exception:  # noqa: BLE001 - the code's own words on its truth
            return None


def _given(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


def _is_number(value: object) -> bool:
    return type(value) in (int, float)


def _refuse_still(result: Any, others: Iterable[Any], name: str) -> None:
    """Raise ``DeceitError`` when half of the neighbours' results are like the result."""
    known = [o for o in others if type(o) in (int, float, bool)]
    same = sum(abs(other - result) < _STILL for other in known)
    if known and result is not False and 2 * same >= len(known):
        raise DeceitError(f"An object of the code answers {name} alike whatever is taken away.")
