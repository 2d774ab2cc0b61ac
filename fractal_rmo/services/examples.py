"""Examples in a description or a docstring: ``>>> f(1)`` and its answer, ``f(1) == 2``.

They are weak tests: people write them from memory.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from fractal_rmo.validation.generated.answers import Answer
from fractal_rmo.validation.generated.arguments import Arguments, can_be_written
from fractal_rmo.validation.generated.calls import Call
from fractal_rmo.validation.generated.targets import Target

MOST = 10
_LONGEST = 400
_BETWEEN = re.compile(
    r"\s*(?:==>|=>|==|=|->|➞|→|returns?|should return|should be|is|#)\s*|[ \t]*\n\s*"
)


@dataclass(frozen=True)
class Example:
    """A call and what somebody says it gives."""

    call: Call
    expected: object

    def allows(self, answer: Answer) -> bool:
        """Whether an answer is that, or cannot be compared."""
        if answer.state != "value":
            return answer.state != "raised"
        try:
            value = ast.literal_eval(answer.text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return True
        return _equal(value, self.expected)


def described(target: Target, description: str) -> list[Example]:
    """The examples of a function in a description and in its docstring, each call once."""
    if target.maker is not None:
        return []
    text = f"{ast.get_docstring(target.node) or ''}\n{description}"
    found: dict[str, Example] = {}
    for arguments, expected in _read(target.name, text):
        if can_be_written(arguments):
            found.setdefault(str(arguments), Example(Call(target, arguments), expected))
    return list(found.values())[:MOST]


def _read(name: str, text: str) -> Iterator[tuple[Arguments, object]]:
    for match in re.finditer(rf"\b{re.escape(name)}\(", text):
        call, end = _longest_call(text, match.start())
        between = _BETWEEN.match(text, end) if call else None
        if call is None or between is None:
            continue
        answer = _literal(text[between.end() :].partition("\n")[0])
        if answer is not None and (arguments := _arguments(call)):
            yield arguments, answer[0]


def _longest_call(text: str, start: int) -> tuple[ast.Call | None, int]:
    """The call that begins at a place, and where it ends."""
    for end in re.finditer(r"\)", text[start : start + _LONGEST]):
        piece = text[start : start + end.end()]
        try:
            tree = ast.parse(piece, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return (tree if isinstance(tree, ast.Call) else None), start + end.end()
    return None, start


def _arguments(call: ast.Call) -> Arguments | None:
    try:
        args = tuple(ast.literal_eval(node) for node in call.args)
        named = tuple((k.arg or "", ast.literal_eval(k.value)) for k in call.keywords)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    return Arguments(args, named)


def _literal(line: str) -> tuple[object] | None:
    """The literal at the beginning of a line, in a tuple of its own."""
    words = line[:_LONGEST].rstrip(" .;,")
    for piece in (words, words.partition("#")[0], words.partition(" (")[0], words.split(" ")[0]):
        try:
            return (ast.literal_eval(piece.strip().rstrip(".;,")),)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            continue
    return None


def _equal(one: object, two: object) -> bool:
    if isinstance(one, int | float) and isinstance(two, int | float):
        return abs(one - two) <= 1e-6 * max(1.0, abs(two))
    if isinstance(one, list | tuple) and isinstance(two, list | tuple):
        return type(one) is type(two) and len(one) == len(two) and all(map(_equal, one, two))
    return bool(one == two)
