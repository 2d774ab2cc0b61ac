"""Edits of conditions: one negated, one added or taken away, one instead of another."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fractal_rmo.editing.edit import Edit
from fractal_rmo.repair.edits.edit import Operator, Site
from fractal_rmo.repair.edits.symbols import SYMBOLS

NEAR = 6
"""Variables whose truth is tried as a condition: the nearest ones."""
CONDITIONS = 8
"""Conditions of the same function tried as a missing one."""


def _negation(node: ast.AST, site: Site) -> Iterator[Edit]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield site.swap(node, site.file.segment(node.operand))
    elif isinstance(node, ast.expr) and _is_condition(node, site) and not _is_one_comparison(node):
        yield site.swap(node, f"not {site.operand(node)}", 0.8)


def _is_one_comparison(node: ast.expr) -> bool:
    """Another sign negates it already; the same patch twice would weigh double in a choice."""
    return isinstance(node, ast.Compare) and len(node.ops) == 1


def _is_condition(node: ast.AST, site: Site) -> bool:
    parent = site.file.parent(node)
    if isinstance(parent, ast.If | ast.While | ast.IfExp | ast.Assert):
        return parent.test is node
    if isinstance(parent, ast.comprehension):
        return node in parent.ifs
    return isinstance(parent, ast.BoolOp) or (isinstance(parent, ast.Return) and _is_boolean(node))


def _is_boolean(node: ast.AST) -> bool:
    return isinstance(node, ast.Compare | ast.BoolOp) or (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"all", "any", "isinstance", "bool"}
    )


def _operand_dropped(node: ast.AST, site: Site) -> Iterator[Edit]:
    if not isinstance(node, ast.BoolOp):
        return
    symbol = SYMBOLS[type(node.op)]
    for i in range(len(node.values)):
        rest = [v for j, v in enumerate(node.values) if j != i]
        if len(rest) == 1:
            yield site.swap(node, site.file.segment(rest[0]), deletes=True)
        else:
            yield site.swap(node, f" {symbol} ".join(map(site.operand, rest)), deletes=True)


def _condition_added(node: ast.AST, site: Site) -> Iterator[Edit]:
    """A condition known in the same function, or the truth of a variable, joined on."""
    if not isinstance(node, ast.expr) or not _is_condition(node, site):
        return
    old = site.operand(node) if not isinstance(node, ast.Compare) else site.file.segment(node)
    extra = [*_conditions(node, site), *_simple_conditions(node, site)]
    for new in dict.fromkeys(extra):
        for word in ("and", "or"):
            yield site.swap(node, f"{old} {word} {new}")
            yield site.swap(node, f"{new} {word} {old}", 0.8)


def _condition_replaced(node: ast.AST, site: Site) -> Iterator[Edit]:
    if not isinstance(node, ast.expr) or not _is_condition(node, site):
        return
    for new in [*_conditions(node, site), *_simple_conditions(node, site)]:
        yield site.swap(node, new)


def _conditions(node: ast.expr, site: Site) -> list[str]:
    function = site.file.function(node)
    if function is None:
        return []
    own = site.file.segment(node)
    found = [
        site.file.segment(n)
        for n in site.file.inside(function)
        if isinstance(n, ast.Compare) and hasattr(n, "lineno")
    ]
    return [c for c in dict.fromkeys(found) if c != own and "\n" not in c][:CONDITIONS]


def _simple_conditions(node: ast.expr, site: Site) -> list[str]:
    names = [n for n in site.file.names(node) if n != "self"][:NEAR]
    return [form.format(name) for name in names for form in ("{}", "not {}", "{} == 0", "{} > 0")]


_IN_F = "def f(a, b):\n    if {}:\n        return a == b\n"

OPERATORS = (
    Operator(
        "negation",
        _negation,
        (
            ("if a:\n    x = 1\n", "if not a:\n    x = 1\n"),
            ("x = [y for y in z if not y]\n", "x = [y for y in z if y]\n"),
            ("x = f(a) or b\n", "x = (not f(a)) or b\n"),
        ),
    ),
    Operator(
        "condition dropped",
        _operand_dropped,
        (("x = a and b\n", "x = a\n"), ("x = a and b and c\n", "x = a and c\n")),
    ),
    Operator(
        "condition added",
        _condition_added,
        (
            (_IN_F.format("a"), _IN_F.format("a and a == b")),
            (_IN_F.format("a"), _IN_F.format("a or b")),
        ),
    ),
    Operator(
        "condition replaced",
        _condition_replaced,
        (("q = 1\nwhile True:\n    pass\n", "q = 1\nwhile q:\n    pass\n"),),
    ),
)
