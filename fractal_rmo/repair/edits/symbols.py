"""Edits of operator symbols: comparison, arithmetic, boolean, augmented assignment."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fractal_rmo.editing.edit import Edit
from fractal_rmo.repair.edits.edit import Operator, Site

SYMBOLS: dict[type[ast.AST], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.And: "and",
    ast.Or: "or",
}

_ORDER = ("<", "<=", ">", ">=", "==", "!=")
_RIVALS: dict[str, tuple[str, ...]] = {
    "<": ("<=", ">", ">=", "!=", "=="),
    "<=": ("<", ">=", ">", "==", "!="),
    ">": (">=", "<", "<=", "!=", "=="),
    ">=": (">", "<=", "<", "==", "!="),
    "==": ("!=", "<=", ">=", "<", ">", "in"),
    "!=": ("==", "<", ">", "<=", ">=", "not in"),
    "is": ("is not", "=="),
    "is not": ("is", "!="),
    "in": ("not in", "=="),
    "not in": ("in", "!="),
    "+": ("-", "*", "//", "%", "|"),
    "-": ("+", "*", "//", "%", "/"),
    "*": ("+", "**", "//", "-", "/", "%"),
    "/": ("//", "*", "-", "%", "+"),
    "//": ("/", "%", "*", "-", "+"),
    "%": ("//", "*", "/", "-", "+"),
    "**": ("*", "+", "//"),
    "&": ("|", "^", "-", "and"),
    "|": ("&", "^", "+"),
    "^": ("&", "|", "**", "-"),
    "<<": (">>", "*"),
    ">>": ("<<", "//"),
}


def _comparison(node: ast.AST, site: Site) -> Iterator[Edit]:
    if not isinstance(node, ast.Compare):
        return
    operands = [node.left, *node.comparators]
    for i, op in enumerate(node.ops):
        yield from _symbol(site, operands[i], operands[i + 1], SYMBOLS[type(op)])


def _arithmetic(node: ast.AST, site: Site) -> Iterator[Edit]:
    if isinstance(node, ast.BinOp):
        yield from _symbol(site, node.left, node.right, SYMBOLS[type(node.op)])


def _symbol(site: Site, left: ast.expr, right: ast.expr, old: str) -> Iterator[Edit]:
    span = site.file.operator_span(left, right, old)
    if span is None:
        return
    for rank, new in enumerate(_RIVALS.get(old, ())):
        said = f"replace {old} with {new}"
        yield site.cut(left, span, _spaced(site, span, new), said, max(0.3, 1.0 - 0.15 * rank))


def _spaced(site: Site, span: tuple[int, int], new: str) -> str:
    """A word operator needs space around it where a sign did without."""
    if not new[0].isalpha():
        return new
    before = "" if site.file.text[span[0] - 1].isspace() else " "
    after = "" if site.file.text[span[1] : span[1] + 1].isspace() else " "
    return f"{before}{new}{after}"


def _operands_swapped(node: ast.AST, site: Site) -> Iterator[Edit]:
    if isinstance(node, ast.BinOp):
        left, right, symbol = node.left, node.right, SYMBOLS[type(node.op)]
        yield site.swap(node, f"{site.operand(right)} {symbol} {site.operand(left)}")


def _connective(node: ast.AST, site: Site) -> Iterator[Edit]:
    if not isinstance(node, ast.BoolOp):
        return
    old = SYMBOLS[type(node.op)]
    new = "or" if old == "and" else "and"
    for left, right in zip(node.values, node.values[1:], strict=False):
        span = site.file.operator_span(left, right, old)
        if span is not None:
            yield site.cut(left, span, new, f"replace {old} with {new}")
    if len(node.values) > 2:
        yield site.swap(node, f" {new} ".join(site.operand(v) for v in node.values), 0.7)


def _augmented(node: ast.AST, site: Site) -> Iterator[Edit]:
    if not isinstance(node, ast.AugAssign):
        return
    old = SYMBOLS[type(node.op)]
    target = site.file.segment(node.target)
    start, end = site.file.span(node.target)[1], site.file.span(node.value)[0]
    for rank, new in enumerate([*_RIVALS.get(old, ()), ""]):
        said = f"replace {target} {old}= with {target} {new}="
        weight = max(0.4, 1.0 - 0.12 * rank)
        if new != "and":
            gap = site.file.text[start:end].replace(f"{old}=", f"{new}=", 1)
            yield site.cut(node, (start, end), gap, said, weight)


def _accumulate(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``x = y`` to ``x += y``: the value of the last round was lost."""
    kinds = (ast.Name, ast.Subscript, ast.Attribute)
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], kinds):
        return
    target = node.targets[0]
    name = site.file.segment(target)
    start, end = site.file.span(target)[1], site.file.span(node.value)[0]
    match node.value:  # a sign right behind the "=" was to stand before it
        case ast.UnaryOp(op=ast.UAdd() | ast.USub() as op, operand=operand) if (
            site.file.text[end - 1] == "="
        ):
            sign = "+=" if isinstance(op, ast.UAdd) else "-="
            span = start, site.file.span(operand)[0]
            yield site.cut(node, span, f" {sign} ", f"{sign} instead of ={sign[0]} for {name}")
            return
    for rank, sign in enumerate(("+=", "-=", "*=")):
        gap = site.file.text[start:end].replace("=", sign, 1)
        yield site.cut(
            node,
            (start, end),
            gap,
            f"replace {name} = with {name} {sign}",
            1 - 0.2 * rank,
        )


def _sign(node: ast.AST, site: Site) -> Iterator[Edit]:
    if isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not):
        yield site.swap(node, site.file.segment(node.operand), deletes=True)
    elif isinstance(node, ast.Name | ast.Call | ast.Subscript | ast.BinOp) and _reads(node):
        yield site.swap(node, f"-{site.operand(node)}", 0.4)


def _reads(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", ast.Load()), ast.Load)


OPERATORS = (
    Operator(
        "comparison",
        _comparison,
        (
            ("x = 1 < 2\n", "x = 1 <= 2\n"),
            ("x = a  is  not b\n", "x = a  is b\n"),
            ("x = (1)==(2)\n", "x = (1)!=(2)\n"),
        ),
    ),
    Operator(
        "arithmetic",
        _arithmetic,
        (("x = a + b\n", "x = a - b\n"), ("x = a//b  # keep\n", "x = a/b  # keep\n")),
    ),
    Operator(
        "operands swapped",
        _operands_swapped,
        (("x = a - b\n", "x = b - a\n"), ("x = a + f(b)\n", "x = f(b) + a\n")),
    ),
    Operator(
        "connective",
        _connective,
        (
            ("x = a and b\n", "x = a or b\n"),
            ("x = a or b or c\n", "x = a or b and c\n"),
            ("x = a or b or c\n", "x = a and b and c\n"),
        ),
    ),
    Operator(
        "augmented assignment",
        _augmented,
        (("x = 0\nx += 2\n", "x = 0\nx -= 2\n"), ("x = 0\nx  += 2\n", "x = 0\nx  = 2\n")),
    ),
    Operator(
        "accumulate",
        _accumulate,
        (
            ("x = 0\nx = 2\n", "x = 0\nx += 2\n"),
            ("x[y] = 2\n", "x[y] += 2\n"),
            ("x =- y\n", "x -= y\n"),
            ("x = -y\n", "x *= -y\n"),
        ),
    ),
    Operator("sign", _sign, (("x = -a\n", "x = a\n"), ("x = a * b\n", "x = a * (-b)\n"))),
)
