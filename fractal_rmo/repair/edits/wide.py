"""Edits that look beyond one place: borrowed expressions, guards, and one slip made twice."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import combinations

from fractal_rmo.editing.edit import Edit, shown
from fractal_rmo.editing.source import FunctionNode
from fractal_rmo.repair.edits.edit import Operator, Site

BORROWED = 8
"""Expressions of the same function tried in the place of another, at most."""
PLAIN = 5
"""Variables tried in the place of an expression, at most: the nearest ones."""
GUARDED = 5
"""Variables that guards are made of, at most: the nearest ones."""
_SIDES = ("set", "sorted", "len", "abs", "str", "int", "list", "tuple")
_METHODS = ("lower", "strip", "keys")
_WHOLE = (ast.Name, ast.Attribute)


def _borrowed(node: ast.AST, site: Site) -> Iterator[Edit]:
    """Another expression of the same function instead of a value, or a variable near it."""
    if not isinstance(node, ast.Name | ast.Call | ast.Subscript | ast.Attribute | ast.Constant):
        return
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load) or _is_part(node, site):
        return
    function = site.file.function(node)
    old = site.file.segment(node)
    names = () if isinstance(node, ast.Name | ast.Constant) else site.file.names(node)[:PLAIN]
    for text in (*names, *(_expressions(function, site) if function else ())):
        if text != old:
            yield site.swap(node, text)


def _is_part(node: ast.AST, site: Site) -> bool:
    parent = site.file.parent(node)
    called = isinstance(parent, ast.Call) and parent.func is node
    return called or isinstance(parent, ast.Attribute | ast.Expr)


def _expressions(function: FunctionNode, site: Site) -> list[str]:
    kinds = (ast.Call, ast.BinOp, ast.Subscript)
    texts = [
        site.file.segment(n)
        for n in site.file.inside(function)
        if isinstance(n, kinds)
        and n in site.file.parents
        and isinstance(getattr(n, "ctx", ast.Load()), ast.Load)
    ]
    short = [text for text in texts if len(text) <= 24 and "\n" not in text]
    return list(dict.fromkeys(short))[:BORROWED]


def _both_sides(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``a == b`` to ``set(a) == set(b)``: the two should be alike in one respect only."""
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return
    left, right = node.left, node.comparators[0]
    (start, a_end), (b_start, end) = site.file.span(left), site.file.span(right)
    gap = site.file.text[a_end:b_start]
    a, b = site.file.segment(left), site.file.segment(right)
    forms = [f"{name}({{}})" for name in _SIDES]
    forms += [f"{{}}.{name}()" for name in _METHODS]
    if isinstance(left, _WHOLE) and isinstance(right, _WHOLE):
        forms += [f"{{}}[{place}]" for place in (0, 1, -1)]
    for form in forms:
        tight = "(" not in form[:-2]
        first, second = (site.operand(left), site.operand(right)) if tight else (a, b)
        text = form.format(first) + gap + form.format(second)
        yield site.cut(node, (start, end), text, f"compare {form.format('…')} on both sides")


def _guarded(node: ast.AST, site: Site) -> Iterator[Edit]:
    """A statement only under a condition on one or two variables near it."""
    kinds = (ast.Expr, ast.Assign, ast.AugAssign, ast.Return, ast.Break, ast.Raise)
    if not isinstance(node, kinds) or site.file.function(node) is None:
        return
    lines = site.file.line_span(node)
    if lines is None:
        return
    margin = site.file.text[lines[0] : lines[0] + node.col_offset]
    body = "".join(f"    {line}" for line in site.file.text[slice(*lines)].splitlines(True))
    for condition in _guards(node, site):
        said = f"do {shown(site.file.segment(node))} only if {condition}"
        yield site.cut(node, lines, f"{margin}if {condition}:\n{body}", said)


def _guards(node: ast.AST, site: Site) -> list[str]:
    names = [name for name in site.file.names(node) if name != "self"][:GUARDED]
    single = [form.format(name) for name in names for form in ("{}", "not {}")]
    pairs = combinations(names, 2)
    double = [f"{a} {sign} {b}" for a, b in pairs for sign in ("==", "!=", "<", ">", "in")]
    return [*double, *single]


def _truths_exchanged(node: ast.AST, site: Site) -> Iterator[Edit]:
    """Every ``True`` and ``False`` that a function returns turned into the other."""
    if not isinstance(node, ast.Return) or not _is_first(node, site, bool):
        return
    found = _returned(node, site, bool)
    if len(found) > 1:
        news = [repr(not constant.value) for constant in found]
        yield _together(site, found, news, "exchange the returned True and False")


def _constant_everywhere(node: ast.AST, site: Site) -> Iterator[Edit]:
    """One text or number that a function returns in several places, changed in all of them."""
    if not isinstance(node, ast.Return) or not isinstance(node.value, ast.Constant):
        return
    kind = type(node.value.value)
    if kind not in (int, str) or not _is_first(node, site, kind):
        return
    old = node.value.value
    found = [c for c in _returned(node, site, kind) if c.value == old]
    for new in ("", " ") if kind is str else (0, 1, -1):
        if len(found) > 1 and new != old:
            said = f"return {new!r} instead of {old!r} everywhere"
            news = [site.literal(constant, new) for constant in found]
            yield _together(site, found, news, said)


def _is_first(node: ast.Return, site: Site, kind: type) -> bool:
    found = _returned(node, site, kind)
    return bool(found) and found[0] is node.value


def _returned(node: ast.AST, site: Site, kind: type) -> list[ast.Constant]:
    """The constants of one type that the function around a node returns, in order."""
    function = site.file.function(node)
    values = (
        [n.value for n in site.file.inside(function) if isinstance(n, ast.Return)]
        if function
        else []
    )
    found = [v for v in values if isinstance(v, ast.Constant) and v.value.__class__ is kind]
    return sorted(found, key=lambda c: (c.lineno, c.col_offset))


def _together(site: Site, found: Sequence[ast.Constant], news: Sequence[str], said: str) -> Edit:
    """Several constants replaced in one cut, which reaches from the first to the last."""
    start, end = site.file.span(found[0])[0], site.file.span(found[-1])[1]
    text, at = "", start
    for constant, new in zip(found, news, strict=True):
        first, last = site.file.span(constant)
        text, at = text + site.file.text[at:first] + new, last
    return site.cut(found[0], (start, end), text, said)


def _reduced(node: ast.AST, site: Site) -> Iterator[Edit]:
    """An aggregate of a sequence instead of one of its elements."""
    if not isinstance(node, ast.Subscript) or isinstance(node.slice, ast.Slice):
        return
    if isinstance(node.ctx, ast.Load):
        for name in ("sum", "max", "min", "len"):
            yield site.swap(node, f"{name}({site.file.segment(node.value)})")


_TWICE = "def f(a):\n    if a:\n        return {0}\n    return {1}\n"

OPERATORS = (
    Operator(
        "borrowed expression",
        _borrowed,
        (
            (
                "def f(a, m):\n    n = len(a)\n    return a / m\n",
                "def f(a, m):\n    n = len(a)\n    return a / len(a)\n",
            ),
            ("def f(a, b):\n    return a in b[1:]\n", "def f(a, b):\n    return a in b\n"),
            (
                "def f(a, n):\n    b = a * n\n    return b or 'a'\n",
                "def f(a, n):\n    b = a * n\n    return b or (a * n)\n",
            ),
        ),
    ),
    Operator(
        "both sides",
        _both_sides,
        (
            ("x = a == b\n", "x = set(a) == set(b)\n"),
            ("x = a + b == c\n", "x = (a + b).lower() == c.lower()\n"),
            ("x = a == b\n", "x = a[1] == b[1]\n"),
        ),
    ),
    Operator(
        "guard",
        _guarded,
        (
            (
                "def f(a, b):\n    a.add(b)  # why\n",
                "def f(a, b):\n    if a == b:\n        a.add(b)  # why\n",
            ),
        ),
    ),
    Operator(
        "truths exchanged",
        _truths_exchanged,
        ((_TWICE.format("True", "False"), _TWICE.format("False", "True")),),
    ),
    Operator(
        "constant everywhere",
        _constant_everywhere,
        ((_TWICE.format("' '", "' '"), _TWICE.format("''", "''")),),
    ),
    Operator("element to aggregate", _reduced, (("x = y[0]\n", "x = sum(y)\n"),)),
)
