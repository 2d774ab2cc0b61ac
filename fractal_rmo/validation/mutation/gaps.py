"""What the attack on survivors finds, as questions with the assertion that would close each gap."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.validation.generated.answers import TEXT_CHARS, Answer, read_answer
from fractal_rmo.validation.generated.calls import Call


@dataclass(frozen=True, slots=True)
class Gap:
    """A question that the tests leave open, and the assertion that would close it.

    ``rank`` sorts the best questions first.  Of a gap ``of_words`` both sides
    raise the same exception, with other messages.
    """

    question: str
    assertion: str
    rank: tuple[int, int]
    of_words: bool = False


def read_gap(item: Mapping[str, Json], calls: Sequence[Call]) -> Gap | None:
    """The question in one answer of the attack; None when it found no difference."""
    number = item.get("call")
    if not isinstance(number, int) or not 0 <= number < len(calls):
        return None
    call, one, other = calls[number], *(read_answer(item.get(n)) for n in ("original", "mutant"))
    if one.state == "raised" and other.ended:
        return _of_exception(call, one, other)
    if not one.whole or not all(map(_is_data, (one.text, *filter(None, [one.left])))):
        return None
    if not (other.whole or other.state == "raised"):
        return None
    if other.state == "raised" or one.text != other.text:
        return _of_value(call, one, other)
    if one.left != other.left:
        return _of_change(call, one, other)
    return _of_printing(call, one, other) if one.printed != other.printed else None


def _of_value(call: Call, one: Answer, other: Answer) -> Gap:
    text = f"list({call.written})" if one.is_iterator else call.written
    rank = (other.state == "raised") + (one.text == "None")
    return _gap(f"Is {text} == {one.text} right?", other, f"assert {text} == {one.text}", rank)


def _of_exception(call: Call, one: Answer, other: Answer) -> Gap:
    """Also the message is asked for where nothing else tells the two apart."""
    is_of_words = one.error == other.error
    message = f" with {one.message!r}" if is_of_words else ""
    matched = f", match=re.escape({one.message!r})" if is_of_words else ""
    return _gap(
        f"Is it right that {call.written} raises {one.error}{message}?",
        other,
        f"with pytest.raises({one.error}{matched}):\n    {call.written}",
        2 + (other.state == "raised"),
        is_of_words,
    )


def _of_change(call: Call, one: Answer, other: Answer) -> Gap:
    """The answers are alike, but the arguments are left differently."""
    given = repr(call.arguments.args)
    named = "".join(f", {name}={value!r}" for name, value in call.arguments.named)
    callee = f"{call.callee}(*given{named})"
    right, wrong = one.left or given, other.left or given
    question = (
        f"Is it right that {callee} with given = {given} leaves {right}?"
        f" A mutant that leaves {wrong} passes all tests."
    )
    return Gap(question, f"given = {given}\n{callee}\nassert given == {right}", (1, len(given)))


def _of_printing(call: Call, one: Answer, other: Answer) -> Gap:
    printed = repr(one.printed)
    test = f".startswith({printed})" if len(one.printed) >= TEXT_CHARS else f" == {printed}"
    question = (
        f"Is it right that {call.written} prints {printed}?"
        f" A mutant that prints {other.printed!r} passes all tests."
    )
    assertion = f"{call.written}\nassert capsys.readouterr().out{test}"
    return Gap(question, assertion, (2, len(printed)))


def _gap(question: str, other: Answer, assertion: str, rank: int, of_words: bool = False) -> Gap:
    whole = f"{question} A mutant that {_deed(other, of_words)} passes all tests."
    return Gap(whole, assertion, (rank, len(question)), of_words)


def _deed(other: Answer, with_message: bool) -> str:
    if other.state != "raised":
        return f"answers {other.text}"
    return f"raises {other.error}{f' with {other.message!r}' if with_message else ''}"


def _is_data(text: str) -> bool:
    """Whether a text is safe to paste: literals, and calls that have no literal of their own."""
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    for node in ast.walk(tree.body):
        if isinstance(node, ast.Name):
            is_data = node.id in _MADE_BY
        elif isinstance(node, ast.Call):
            is_data = isinstance(node.func, ast.Name) and not node.keywords
        else:
            is_data = isinstance(node, _DATA)
        if not is_data:
            return False
    return text.isprintable()


_MADE_BY = ("float", "set", "frozenset", "bytearray")
_DATA = (
    ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.UnaryOp, ast.USub, ast.BinOp,
    ast.Add, ast.Sub, ast.Load,
)  # fmt: skip
