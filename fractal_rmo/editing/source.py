"""One code file, parsed, with what the edit operators ask of it.

Edits are cut into the text at exact node positions, so comments and
formatting outside the edited place survive untouched.
"""

from __future__ import annotations

import ast
import copy
import re
import warnings
from collections.abc import Collection, Iterator
from functools import cached_property, lru_cache
from typing import TypeVar

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
ScopeNode = FunctionNode | ast.Lambda | ast.Module
Node = TypeVar("Node", bound=ast.AST)
Positioned = ast.expr | ast.stmt | ast.excepthandler | ast.arg | ast.keyword

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_LOOSE = (ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Attribute, ast.Subscript, ast.Await)
_ATOMIC = (
    ast.Name,
    ast.Constant,
    ast.Call,
    ast.Attribute,
    ast.Subscript,
    ast.List,
    ast.Dict,
    ast.Set,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.JoinedStr,
)


def parse(text: str) -> ast.Module | None:
    """The tree of a module that compiles, or None.

    Warnings about odd literals are the author's business, and a text nested
    too deeply for the parser counts as one that does not parse.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(text)
            compile(text, "<candidate>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    return tree


def copied(tree: Node) -> Node:
    """A copy, but for the operators: Python shares them between all trees.

    Some libraries note on each node what is above it, and so on the shared ones
    trees that are none of ours.
    """
    shared = (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)
    return copy.deepcopy(tree, {id(n): n for n in ast.walk(tree) if isinstance(n, shared)})


def called_name(call: ast.Call) -> str:
    """The last name of what is called; "" where it has none."""
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


@lru_cache(maxsize=32_768)
def is_atomic(expression: str) -> bool:
    """Whether an expression binds as tightly as a name, so that it never needs parentheses."""
    tree = parse(expression)
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return False
    return isinstance(tree.body[0].value, _ATOMIC)


class ParsedFile:
    """Text and tree of one file: spans, parents, scopes and ingredients.

    Raises ``ValueError`` when the text does not parse.
    """

    def __init__(self, path: str, text: str) -> None:
        tree = parse(text)
        if tree is None:
            raise ValueError(f"{path} does not parse")
        self._inside: dict[ast.AST, list[ast.AST]] = {}
        self._spans: dict[ast.AST, tuple[int, int]] = {}
        self.path = path
        self.text = text
        self.tree = tree
        self._lines = _LINE.findall(text)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Each node's parent."""
        pairs = ((c, n) for n in ast.walk(self.tree) for c in ast.iter_child_nodes(n))
        return dict(pairs)

    @cached_property
    def editable(self) -> list[ast.AST]:
        """All nodes that operators may look at, in source order of discovery.

        Left out: docstrings, annotations, imports, and what is inside an
        f-string, whose positions Python 3.11 does not tell.
        """
        found: list[ast.AST] = []
        todo: list[ast.AST] = [self.tree]
        while todo:
            node = todo.pop()
            found.append(node)
            todo.extend(reversed(list(_open_children(node))))
        return found

    def parent(self, node: ast.AST) -> ast.AST:
        """The node above; the module is its own parent."""
        return self.parents.get(node, self.tree)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes above, innermost first, up to the module."""
        while node is not self.tree:
            node = self.parent(node)
            yield node

    def offset(self, line: int, column: int) -> int:
        """Character offset of a 1-based line and a column in UTF-8 bytes."""
        content = self._lines[line - 1] if line <= len(self._lines) else ""
        if not content.isascii():
            column = len(content.encode()[:column].decode(errors="ignore"))
        return self._starts[line - 1] + column

    def span(self, node: Positioned) -> tuple[int, int]:
        """Character offsets (start, end) of a node."""
        known = self._spans.get(node)
        if known is None:
            end_line, end_column = node.end_lineno, node.end_col_offset
            if end_line is None or end_column is None:
                raise ValueError("a node without an end")
            known = self.offset(node.lineno, node.col_offset), self.offset(end_line, end_column)
            self._spans[node] = known
        return known

    def segment(self, node: Positioned) -> str:
        """The source text of a node, without parentheses around it."""
        start, end = self.span(node)
        return self.text[start:end]

    def line_span(self, node: ast.stmt) -> tuple[int, int] | None:
        """Offsets of the whole lines of a statement, or None when it shares a line."""
        first = node.lineno
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([first, *(d.lineno for d in node.decorator_list)])
        start, end = self._starts[first - 1], self._starts[node.end_lineno or node.lineno]
        before = self.text[start : self.span(node)[0]] if first == node.lineno else ""
        after = self.text[self.span(node)[1] : end].strip()
        alone = not before.strip() and (not after or after.startswith("#"))
        return (start, end) if alone else None

    def is_parenthesised(self, node: Positioned) -> bool:
        """Whether the nearest characters around a node are a pair of parentheses."""
        start, end = self.span(node)
        return self.text[:start].rstrip()[-1:] == "(" and self.text[end:].lstrip()[:1] == ")"

    def fitted(self, node: Positioned, expression: str) -> str:
        """``expression`` with parentheses when its new place needs them."""
        if is_atomic(expression) or self.is_parenthesised(node):
            return expression
        parent = self.parent(node)
        if isinstance(parent, ast.Subscript) and parent.slice is node:
            return expression  # brackets already hold it, and "(a:)" is no slice
        if "\n" in expression or isinstance(parent, _LOOSE):
            return f"({expression})"
        return expression

    def operator_span(self, left: ast.expr, right: ast.expr, symbol: str) -> tuple[int, int] | None:
        """Offsets of an operator's token between two operands, comments skipped."""
        start, end = self.span(left)[1], self.span(right)[0]
        gap = re.sub(r"#[^\r\n]*", lambda m: " " * len(m[0]), self.text[start:end])
        pattern = r"\s+".join(re.escape(word) for word in symbol.split())
        found = re.search(pattern, gap)
        return (start + found.start(), start + found.end()) if found else None

    def inside(self, node: ast.AST) -> list[ast.AST]:
        """A node and all below it, as ``ast.walk`` gives them."""
        if node not in self._inside:
            self._inside[node] = list(ast.walk(node))
        return self._inside[node]

    def statement(self, node: ast.AST) -> ast.stmt | None:
        """The innermost statement that holds a node."""
        if isinstance(node, ast.stmt):
            return node
        return next((a for a in self.ancestors(node) if isinstance(a, ast.stmt)), None)

    def block(self, node: ast.stmt) -> list[ast.stmt]:
        """The statements beside a statement, itself included."""
        for name in ("body", "orelse", "finalbody"):
            block = getattr(self.parent(node), name, [])
            if isinstance(block, list) and node in block:
                return block
        return [node]

    def is_elif(self, node: ast.stmt) -> bool:
        """Whether a statement is the ``elif`` of another."""
        return isinstance(node, ast.If) and self.text.startswith("elif", self.span(node)[0])

    def function(self, node: ast.AST) -> FunctionNode | None:
        """The innermost function that holds a node."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        return next((a for a in self.ancestors(node) if isinstance(a, kinds)), None)

    def names(self, node: ast.AST) -> list[str]:
        """Variables visible at a node, nearest scope first, in order of appearance."""
        found: dict[str, None] = {}
        for scope in self.ancestors(node):
            found.update(dict.fromkeys(self._bound.get(scope, ())))
        return list(found)

    def uses(self, names: Collection[str]) -> list[int]:
        """The lines in which variables or attributes of these names are read."""
        return [
            node.lineno
            for node in self.editable
            if (isinstance(node, ast.Name) and node.id in names)
            or (isinstance(node, ast.Attribute) and node.attr in names)
        ]

    @cached_property
    def _bound(self) -> dict[ast.AST, list[str]]:
        scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.Module)
        comprehensions = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
        bound: dict[ast.AST, list[str]] = {}
        for node in self.editable:
            name = _binding(node)
            if name is not None:
                inside = (*scopes, *comprehensions)
                home = next((a for a in self.ancestors(node) if isinstance(a, inside)), self.tree)
                bound.setdefault(home, []).append(name)
        return bound

    @cached_property
    def functions(self) -> dict[str, int]:
        """Functions of this file that are called by name, with their number of parameters."""
        return {
            node.name: len(node.args.args)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and not isinstance(self.parent(node), ast.ClassDef)
        }

    @cached_property
    def attributes(self) -> list[str]:
        """Attributes and methods that this file uses or defines, in order."""
        found: dict[str, None] = {}
        for node in self.editable:
            if isinstance(node, ast.Attribute):
                found[node.attr] = None
            elif isinstance(node, ast.FunctionDef) and isinstance(self.parent(node), ast.ClassDef):
                found[node.name] = None
        return [name for name in found if not name.startswith("__")]


def literals(tree: ast.AST) -> list[int | float | str]:
    """Numbers and short strings in a tree, each once, in order; booleans left out."""
    found: dict[str, int | float | str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float, str):
            value = node.value
            if isinstance(value, int | float | str) and len(repr(value)) <= 24:
                found.setdefault(repr(value), value)
    return list(found.values())


def _open_children(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom):
        return
    docstring = _docstring(node)
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "type_comment", "ctx"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and child is not docstring:
                yield child


def _docstring(node: ast.AST) -> ast.stmt | None:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    if not isinstance(node, kinds) or not node.body:
        return None
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return first if isinstance(first.value.value, str) else None
    return None


def _binding(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return node.id
    return node.arg if isinstance(node, ast.arg) else None
