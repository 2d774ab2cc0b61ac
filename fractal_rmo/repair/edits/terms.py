"""Edits that add or take away a term or a slice."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fractal_rmo.editing.edit import Edit
from fractal_rmo.editing.source import called_name
from fractal_rmo.repair.edits.edit import Operator, Site
from fractal_rmo.repair.edits.symbols import SYMBOLS

UNUSUAL, RARE = 0.8, 0.6
"""What is left of the weight of one more or less where that is seldom, and where it hardly is:
more than in right programs, since faults are where one is forgotten."""
NEAR = 6
"""Variables tried as a missing term: the nearest ones."""


def _term_dropped(node: ast.AST, site: Site) -> Iterator[Edit]:
    if isinstance(node, ast.BinOp):
        for kept in (node.left, node.right):
            yield site.swap(node, site.file.segment(kept), deletes=True)


def _middle_dropped(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``a ** b * c`` to ``a ** c``: the second term with the operator behind it."""
    if isinstance(node, ast.BinOp) and isinstance(node.left, ast.BinOp):
        first, symbol = site.operand(node.left.left), SYMBOLS[type(node.left.op)]
        yield site.swap(node, f"{first} {symbol} {site.operand(node.right)}", deletes=True)


def _regrouped(node: ast.AST, site: Site) -> Iterator[Edit]:
    """The same terms, put together otherwise: parentheses were forgotten, or set wrongly."""
    if isinstance(node, ast.BinOp):
        yield from _regrouped_terms(node, site)
    elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        first, *rest = node.values
        if isinstance(first, ast.BoolOp):
            outer = " and ".join(site.operand(value) for value in first.values[:-1])
            inner = " or ".join(site.operand(value) for value in (first.values[-1], *rest))
            yield site.swap(node, f"{outer} and ({inner})")


def _regrouped_terms(node: ast.BinOp, site: Site) -> Iterator[Edit]:
    own = SYMBOLS[type(node.op)]
    if isinstance(node.left, ast.BinOp):
        a, b, c = (site.operand(n) for n in (node.left.left, node.left.right, node.right))
        yield site.swap(node, f"{a} {SYMBOLS[type(node.left.op)]} ({b} {own} {c})")
    if isinstance(node.right, ast.BinOp):
        a, b, c = (site.operand(n) for n in (node.left, node.right.left, node.right.right))
        yield site.swap(node, f"({a} {own} {b}) {SYMBOLS[type(node.right.op)]} {c}")


def _one_added(node: ast.AST, site: Site) -> Iterator[Edit]:
    if _takes_term(node, site) and isinstance(node, ast.expr):
        text, usual = _beside_plus(node, site), _off_by_one_is_usual(node, site)
        yield site.swap(node, f"{text} + 1", usual)
        yield site.swap(node, f"{text} - 1", usual)
        yield site.swap(node, f"{text} + 2", 0.25 * usual)


def _off_by_one_is_usual(node: ast.expr, site: Site) -> float:
    """How usual one more or less is there.

    In the standard library's modules 23 % of the arguments of ``range`` and 16 % of the bounds of
    slices have it, 5 % of the values of ``len``, 3.5 % of the indices, 1 to 2 % of what is
    assigned or multiplied, and 0.5 % of all else.
    """
    above = site.file.parent(node)
    match above:
        case ast.Slice() | ast.Subscript():
            return 1.0
        case ast.Call():
            return 1.0 if called_name(above) == "range" else RARE
        case ast.Assign() | ast.AugAssign() | ast.BinOp():
            return UNUSUAL
        case _:
            is_length = isinstance(node, ast.Call) and called_name(node) == "len"
            return 1.0 if is_length else RARE


def _term_added(node: ast.AST, site: Site) -> Iterator[Edit]:
    if not _takes_term(node, site) or not isinstance(node, ast.expr):
        return
    old, text = site.file.segment(node), _beside_plus(node, site)
    for name in site.file.names(node)[:NEAR]:
        if name in {old, "self"}:
            continue
        for rank, symbol in enumerate("+-*%"):
            left = text if symbol in "+-" else site.operand(node)
            yield site.swap(node, f"{left} {symbol} {name}", 1.0 - 0.2 * rank)


def _factor_added(node: ast.AST, site: Site) -> Iterator[Edit]:
    if _takes_term(node, site) and isinstance(node, ast.expr):
        for new in ("* 2", "// 2", "/ 2", "% 2", "** 2", "% 10", "// 10", "** 0.5", "/ 100"):
            yield site.swap(node, f"{site.operand(node)} {new}")


def _takes_term(node: ast.AST, site: Site) -> bool:
    kinds = (ast.Name, ast.Call, ast.BinOp, ast.Subscript, ast.Attribute)
    if not isinstance(node, kinds) or not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return False
    parent = site.file.parent(node)
    if isinstance(parent, ast.Call):
        return parent.func is not node
    if isinstance(parent, ast.Subscript):
        return parent.slice is node
    return not isinstance(parent, ast.Attribute | ast.For | ast.comprehension | ast.Expr)


def _beside_plus(node: ast.expr, site: Site) -> str:
    loose = isinstance(node, ast.BoolOp | ast.Compare | ast.IfExp | ast.Lambda)
    return f"({site.file.segment(node)})" if loose else site.file.segment(node)


def _slice_bounds(node: ast.AST, site: Site) -> Iterator[Edit]:
    if not isinstance(node, ast.Slice):
        return
    low, high, step = (
        site.file.segment(p) if p else "" for p in (node.lower, node.upper, node.step)
    )
    tail = f":{step}" if step else ""
    bounds = [("", high), (low, ""), ("1", high), (low, "-1")]
    bounds += [(f"{low} + 1", high), (f"{low} - 1", high)] if low else []
    bounds += [(low, f"{high} + 1"), (low, f"{high} - 1")] if high else []
    if node.lower and node.upper:  # what was meant as a length
        bounds.append((low, f"{_beside_plus(node.lower, site)} + {_beside_plus(node.upper, site)}"))
    for a, b in dict.fromkeys(bounds):
        yield site.swap(node, f"{a}:{b}{tail}", deletes=not (a or b))
    yield site.swap(node, f"{low}:{high}:{'-1' if not step else ''}", 0.7)


def _slice_added(node: ast.AST, site: Site) -> Iterator[Edit]:
    kinds = (ast.Name, ast.Attribute, ast.Call, ast.ListComp)
    if not isinstance(node, kinds) or not _takes_slice(node, site):
        return
    text = site.file.segment(node)
    names = [n for n in site.file.names(node) if n not in {text, "self"}][:4]
    for part in ["1:", ":-1", "::-1", ":", "0", "-1", "1"]:
        yield site.swap(node, f"{text}[{part}]")
    for name in names:
        for part in (f"{name}:", f":{name}", name):
            yield site.swap(node, f"{text}[{part}]", 0.7)


def _takes_slice(node: ast.AST, site: Site) -> bool:
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return False
    parent = site.file.parent(node)
    if isinstance(parent, ast.Call):
        return parent.func is not node
    return not isinstance(parent, ast.Attribute | ast.Expr)


def _subscript_dropped(node: ast.AST, site: Site) -> Iterator[Edit]:
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield site.swap(node, site.file.segment(node.value), deletes=True)


def _branches_swapped(node: ast.AST, site: Site) -> Iterator[Edit]:
    if isinstance(node, ast.IfExp):
        a, test, b = (site.file.segment(p) for p in (node.body, node.test, node.orelse))
        yield site.swap(node, f"{b} if {test} else {a}")
        yield site.swap(node, a, 0.5, deletes=True)
        yield site.swap(node, b, 0.5, deletes=True)


OPERATORS = (
    Operator(
        "term dropped",
        _term_dropped,
        (
            ("x = y % 1.0 + 1.0\n", "x = y % 1.0\n"),
            ("x = (a + b) * c * d\n", "x = (a + b) * d\n"),
        ),
    ),
    Operator(
        "middle dropped",
        _middle_dropped,
        (("x = a ** 2 * len(b)\n", "x = a ** len(b)\n"),),
    ),
    Operator(
        "regrouped",
        _regrouped,
        (
            ("x = a + b / 2\n", "x = (a + b) / 2\n"),
            ("x = (a + b) * c\n", "x = a + (b * c)\n"),
            ("x = a and b or c\n", "x = a and (b or c)\n"),
        ),
    ),
    Operator(
        "one added",
        _one_added,
        (("x = y[i]\n", "x = y[i + 1]\n"), ("x = a\n", "x = a - 1\n")),
    ),
    Operator(
        "term added",
        _term_added,
        (("def f(a, b):\n    return a\n", "def f(a, b):\n    return a + b\n"),),
    ),
    Operator("factor added", _factor_added, (("x = a\n", "x = a * 2\n"),)),
    Operator(
        "slice bounds",
        _slice_bounds,
        (
            ("x = y[1:n]\n", "x = y[1:n + 1]\n"),
            ("x = y[1:]\n", "x = y[:]\n"),
            ("x = y[a:b]\n", "x = y[a:]\n"),
            ("x = y[a:b]\n", "x = y[a:a + b]\n"),
        ),
    ),
    Operator(
        "slice added",
        _slice_added,
        (
            ("x = f(y)\n", "x = f(y[1:])\n"),
            ("x = y\n", "x = y[::-1]\n"),
            ("x = y\n", "x = y[:]\n"),
            ("x = [a for a in y]\n", "x = [a for a in y][1:]\n"),
        ),
    ),
    Operator("subscript dropped", _subscript_dropped, (("x = y[0]\n", "x = y\n"),)),
    Operator(
        "branches swapped",
        _branches_swapped,
        (("x = a if c else b\n", "x = b if c else a\n"), ("x = a if c else b\n", "x = b\n")),
    ),
)
