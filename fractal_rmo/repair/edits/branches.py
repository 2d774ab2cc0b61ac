"""Edits of branches and loops: ``if`` for ``while``, and an ``else`` that was forgotten."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fractal_rmo.editing.edit import Edit, shown
from fractal_rmo.repair.edits.edit import Operator, Site

INDENT = "    "
NAMES = 3
"""Variables that a missing branch may do with what the others do, at most."""
_PLAIN = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return)


def _repeated(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``if`` to ``while``, and back."""
    if not isinstance(node, ast.If | ast.While) or site.file.is_elif(node):
        return
    if isinstance(node, ast.If) and node.orelse:
        return
    old, new = ("if", "while") if isinstance(node, ast.If) else ("while", "if")
    start = site.file.span(node)[0]
    yield site.cut(node, (start, start + len(old)), new, f"replace {old} with {new}")


def _else_added(node: ast.AST, site: Site) -> Iterator[Edit]:
    """An ``else`` that does what a branch before it does, with a name or a plain value."""
    if not isinstance(node, ast.If) or node.orelse:
        return
    last = node.body[-1]
    lines = site.file.line_span(last)
    if lines is None or site.file.text[lines[1] - 1 : lines[1]] != "\n":
        return
    margin = " " * node.col_offset
    for statement in _branch_statements(node, site):
        text = f"{margin}else:\n{margin}{INDENT}{statement}\n"
        yield site.cut(node, (lines[1],) * 2, text, f"else {shown(statement)}")


def _branch_statements(node: ast.If, site: Site) -> list[str]:
    """The branch's last statement with another value, one by one."""
    last = node.body[-1]
    if not isinstance(last, _PLAIN):
        return []
    whole, names = site.file.segment(last), _names(node, site)
    found = list[str]()
    value = last.value
    match last:
        case ast.Expr(value=ast.Call(args=[*_, argument])):
            value = argument
        case ast.Expr():
            return []
    if value is not None:
        base, (start, end) = site.file.span(last)[0], site.file.span(value)
        head, tail = whole[: start - base], whole[end - base :]
        usual = [*names, "True", "False", "None", "0", "1"]
        found = [f"{head}{new}{tail}" for new in usual]
    if isinstance(last, ast.Assign | ast.AugAssign):
        target = last.targets[0] if isinstance(last, ast.Assign) else last.target
        text = site.file.segment(target)
        found += [f"{text} += 1", f"{text} -= 1"] if isinstance(last, ast.AugAssign) else []
    return [text for text in dict.fromkeys(found) if text != whole and "\n" not in text]


def _names(node: ast.If, site: Site) -> list[str]:
    """Those that the condition asks about come first."""
    asked = [n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)]
    visible = [name for name in site.file.names(node) if name != "self"]
    known = [name for name in asked if name in visible]
    return list(dict.fromkeys([*known, *visible]))[: NAMES + len(set(known))]


_LOOP = "def f(n):\n    {} n > 9:\n        n = g(n)\n    return n\n"
_BRANCH = "def f(a):\n    s = ''\n    for c in a:\n        if c > 'a':\n            s += g(c)\n{}"

OPERATORS = (
    Operator(
        "repeated",
        _repeated,
        (
            (_LOOP.format("if"), _LOOP.format("while")),
            (_LOOP.format("while"), _LOOP.format("if")),
        ),
    ),
    Operator(
        "else added",
        _else_added,
        ((_BRANCH.format(""), _BRANCH.format("        else:\n            s += c\n")),),
    ),
)
