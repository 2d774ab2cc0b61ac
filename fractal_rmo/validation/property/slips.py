"""What counts against the code when a call nobody chose goes wrong, and what does not.

A program raises ``IndexError`` or ``ValueError`` for what it does not want,
on purpose or nearly so; it never means to read a name that has no value, an
attribute of None, to recurse without end, or to end the process of whoever
calls it.  Even these count only for inputs that its type hints promise or, for
some, its tests span: among 272 programs of benchmarks that are right, four
raise ``IndexError`` within what their own tests span.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.generated.answers import Answer, agree, agree_but_for_order
from fractal_rmo.validation.generated.calls import Call
from fractal_rmo.validation.generated.given_calls import trees
from fractal_rmo.validation.property.reach import Reach, is_promised
from fractal_rmo.validation.property.uses import Uses

_OUTLIVING = ("monkeypatch", "patch", "subprocess", "multiprocessing", "Process", "fork")
"""What tests use that call something which ends its process, and go on."""
_OF_NONE = ("'NoneType' object has no attribute", "'NoneType' object is not")


@dataclass
class Slips:
    """Tells the crashes that no program means from those that one may."""

    code: SourceTree
    tests: SourceTree
    uses: Uses
    _meant: dict[str, frozenset[int]] = field(default_factory=dict)
    _reaches: dict[str, Reach] = field(default_factory=dict)
    _excused: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        nodes = [node for _, tree in trees(self.tests) for node in ast.walk(tree)]
        named = {
            str(getattr(node, name, ""))
            for node in nodes
            for name, kind in (("id", ast.Name), ("attr", ast.Attribute), ("arg", ast.arg))
            if isinstance(node, kind)
        }
        self._tests_prepare = not named.isdisjoint(_OUTLIVING)

    def learn(self, asked: Iterable[tuple[Call, Answer]]) -> None:
        """Excuse errors that calls of the tests meet here too: the tests want them, or prepare."""
        for call, answer in asked:
            is_theirs = call.arguments in call.target.examples
            is_wanted = answer.state == "raised" or self._tests_prepare
            if is_theirs and is_wanted and answer.state in ("raised", "gone"):
                self._excused.add((call.target.place, answer.error))

    def is_one(self, call: Call, answer: Answer) -> bool:
        """Whether the call did what a program never means, on a promised input.

        That is to end the process, or to raise what nobody raises on purpose.
        Where functions share what one of them has to set first, a call alone
        says nothing of what is raised, nor does one of a method, whose object
        the tests may bring into another state first.
        """
        if (call.target.place, answer.error) in self._excused:
            return False
        if answer.state == "gone" or answer.error == "SystemExit":
            return self._leaves(call, answer)
        if call.made is not None or not self.is_crash(answer) or self.uses.has_state(call.target):
            return False
        if answer.error == "NameError":
            return True
        judge = _JUDGES.get(answer.error)
        if judge is None or not is_promised(call.target, call.arguments):
            return False
        return judge(self, call, answer)

    def _leaves(self, call: Call, answer: Answer) -> bool:
        """Whether a process may not end here: ``sys.exit`` is a way to refuse what hints allow."""
        if self.in_reach(call):
            return True
        return answer.state == "gone" and is_promised(call.target, call.arguments)

    def is_crash(self, answer: Answer) -> bool:
        """Whether the code itself raised, without a ``raise`` or an ``assert`` in that line."""
        if answer.state != "raised" or answer.path not in self.code.files:
            return False
        if answer.path not in self._meant:
            self._meant[answer.path] = _lines_that_raise(self.code.files[answer.path])
        return answer.line not in self._meant[answer.path]

    def in_reach(self, call: Call) -> bool:
        """Whether the arguments lie within those of the tests."""
        place = call.target.place
        if place not in self._reaches:
            self._reaches[place] = Reach(call.target)
        return self._reaches[place].holds(call.arguments)


def _unbound(*_: object) -> bool:
    return True


def _of_none(_: Slips, __: Call, answer: Answer) -> bool:
    return answer.text.startswith(_OF_NONE)


def _endless(slips: Slips, call: Call, _: Answer) -> bool:
    """Hints cannot say "not negative", so that only what the tests span counts."""
    return slips.in_reach(call)


_JUDGES: Mapping[str, Callable[[Slips, Call, Answer], bool]] = {
    "UnboundLocalError": _unbound,
    "AttributeError": _of_none,
    "TypeError": _of_none,
    "RecursionError": _endless,
}


def _lines_that_raise(text: str) -> frozenset[int]:
    nodes = (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Raise | ast.Assert))
    return frozenset(
        line for n in nodes for line in range(n.lineno, (n.end_lineno or n.lineno) + 1)
    )


def differ(call: Call, one: Answer, two: Answer) -> bool:
    """Whether two answers differ in what a test would see.

    Order counts only where the tests compare the answer as it is.  Addresses
    of objects in texts are no part of an answer.
    """
    if agree(one, two) or (" at 0x" in one.text and " at 0x" in two.text):
        return False
    return call.target.exact or not agree_but_for_order(one, two)
