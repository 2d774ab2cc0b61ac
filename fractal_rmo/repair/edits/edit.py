"""What an edit operator is, and how it makes edits."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from fractal_rmo.editing.edit import Edit, replaced
from fractal_rmo.editing.source import ParsedFile, Positioned


@dataclass(frozen=True, slots=True)
class Site:
    """A file under repair and the ingredients that edits may use.

    ``literals`` come from the code and its tests, code first; ``functions``
    maps each function of the whole tree to its number of parameters, ``errors``
    are the exceptions that the tests name.
    """

    file: ParsedFile
    literals: tuple[int | float | str, ...] = ()
    functions: dict[str, int] = field(default_factory=dict)
    errors: tuple[str, ...] = ()

    def swap(
        self, node: Positioned, expression: str, weight: float = 1.0, *, deletes: bool = False
    ) -> Edit:
        """Put an expression in the place of a node."""
        old = self.file.segment(node)
        said = replaced(old, expression)
        new = self.file.fitted(node, expression)
        return self.cut(node, self.file.span(node), new, said, weight, deletes=deletes)

    def cut(
        self,
        node: Positioned,
        span: tuple[int, int],
        text: str,
        description: str,
        weight: float = 1.0,
        *,
        deletes: bool = False,
    ) -> Edit:
        """Put any text in the place of a span; ``node`` only tells the line."""
        return Edit(*span, text, node.lineno, description, weight, deletes)

    def literal(self, node: Positioned, value: object) -> str:
        """A constant as it is written for a node's place: a text in that one's quotes."""
        text = repr(value)
        double = isinstance(value, str) and self.file.segment(node).endswith('"')
        return f'"{text[1:-1]}"' if double and text[0] == "'" and '"' not in text else text

    def operand(self, node: ast.expr) -> str:
        """The text of a node, parenthesised unless it is atomic: safe beside any operator."""
        text = self.file.segment(node)
        return text if isinstance(node, _TIGHT) else f"({text})"


@dataclass(frozen=True, slots=True)
class Operator:
    """A kind of edit.

    ``examples`` are (before, after) pairs, each of them a test.  How likely it is
    to mend is told by ``repair.shipped`` and by what was learned.
    """

    name: str
    generate: Callable[[ast.AST, Site], Iterator[Edit]]
    examples: tuple[tuple[str, str], ...]


_TIGHT = (ast.Name, ast.Constant, ast.Call, ast.Attribute, ast.Subscript, ast.List, ast.Dict)
