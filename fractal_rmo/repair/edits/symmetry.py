"""Edits that make code like what stands beside it: a clause, a branch or a comparison like its kin.

Faults of copied code are often a piece that was changed in one place only, or
forgotten in a row of like pieces (Li et al., "CP-Miner", TSE 2006).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import combinations

from fractal_rmo.editing.edit import Edit, replaced
from fractal_rmo.repair.edits.edit import Operator, Site
from fractal_rmo.repair.edits.symbols import SYMBOLS

CLAUSES = 6
"""Clauses that a row of conditions is completed with, at most."""
_OF_SUMS = (ast.Add, ast.Mult, ast.BitAnd, ast.BitOr, ast.BitXor)
_BOTH_WAYS = (ast.Eq, ast.NotEq)


def _clause_added(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``a + b == c or b + c == a`` with ``a + c == b``: two names exchanged in one of the clauses.

    Where the clauses are such exchanges of each other, one is the likelier missing.
    """
    if not isinstance(node, ast.BoolOp):
        return
    word = SYMBOLS[type(node.op)]
    present = {_shape(value) for value in node.values}
    kin = any(_shape(v, pair) in present for v in node.values for pair in _pairs(node))
    added = dict[str, str]()
    for value in node.values:
        for pair in _pairs(value):
            shape = _shape(value, pair)
            if shape not in present:
                added.setdefault(shape, ast.unparse(_exchanged(value, pair)))
    text = site.file.segment(node)
    for clause in list(added.values())[:CLAUSES]:
        yield site.swap(node, f"{text} {word} {_apart(clause)}", 1.0 if kin else 0.4)


def _apart(clause: str) -> str:
    """A clause that is safe beside any other."""
    return f"({clause})" if {"and", "or", "if"} & set(clause.split()) else clause


def _clause_replaced(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``a % b == 0 or b * a == 0`` to ``… or b % a == 0``: a clause like its neighbour."""
    parent = site.file.parent(node)
    if not isinstance(node, ast.expr) or not isinstance(parent, ast.BoolOp):
        return
    present = {_shape(value) for value in parent.values}
    for other in parent.values:
        for pair in _pairs(other) if other is not node else ():
            if _shape(other, pair) not in present:
                alike = ast.dump(other).count("(") == ast.dump(node).count("(")
                text = _apart(ast.unparse(_exchanged(other, pair)))
                said = replaced(site.file.segment(node), text)
                weight = 1.0 if alike else 0.4
                yield site.cut(node, site.file.span(node), text, said, weight)


def _pairs(node: ast.AST) -> list[tuple[str, str]]:
    names = (n.id for n in ast.walk(node) if isinstance(n, ast.Name))
    return list(combinations(list(dict.fromkeys(names))[:4], 2))


def _shape(node: ast.expr, pair: tuple[str, str] = ("", "")) -> str:
    """The same for conditions that differ in the order of a sum or of an equation only."""
    return ast.unparse(_Ordered().visit(_exchanged(node, pair)))


def _exchanged(node: ast.expr, pair: tuple[str, str]) -> ast.expr:
    """A copy with two names in each other's place."""
    first, second = pair
    copy: ast.expr = ast.parse(ast.unparse(node), mode="eval").body
    for name in ast.walk(copy):
        if isinstance(name, ast.Name) and name.id in pair:
            name.id = second if name.id == first else first
    return copy


class _Ordered(ast.NodeTransformer):
    """Puts the sides of what may be turned round in the order of their texts."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, _OF_SUMS):
            node.left, node.right = sorted((node.left, node.right), key=ast.unparse)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) == 1 and isinstance(node.ops[0], _BOTH_WAYS):
            node.left, node.comparators[0] = sorted(
                (node.left, node.comparators[0]), key=ast.unparse
            )
        return node


def _as_its_twin(node: ast.AST, site: Site) -> Iterator[Edit]:
    """What is done under the same condition elsewhere in the function, or a part of that."""
    value = _stored(node)
    if value is None or not isinstance(node, ast.stmt):
        return
    for twin in _twins(node, site):
        other = _stored(twin)
        if other is None or ast.dump(other) == ast.dump(value):
            continue
        parts = [n for n in ast.walk(other) if isinstance(n, ast.BinOp | ast.Call | ast.Subscript)]
        texts = [site.file.segment(part) for part in (other, *parts) if part in site.file.parents]
        for rank, text in enumerate(dict.fromkeys(texts)):
            yield site.swap(value, text, max(0.5, 1.0 - 0.1 * rank))


def _stored(node: ast.AST) -> ast.expr | None:
    return node.value if isinstance(node, ast.Assign | ast.AugAssign | ast.Return) else None


def _twins(node: ast.stmt, site: Site) -> list[ast.stmt]:
    """Statements at the same place of a branch with the same condition."""
    branch, function = site.file.parent(node), site.file.function(node)
    if not isinstance(branch, ast.If) or node not in branch.body or function is None:
        return []
    at, asked = branch.body.index(node), ast.dump(branch.test)
    alike = (
        other.body
        for other in site.file.inside(function)
        if isinstance(other, ast.If) and other is not branch and ast.dump(other.test) == asked
    )
    return [body[at] for body in alike if len(body) > at and type(body[at]) is type(node)]


def _half_comparison(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``a == 1 or 2`` to ``a == 1 or a == 2``: the other is true by itself."""
    if not isinstance(node, ast.BoolOp) or not isinstance(node.values[0], ast.Compare):
        return
    first, rest = node.values[0], node.values[1:]
    halves = [isinstance(v, ast.Constant | ast.Name) for v in rest]
    if len(first.ops) != 1 or not any(halves):
        return
    left, symbol = site.file.segment(first.left), SYMBOLS[type(first.ops[0])]
    texts = [
        f"{left} {symbol} {site.file.segment(value)}" if is_half else site.operand(value)
        for value, is_half in zip(rest, halves, strict=True)
    ]
    yield from _joined(node, site, [site.file.segment(first), *texts])


def _joined(node: ast.BoolOp, site: Site, texts: Sequence[str]) -> Iterator[Edit]:
    own = SYMBOLS[type(node.op)]
    for word in (own, "and" if own == "or" else "or"):
        yield site.swap(node, f" {word} ".join(texts), 1.0 if word == own else 0.5)


_TWICE = (
    "def f(a, s):\n    if a > 1:\n        s += {}\n    s += 1\n    if a > 1:\n        s += a * 2\n"
)
_CLAUSES = "def f(a, b, c):\n    return {}\n"

OPERATORS = (
    Operator(
        "clause added",
        _clause_added,
        (
            (
                _CLAUSES.format("a + b == c or b + c == a"),
                _CLAUSES.format("a + b == c or b + c == a or a + c == b"),
            ),
            (
                _CLAUSES.format("a < b and b < c"),
                _CLAUSES.format("a < b and b < c and b < a"),
            ),
        ),
    ),
    Operator(
        "clause replaced",
        _clause_replaced,
        (
            (
                _CLAUSES.format("a % b == c or b * a == c"),
                _CLAUSES.format("a % b == c or b % a == c"),
            ),
        ),
    ),
    Operator(
        "as its twin",
        _as_its_twin,
        ((_TWICE.format("a"), _TWICE.format("a * 2")),),
    ),
    Operator(
        "half a comparison",
        _half_comparison,
        (
            ("if a == 1 or 2:\n    b = 1\n", "if a == 1 or a == 2:\n    b = 1\n"),
            ("x = a == 'y' or 'z' or b > 1\n", "x = a == 'y' or a == 'z' or (b > 1)\n"),
        ),
    ),
)
