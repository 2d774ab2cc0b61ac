"""Examples in docstrings: parsed and compared here, run in a jail, by ``doctest``'s rules.

The code that is judged runs its examples and cannot reach the comparison.
In one thing this is milder than ``doctest``: an example without an expected
output claims nothing about its output, unless it is a comparison, which must
not be false.  Many docstrings are written so.
"""

from __future__ import annotations

import ast
import doctest
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fractal_rmo.validation.integration.parsing import parsed

_CHECKER, _PARSER = doctest.OutputChecker(), doctest.DocTestParser()
_HAVE_DOCSTRINGS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Example:
    """What one example prints (``want``), or how its exception reads (``raises``, else None)."""

    line: int
    source: str
    want: str
    raises: str | None
    flags: int

    def holds(self, output: str, raised: str) -> bool:
        """Whether this is what the example shows; ``raised`` is "" for no exception.

        The rules are those of ``doctest.DocTestRunner``.
        """
        if not raised and not self.want:
            return output != "False\n" or not _is_comparison(self.source)
        if not raised:
            return _CHECKER.check_output(self.want, output, self.flags)
        if self.raises is None:
            return False
        if _CHECKER.check_output(self.raises, raised, self.flags):
            return True
        ignoring = bool(self.flags & doctest.IGNORE_EXCEPTION_DETAIL)
        return ignoring and _kind(self.raises) == _kind(raised)


def examples(text: str) -> Iterator[Sequence[Example]]:
    """The examples of each docstring that has some, those to be skipped left out.

    A docstring that ``doctest`` cannot read has none: arrows in a text are no claim.
    """
    if ">>>" not in text:
        return
    for node in ast.walk(parsed(text)):
        if isinstance(node, _HAVE_DOCSTRINGS) and (found := _of_docstring(node)):
            yield found


def _of_docstring(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
) -> list[Example]:
    first = node.body[0] if node.body else None
    if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Constant):
        return []
    if not isinstance(first.value.value, str):
        return []
    try:
        found = _PARSER.get_examples(first.value.value)
    except ValueError:
        return []
    return [e for one in found if (e := _example(one, first.lineno)) is not None]


def _example(read: doctest.Example, first_line: int) -> Example | None:
    flags = sum(flag for flag, wanted in read.options.items() if wanted)
    if flags & doctest.SKIP:
        return None
    line = first_line + read.lineno
    return Example(line, read.source, read.want, read.exc_msg, flags)


def _is_comparison(source: str) -> bool:
    try:
        statement = parsed(source).body[0]
    except (SyntaxError, ValueError, IndexError):
        return False
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Compare)


def _kind(text: str) -> str:
    """The exception's own name, as with IGNORE_EXCEPTION_DETAIL: no module, no message."""
    return text.partition("\n")[0].partition(":")[0].strip().rpartition(".")[2]
