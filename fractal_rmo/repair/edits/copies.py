"""What a function says at one place and should say at another one as well, or instead.

Statements are ingredients too ("plastic surgery": Barr et al., "The Plastic Surgery Hypothesis",
FSE 2014); those of the same function are tried.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fractal_rmo.editing.edit import Edit, shown
from fractal_rmo.repair.edits.edit import Operator, Site

STATEMENTS = 6
"""Other statements tried in the place of one, at most: the nearest ones."""
KEYED = 3
"""Pairs of a key and what it is kept in, at most."""
_SIMPLE = (ast.Assign, ast.AugAssign, ast.Expr)


def _other_statement(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``low = mid + 1`` to ``high = mid - 1``, as it stands in another branch."""
    function = site.file.function(node)
    if not isinstance(node, _SIMPLE) or function is None:
        return
    old = site.file.segment(node)
    others = [s for s in site.file.inside(function) if isinstance(s, _SIMPLE) and s is not node]
    others = [s for s in others if s in site.file.parents and not _is_words(s)]
    others.sort(key=lambda s: abs(s.lineno - node.lineno))
    texts = [site.file.segment(s) for s in others]
    for text in list(dict.fromkeys(t for t in texts if t != old and "\n" not in t))[:STATEMENTS]:
        yield site.swap(node, text)


def _is_words(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _again_behind_loop(node: ast.AST, site: Site) -> Iterator[Edit]:
    """What a loop does when a group ends is to be done once more, for the last group."""
    if not isinstance(node, ast.For | ast.While):
        return
    lines = site.file.line_span(node)
    inside = [s for one in node.body for s in site.file.inside(one)]
    if lines is None or not site.file.text[: lines[1]].endswith(("\n", "\r")):
        return
    for statement in inside:
        if isinstance(statement, _SIMPLE) and not _is_words(statement):
            text = site.file.segment(statement)
            if "\n" not in text:
                added = f"{' ' * node.col_offset}{text}\n"
                yield site.cut(node, (lines[1],) * 2, added, f"{shown(text)} behind the loop too")


def _counted(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``counts[key] = 1`` to ``counts[key] = counts.get(key, 0) + 1``, and so for ``+=``."""
    match node:
        case ast.Assign(targets=[ast.Subscript() as target], value=value):
            text = site.operand(value)
        case ast.AugAssign(target=ast.Subscript() as target, op=ast.Add(), value=value):
            text = site.operand(value)
        case _:
            return
    kept, key = site.file.segment(target.value), site.file.segment(target.slice)
    start = "[]" if isinstance(value, ast.List) else "0"
    yield site.swap(node, f"{site.file.segment(target)} = {kept}.get({key}, {start}) + {text}")


def _default(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``d[key]`` to ``d.get(key, 0)``: nobody put it there before."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
        return
    if isinstance(node.slice, ast.Slice | ast.BinOp | ast.UnaryOp):
        return  # a place in a row
    kept, key = site.file.segment(node.value), site.file.segment(node.slice)
    is_row = isinstance(site.file.parent(node), ast.For | ast.comprehension)
    for default in ("[]",) if is_row else ("0", "None", "[]"):
        yield site.swap(node, f"{kept}.get({key}, {default})")


def _unless_known(node: ast.AST, site: Site) -> Iterator[Edit]:
    """A condition that also asks whether a key is there, where the function keeps one."""
    function = site.file.function(node)
    parent = site.file.parent(node)
    if not isinstance(parent, ast.If | ast.While) or parent.test is not node or function is None:
        return
    assert isinstance(node, ast.expr)  # noqa: S101 - a test is one, for mypy
    text = site.operand(node) if isinstance(node, ast.BoolOp) else site.file.segment(node)
    places = [n for n in site.file.inside(function) if isinstance(n, ast.Subscript)]
    keyed = [(n.slice, n.value) for n in places if isinstance(n.slice, ast.Name)]
    said = [(site.file.segment(key), site.file.segment(kept)) for key, kept in keyed]
    for key, kept in list(dict.fromkeys(said))[:KEYED]:
        for asked in (f"{key} not in {kept}", f"{key} in {kept}"):
            yield site.swap(node, f"{asked} and {text}")


_BEFORE = "def f(a):\n    for x in a:\n        if x:\n            s += x\n"

OPERATORS = (
    Operator(
        "other statement",
        _other_statement,
        (("def f(a):\n    a = 1\n    b = 2\n", "def f(a):\n    b = 2\n    b = 2\n"),),
    ),
    Operator("again behind loop", _again_behind_loop, ((_BEFORE, _BEFORE + "    s += x\n"),)),
    Operator(
        "counted",
        _counted,
        (
            ("a[k] = 1\n", "a[k] = a.get(k, 0) + 1\n"),
            ("a[k] += [b]\n", "a[k] = a.get(k, []) + [b]\n"),
        ),
    ),
    Operator(
        "default",
        _default,
        (
            ("x = d[k]\n", "x = d.get(k, 0)\n"),
            ("for x in d[k]: f(x)\n", "for x in d.get(k, []): f(x)\n"),
        ),
    ),
    Operator(
        "unless known",
        _unless_known,
        (
            (
                "def f(a, k):\n    if len(a) > 2:\n        a[k] = 1\n",
                "def f(a, k):\n    if k not in a and len(a) > 2:\n        a[k] = 1\n",
            ),
        ),
    ),
)
