"""Rules for single expressions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from fractal_rmo.refactoring.rewrite import Rewrite
from fractal_rmo.refactoring.rules.rule import Rule
from fractal_rmo.refactoring.rules.truth import is_asked_for_truth, opposite, truth
from fractal_rmo.refactoring.scopes import bindings, home, inner_mentions, is_declared
from fractal_rmo.refactoring.view import View

_RISING = (ast.Lt, ast.LtE)
_FALLING = (ast.Gt, ast.GtE)


def _negated_operator(node: ast.AST, _view: View) -> Iterator[Rewrite]:
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=ast.Compare() as test):
            if form := opposite(test):
                yield Rewrite([node], [form.node], form.pieces)


def _double_negation(node: ast.AST, view: View) -> Iterator[Rewrite]:
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=ast.UnaryOp(op=ast.Not(), operand=inner)):
            if _is_only_tested(node, view):
                yield Rewrite([node], [inner], [inner])


def _is_only_tested(node: ast.AST, view: View) -> bool:
    """Whether nothing but the truth of a node's value is looked at."""
    match parent := view.file.parent(node):
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            return test is node
        case ast.comprehension(ifs=tests):
            return node in tests
        case ast.UnaryOp(op=ast.Not()):
            return True
        case ast.BoolOp():
            return _is_only_tested(parent, view)
    return False


def _chosen_truth(node: ast.AST, view: View) -> Iterator[Rewrite]:
    match node:
        case ast.IfExp(
            test=test,
            body=ast.Constant(value=bool() as one),
            orelse=ast.Constant(value=bool() as other),
        ) if one is not other:
            if form := truth(view, test, wanted=one):
                yield Rewrite([node], [form.node], form.pieces)


def _default(node: ast.AST, view: View) -> Iterator[Rewrite]:
    """Only of a value: in a condition ``a`` was asked twice for its truth, and would be once."""
    match node:
        case ast.IfExp(test=ast.Name(id=one) as name, body=ast.Name(id=other), orelse=rest):
            if one == other and not is_asked_for_truth(node, view):
                parts = _parts(rest, ast.Or)
                new = ast.BoolOp(op=ast.Or(), values=[name, *parts])
                yield Rewrite([node], [new], [name, " or ", rest])


def _parts(node: ast.expr, kind: type[ast.boolop]) -> list[ast.expr]:
    """``a or b or c`` is one node in a tree, however it came about."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, kind):
        return node.values
    return [node]


def _chain(node: ast.AST, view: View) -> Iterator[Rewrite]:
    if not isinstance(node, ast.BoolOp) or not isinstance(node.op, ast.And):
        return
    for number, (left, right) in enumerate(pairwise(node.values)):
        shared, one = _joined(left, right)
        if shared is None or not _is_own_variable(shared, view):
            continue
        values = [*node.values[:number], one, *node.values[number + 2 :]]
        new = one if len(values) == 1 else ast.BoolOp(op=ast.And(), values=values)
        start, end = view.file.span(node)
        cut_from, cut_to = view.file.span(left)[1], view.file.span(shared)[1]
        text = view.file.text
        yield Rewrite([node], [new], [text[start:cut_from], text[cut_to:end]])


def _joined(left: ast.expr, right: ast.expr) -> tuple[ast.Name | None, ast.expr]:
    """The variable that ends one comparison and begins the next in one direction, and both as one.

    None where there is no such variable.
    """
    match left, right:
        case (
            ast.Compare(left=begin, ops=before, comparators=[*between, ast.Name(id=one) as last]),
            ast.Compare(left=ast.Name(id=other) as name, ops=after, comparators=rest),
        ) if one == other:
            ops = [*before, *after]
            if any(all(isinstance(op, kinds) for op in ops) for kinds in (_RISING, _FALLING)):
                chain = [*between, last, *rest]
                return name, ast.Compare(left=begin, ops=ops, comparators=chain)
    return None, left


def _is_own_variable(name: ast.Name, view: View) -> bool:
    """Whether a comparison, which may run any code, cannot change the variable."""
    function = view.file.function(name)
    statement = view.file.statement(name)
    if function is None or statement is function or statement is None:
        return False
    if home(view.file, statement) is not function or is_declared(name.id, function):
        return False
    return name.id in bindings(function) and name.id not in inner_mentions(function)


RULES = (
    Rule(
        "negated-operator",
        "'not in' and 'is not' say in one operator what 'not' said before it.",
        _negated_operator,
        (
            ("x = not a in b\n", "x = a not in b\n"),
            ("if not (a is None):\n    f()\n", "if a is not None:\n    f()\n"),
            ("x = not (a or b) in c\n", "x = (a or b) not in c\n"),
        ),
        ("x = not a == b\n", "x = not a in b in c\n", "x = not a < b\n"),
    ),
    Rule(
        "double-negation",
        "A condition that is negated twice is the condition.",
        _double_negation,
        (
            ("if not not a:\n    f()\n", "if a:\n    f()\n"),
            ("while a and not (not b):\n    f()\n", "while a and b:\n    f()\n"),
            ("x = [a for a in b if not not (a or c)]\n", "x = [a for a in b if a or c]\n"),
        ),
        ("x = not not a\n", "return_ = f(not not a)\n", "x = a and not not b\n"),
    ),
    Rule(
        "chosen-truth",
        "Choosing True or False by a condition is the condition's truth value.",
        _chosen_truth,
        (
            ("x = True if a in b else False\n", "x = a in b\n"),
            ("x = True if a == b else False\n", "x = bool(a == b)\n"),
            ("x = False if a else True\n", "x = not a\n"),
            ("x = False if a is None else True\n", "x = a is not None\n"),
            ("x = False if not a else True\n", "x = bool(a)\n"),
        ),
        (
            "x = 1 if a else 0\n",
            "x = True if a else True\n",
            "bool = int\nx = True if a else False\n",
            "from a import *\nx = True if a else False\n",
        ),
    ),
    Rule(
        "default-by-or",
        "'a if a else b' is 'a or b'.",
        _default,
        (
            ("x = a if a else b\n", "x = a or b\n"),
            ("x = a if a else b or c\n", "x = a or b or c\n"),
            ("x = a if a else (b if c else d)\n", "x = a or (b if c else d)\n"),
        ),
        (
            "x = a() if a() else b\n",
            "x = a.b if a.b else c\n",
            "x = a if b else c\n",
            "if a if a else b:\n    f(a)\n",
            "x = (a if a else b) and c\n",
            "x = a[0] if a[0] else b\n",
        ),
    ),
    Rule(
        "chained-comparison",
        "Two comparisons that share a variable are one chain.",
        _chain,
        (
            (
                "def f(a, x, b):\n    return a < x and x <= b\n",
                "def f(a, x, b):\n    return a < x <= b\n",
            ),
            (
                "def f(x, c):\n    return c and (0 > x) and (x > -9) and c\n",
                "def f(x, c):\n    return c and (0 > x > -9) and c\n",
            ),
        ),
        (
            "def f(a, b):\n    return a < x and x < b\n",  # a global: a comparison may change it
            "def f(a, x, b):\n    return x > a and x < b\n",  # asks another operand first
            "def f(a, x, b):\n    return a < x() and x() < b\n",
            "def f(a, x, b):\n    return a < x or x < b\n",
            "def f(a, x, b):\n    def g():\n        nonlocal x\n    return a < x and x < b\n",
            "def f(x, y=a < x and x < b):\n    return y\n",
        ),
    ),
)
