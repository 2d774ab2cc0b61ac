"""Rules for what a function gives back."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fractal_rmo.editing.source import FunctionNode
from fractal_rmo.refactoring.rewrite import Rewrite
from fractal_rmo.refactoring.rules.rule import Rule
from fractal_rmo.refactoring.rules.truth import truth
from fractal_rmo.refactoring.scopes import (
    bindings,
    home,
    inner_mentions,
    is_declared,
    is_dynamic,
    is_guarded,
    mentions,
)
from fractal_rmo.refactoring.view import View


def returned_truth(body: list[ast.stmt]) -> bool | None:
    """What a block gives back if all it does is to give back True or False."""
    match body:
        case [ast.Return(value=ast.Constant(value=bool() as value))]:
            return value
    return None


def following(node: ast.stmt, view: View) -> ast.stmt | None:
    """The next statement of the same block."""
    block = view.file.block(node)
    number = block.index(node)
    return block[number + 1] if number + 1 < len(block) else None


def _condition(node: ast.AST, view: View) -> Iterator[Rewrite]:
    if not isinstance(node, ast.If) or view.file.is_elif(node) or _is_guard(node, view):
        return
    after = None if node.orelse else following(node, view)
    old = [node, after] if after else [node]
    one = returned_truth(node.body)
    other = returned_truth([after] if after else node.orelse)
    if one is None or other is None or one is other:
        return
    if form := truth(view, node.test, wanted=one):
        yield Rewrite(old, [ast.Return(value=form.node)], ["return ", *form.pieces])


def _is_guard(node: ast.If, view: View) -> bool:
    """Whether it is the last of several cases, which read best in one form."""
    block = view.file.block(node)
    number = block.index(node)
    before = block[number - 1] if number else None
    return isinstance(before, ast.If) and not before.orelse


def _named_result(node: ast.AST, view: View) -> Iterator[Rewrite]:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            pass
        case _:
            return
    function, after = home(view.file, node), following(node, view)
    match after:
        case ast.Return(value=ast.Name(id=given)) if given == name and function is not None:
            if not _is_needed(name, node, function, view):
                yield Rewrite([node, after], [ast.Return(value=value)], ["return ", value])


def _is_needed(name: str, node: ast.Assign, function: FunctionNode, view: View) -> bool:
    """Whether anything else could see the variable, or would miss its binding."""
    if is_dynamic(function) or is_guarded(view.file, node) or _yields(node):
        return True
    if name in inner_mentions(function) or is_declared(name, function):
        return True
    elsewhere = mentions(function)[name] - 2
    bound_elsewhere = bindings(function)[name] - 1
    return bool(elsewhere) and not bound_elsewhere


def _yields(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Yield | ast.YieldFrom) for n in ast.walk(node))


RULES = (
    Rule(
        "returned-condition",
        "Returning True or False by a condition is returning the condition's truth value.",
        _condition,
        (
            (
                "def f(a):\n    if a in b:\n        return True\n    else:\n        return False\n",
                "def f(a):\n    return a in b\n",
            ),
            (
                "def f(a):\n    if a == 1:\n        return True\n    return False\n",
                "def f(a):\n    return bool(a == 1)\n",
            ),
            (
                "def f(a):\n    if 1 <= len(a) != 3:\n        return True\n    return False\n",
                "def f(a):\n    return 1 <= len(a) != 3\n",
            ),
            (
                "def f(a):\n    if len(a) == a[0]:\n        return True\n    return False\n",
                "def f(a):\n    return bool(len(a) == a[0])\n",
            ),
            (
                "def f(a):\n    if (a > 1\n  and a < 9):\n        return False\n    return True\n",
                "def f(a):\n    return not (a > 1\n  and a < 9)\n",
            ),
        ),
        (
            "def f(a):\n    if a:\n        return True\n    return None\n",
            "def f(a, b):\n    if a and b:\n        return True\n    return False\n",
            "def f(a):\n    if a:\n        return True  # yes\n    return False\n",
            (
                "def f(a, b):\n    if b:\n        return 1\n    elif a:\n        return True\n"
                "    else:\n        return False\n"
            ),
            (
                "def f(a, b):\n    if b:\n        return False\n    if a:\n        return False\n"
                "    return True\n"
            ),
            "def bool(a):\n    if a == 1:\n        return True\n    return False\n",
        ),
    ),
    Rule(
        "named-result",
        "A variable that is only returned needs no name.",
        _named_result,
        (
            ("def f(a):\n    b = a + 1\n    return b\n", "def f(a):\n    return a + 1\n"),
            (
                "def f(a):\n    a = a + 1\n    print(a)\n    a = a * 2\n    return a\n",
                "def f(a):\n    a = a + 1\n    print(a)\n    return a * 2\n",
            ),
        ),
        (
            "def f(a):\n    global b\n    b = a\n    return b\n",
            "def f(a):\n    b = a  # why\n    return b\n",
            "def f():\n    b = 1\n    return lambda: b\n",
            "def f(a):\n    b = [lambda: b]\n    return b\n",
            (
                "def f(a):\n    b = 0\n    try:\n        b = a\n        return b\n"
                "    finally:\n        print(b)\n"
            ),
            "def f(a):\n    if a:\n        return b\n    b = a\n    return b\n",
            "def f(a):\n    b = yield a\n    return b\n",
            "def f(a):\n    b = locals()\n    return b\n",
            "def f(a):\n    a.b = a\n    return a\n",
        ),
    ),
)
