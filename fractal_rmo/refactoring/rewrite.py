"""A rewrite, and the proof that its text says what its tree means and loses no comment."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product

from fractal_rmo.editing.edit import Edit
from fractal_rmo.editing.source import ParsedFile, is_atomic, parse
from fractal_rmo.refactoring.view import View

WIDEST = 100
"""Characters of a line that a rewrite may make; joining more makes nothing simpler."""
_WIDTH_PIECES = 4
"""Parts whose parentheses are tried in all combinations."""

Piece = str | ast.expr
"""Text as it is, or an expression of the file, which gets parentheses where it needs them."""
_UNCOUNTED = (ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop)
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """``new`` takes the place of ``old``: neighbours in one block, or one expression.

    ``pieces`` is how that is written, ``span`` the characters it takes the
    place of; None: those of ``old``.
    """

    old: Sequence[ast.stmt] | Sequence[ast.expr]
    new: Sequence[ast.stmt] | Sequence[ast.expr]
    pieces: Sequence[Piece]
    span: tuple[int, int] | None = None


def checked(view: View, rewrite: Rewrite, sentence: str) -> Edit | None:
    """The edit with the fewest parentheses whose text parses to exactly the tree that is meant.

    None when there is none, when a comment would be lost, a line grow too wide,
    a text become a docstring, or nothing would be simpler.
    """
    file = view.file
    if weight(rewrite.new) >= weight(rewrite.old) or _documents(file, rewrite):
        return None
    span = rewrite.span or (file.span(rewrite.old[0])[0], file.span(rewrite.old[-1])[1])
    wanted = ""
    for text in _texts(file, rewrite.pieces):
        edit = Edit(*span, text, rewrite.old[0].lineno, sentence)
        after = edit.apply(file.text)
        tree = parse(after)
        if tree is None:
            continue
        wanted = wanted or _meant(file, rewrite)
        if ast.dump(tree) == wanted and _keeps_form(file.text, after, edit):
            return edit
    return None


def weight(nodes: Iterable[ast.AST]) -> int:
    """Nodes, and for each statement its depth: what a rewrite must make less of."""
    total = 0
    todo = [(node, 0) for node in nodes]
    while todo:
        node, depth = todo.pop()
        if isinstance(node, _UNCOUNTED):
            continue
        total += 1
        if isinstance(node, ast.stmt):
            total += depth
            depth += 1
        todo.extend((child, depth) for child in ast.iter_child_nodes(node))
    return total


def _texts(file: ParsedFile, pieces: Sequence[Piece]) -> Iterator[str]:
    """The pieces as text, with ever more parentheses."""
    forms = [[piece] if isinstance(piece, str) else _forms(file, piece) for piece in pieces]
    open_ones = [n for n, form in enumerate(forms) if len(form) > 1]
    for n in open_ones[_WIDTH_PIECES:]:
        forms[n] = forms[n][1:]
    for chosen in sorted(product(*(enumerate(form) for form in forms)), key=_parentheses):
        yield "".join(text for _, text in chosen)


def _forms(file: ParsedFile, node: ast.expr) -> list[str]:
    text = file.segment(node)
    return [text] if is_atomic(text) else [text, f"({text})"]


def _parentheses(chosen: Sequence[tuple[int, str]]) -> int:
    return sum(number for number, _ in chosen)


def _meant(file: ParsedFile, rewrite: Rewrite) -> str:
    with _swapped(file, rewrite):
        return ast.dump(file.tree)


@contextmanager
def _swapped(file: ParsedFile, rewrite: Rewrite) -> Iterator[None]:
    """The file's tree with the new nodes in the place of the old ones, for a moment."""
    parent, first = file.parent(rewrite.old[0]), rewrite.old[0]
    for name, value in ast.iter_fields(parent):
        if value is first:
            setattr(parent, name, rewrite.new[0])
            yield
            setattr(parent, name, value)
            return
        if isinstance(value, list) and any(item is first for item in value):
            before = list(value)
            start = before.index(first)
            value[start : start + len(rewrite.old)] = rewrite.new
            yield
            value[:] = before
            return
    raise ValueError("a rewrite of a node that is not in the file")


def _documents(file: ParsedFile, rewrite: Rewrite) -> bool:
    """Whether a text that was none would become the docstring of its block."""
    parent, first = file.parent(rewrite.old[0]), rewrite.old[0]
    if not isinstance(parent, _DOCUMENTED) or parent.body[0] is not first:
        return False
    rest = [*rewrite.new, *parent.body[len(rewrite.old) :]]
    match rest:
        case [ast.Expr(value=ast.Constant(value=str())), *_]:
            return True
    return False


def _keeps_form(before: str, after: str, edit: Edit) -> bool:
    known = {line.strip() for line in before.splitlines()}
    narrow = all(len(line) <= WIDEST or line.strip() in known for line in after.splitlines())
    kept = _comments(before)
    in_place = kept is not None and kept == _comments(after) and not _moves_comment(before, edit)
    return narrow and in_place


def _moves_comment(before: str, edit: Edit) -> bool:
    """Whether a comment behind what is replaced would come to stand behind something else."""
    if not before[edit.end :].lstrip(" \t\f").startswith("#"):
        return False
    old = before[edit.start : edit.end].splitlines()
    return len(old) > 1 and old[-1].strip() != edit.text.rpartition("\n")[2].strip()


def _comments(text: str) -> list[str] | None:
    """All comments in order; None when the text cannot be told into tokens."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text, newline="").readline))
    except (tokenize.TokenError, SyntaxError):
        return None
    return [token.string for token in tokens if token.type == tokenize.COMMENT]
