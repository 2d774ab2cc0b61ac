"""A mutant as the host knows it, and how it is shown."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.source import SourceTree

_MOST_CHARS = 10_000
_SHOWN_CHARS = 160


@dataclass(frozen=True, slots=True)
class Mutant:
    """An edit of one file: characters ``start`` to ``end`` become ``text``.

    ``function`` is the qualified name of what it changes, ``line`` that of
    its ``def``, from 1.  A byte order mark is no part of the file's text.
    """

    path: str
    start: int
    end: int
    text: str
    function: str
    line: int

    def as_json(self) -> dict[str, Json]:
        """For a run's payload."""
        return asdict(self)

    def place(self, code: SourceTree) -> int:
        """The line that is changed, from 1."""
        return _plain(code.files[self.path]).count("\n", 0, self.start) + 1

    def diff(self, code: SourceTree) -> str:
        """The changed lines alone, old and new; bounded."""
        old = _plain(code.files[self.path])
        new = old[: self.start] + self.text + old[self.end :]
        pairs = difflib.unified_diff(_around(old, self.start, self.end), self._new(new), n=0)
        changed = [line for line in pairs if line[:1] in "+-" and line[:3] not in ("+++", "---")]
        return "\n".join(line.rstrip()[:_SHOWN_CHARS] for line in changed[:8])

    def is_of_words(self, code: SourceTree) -> bool:
        """Whether the edit lies within what a ``raise`` gives to its exception: a message."""
        text = _plain(code.files[self.path])
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            return False
        raised = (node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise))
        given = (call.args for call in raised if isinstance(call, ast.Call))
        texts = (arg for args in given for arg in args if _is_text(arg))
        return any(self._lies_in(arg, text) for arg in texts)

    def _lies_in(self, node: ast.expr, text: str) -> bool:
        start = _offset(text, node.lineno, node.col_offset)
        end = _offset(text, node.end_lineno or node.lineno, node.end_col_offset or 0)
        return start <= self.start and self.end <= end

    def _new(self, new: str) -> list[str]:
        return _around(new, self.start, self.start + len(self.text))


def _around(text: str, start: int, end: int) -> list[str]:
    """The whole lines that hold a span."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    return text[first : None if last < 0 else last].split("\n")


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _offset(text: str, line: int, column: int) -> int:
    """The characters before a place that is given in lines from 1 and bytes of UTF-8."""
    lines = text.splitlines(keepends=True)
    return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())


def _plain(text: str) -> str:
    return text.removeprefix("\ufeff")


def read_mutant(item: Json, code: SourceTree) -> Mutant | None:
    """A mutant from a run's answer; None when it does not fit the code."""
    if not isinstance(item, Mapping):
        return None
    path, text, function = item.get("path"), item.get("text"), item.get("function")
    start, end, line = item.get("start"), item.get("end"), item.get("line")
    if not (isinstance(path, str) and isinstance(text, str) and isinstance(function, str)):
        return None
    if not (isinstance(start, int) and isinstance(end, int) and isinstance(line, int)):
        return None
    length = len(_plain(code.files.get(path, "")))
    fits = path in code.files and 0 <= start <= end <= length and len(text) <= _MOST_CHARS
    return Mutant(path, start, end, text, function, line) if fits else None
