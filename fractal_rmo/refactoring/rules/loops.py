"""Rules that say a loop as one expression."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeAlias

from fractal_rmo.editing.source import FunctionNode
from fractal_rmo.refactoring.rewrite import Piece, Rewrite
from fractal_rmo.refactoring.rules.returns import following, returned_truth
from fractal_rmo.refactoring.rules.rule import Rule
from fractal_rmo.refactoring.rules.truth import Form, is_tested_once, opposite
from fractal_rmo.refactoring.scopes import (
    home,
    inner_mentions,
    is_declared,
    is_dynamic,
    is_guarded,
    may_return_to,
    mentions,
    reachable,
    words,
)
from fractal_rmo.refactoring.scopes import movable as moves
from fractal_rmo.refactoring.view import View

_Empty: TypeAlias = ast.Assign | ast.AnnAssign
_STOPS = frozenset({"next", "anext", "StopIteration", "__next__", "throw", "send"})
"""A generator turns the StopIteration of its condition into a RuntimeError; a loop does not."""


def _comprehension(node: ast.AST, view: View) -> Iterator[Rewrite]:
    name = _empty_list(node)
    if name is None or not isinstance(node, ast.Assign | ast.AnnAssign):
        return
    loop = following(node, view)
    function = home(view.file, node)
    if function is None or not isinstance(loop, ast.For) or loop.orelse:
        return
    found = _appended(name, loop)
    if found is None or not _is_one_expression(loop, found, function, view):
        return
    element, tests = found
    if name in mentions(loop.iter, loop.target, *found[1], element):
        return
    if name in inner_mentions(function) or is_declared(name, function):
        return
    if is_guarded(view.file, node):
        return
    value = ast.ListComp(elt=element, generators=[_generator(loop, tests)])
    new, head = _assigned(node, value, view)
    yield Rewrite([node, loop], [new], [*head, "[", element, *_clauses(loop, tests), "]"])


def _empty_list(node: ast.AST) -> str | None:
    match node:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=ast.List(elts=[]))
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.List(elts=[]), simple=1)
        ):
            return name
    return None


def _appended(name: str, loop: ast.For) -> tuple[ast.expr, list[ast.expr]] | None:
    """What each round appends to a list, and under which condition."""
    match loop.body:
        case [ast.If(test=test, body=[only], orelse=[])]:
            tests = [test]
        case [only]:
            tests = []
        case _:
            return None
    match only:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id=owner), attr="append"),
                args=[element],
                keywords=[],
            )
        ) if owner == name and not isinstance(element, ast.Starred):
            return element, tests
    return None


def _assigned(node: _Empty, value: ast.expr, view: View) -> tuple[ast.stmt, list[Piece]]:
    text = view.file.segment(node)
    head = text[: text.rindex("[")]
    if isinstance(node, ast.Assign):
        return ast.Assign(targets=node.targets, value=value), [head]
    new = ast.AnnAssign(target=node.target, annotation=node.annotation, value=value, simple=1)
    return new, [head]


def _search(node: ast.AST, view: View) -> Iterator[Rewrite]:
    if not isinstance(node, ast.For) or node.orelse:
        return
    after, function = following(node, view), home(view.file, node)
    match node.body:
        case [ast.If(test=test, body=body, orelse=[])] if after and function:
            found, otherwise = returned_truth(body), returned_truth([after])
        case _:
            return
    if found is None or otherwise is None or found is otherwise:
        return
    if not _is_one_expression(node, (test, []), function, view) or _may_stop(test, view):
        return
    if not is_tested_once(view, test):
        return
    form = _any_or_all(node, test, found=found)
    if view.is_builtin("any") and view.is_builtin("all"):
        yield Rewrite([node, after], [ast.Return(value=form.node)], ["return ", *form.pieces])


def _may_stop(test: ast.expr, view: View) -> bool:
    """Whether a condition may raise StopIteration, by an operator of any class as well."""
    if view.graph is None:
        return True
    operators = {name for name in view.graph if name.startswith("__")}
    return not _STOPS.isdisjoint(view.words | reachable(operators | words(test), view.graph))


def _any_or_all(loop: ast.For, test: ast.expr, *, found: bool) -> Form:
    """``any(test ...)`` where the loop returns True, else what says best that none is found."""
    if found:
        return _asked("any", loop, Form(test, (test,)))
    good = opposite(test)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        good = Form(test.operand, (test.operand,))
    if good:
        return _asked("all", loop, good)
    some = _asked("any", loop, Form(test, (test,)))
    return Form(ast.UnaryOp(op=ast.Not(), operand=some.node), ("not ", *some.pieces))


def _asked(name: str, loop: ast.For, test: Form) -> Form:
    generator = ast.GeneratorExp(elt=test.node, generators=[_generator(loop, [])])
    call = ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=[generator], keywords=[])
    return Form(call, (f"{name}(", *test.pieces, *_clauses(loop, []), ")"))


def _generator(loop: ast.For, tests: list[ast.expr]) -> ast.comprehension:
    return ast.comprehension(target=loop.target, iter=loop.iter, ifs=tests, is_async=0)


def _clauses(loop: ast.For, tests: list[ast.expr]) -> list[Piece]:
    parts: list[Piece] = [" for ", loop.target, " in ", loop.iter]
    for test in tests:
        parts += [" if ", test]
    return parts


def _is_one_expression(
    loop: ast.For,
    parts: tuple[ast.expr, list[ast.expr]],
    function: FunctionNode | None,
    view: View,
) -> bool:
    """Whether the body of a loop means the same in a scope and a frame of its own."""
    inner = [parts[0], *parts[1]]
    if function is None or not _is_plain(loop.target) or not moves(*inner, loop.iter):
        return False
    if is_dynamic(function) or may_return_to(function, [*inner, loop.iter], view.graph):
        return False
    here, everywhere = mentions(loop.target, *inner), mentions(function)
    return all(everywhere[name] == here[name] for name in mentions(loop.target))


def _is_plain(target: ast.expr) -> bool:
    if isinstance(target, ast.Tuple):
        return all(_is_plain(part) for part in target.elts)
    return isinstance(target, ast.Name)


_LOOP = "def f(a):\n    b = []\n    for c in a:\n        b.append(c + 1)\n    print(b)\n"
_ANY = "def f(a):\n    for b in a:\n        if b > 1:\n            return True\n    return False\n"

RULES = (
    Rule(
        "appending-loop",
        "A loop that only appends is a list comprehension.",
        _comprehension,
        (
            (_LOOP, "def f(a):\n    b = [c + 1 for c in a]\n    print(b)\n"),
            (
                (
                    "def f(a):\n    b: list[int] = []\n    for c, d in a:\n        if c or d:\n"
                    "            b.append((c, d))\n    print(b)\n"
                ),
                "def f(a):\n    b: list[int] = [(c, d) for c, d in a if c or d]\n    print(b)\n",
            ),
            (
                (
                    "def f(a):\n    b = []\n    for c in a, 1:\n        if c if a else 1:\n"
                    "            b.append(c)\n    print(b)\n"
                ),
                "def f(a):\n    b = [c for c in (a, 1) if (c if a else 1)]\n    print(b)\n",
            ),
        ),
        (
            _LOOP.replace("print(b)", "print(b, c)"),
            _LOOP.replace("c + 1", "b"),
            _LOOP.replace("in a:", "in b:"),
            _LOOP.replace("c + 1", "(yield c)"),
            _LOOP.replace("c + 1", "(d := c)"),
            _LOOP.replace("c + 1", "lambda: c"),
            _LOOP.replace("c + 1", "super().g(c)"),
            _LOOP.replace("c + 1", "f(c)"),
            _LOOP.replace("c + 1", "locals()"),
            _LOOP.replace("    print(b)", "    return lambda: b"),
            _LOOP.replace("b = []", "global c\n    b = []"),
            _LOOP.replace("b = []", "global b\n    b = []"),
            _LOOP.replace("    print(b)", "    else:\n        print(a)\n    print(b)"),
            _LOOP.replace("(c + 1)", "(c + 1)  # why"),
            _LOOP.replace("for c in", "for c.d in"),
            _LOOP.replace("def f(a):\n", "class A:\n"),
            "def f(a, b):\n    for c in a:\n        b.append(c)\n",
            "def f(a):\n    b = []\n    c = 1\n    for c in a:\n        b.append(c)\n",
            (
                "def f(a):\n    try:\n        b = []\n        for c in a:\n"
                "            b.append(c())\n    except OSError:\n        return b\n"
            ),
            "async def f(a):\n    b = []\n    async for c in a:\n        b.append(c)\n",
            (
                "def f(a):\n    b = []\n    for c in a:\n        b.append(g(c))\n    print(b)\n\n\n"
                "def g(a):\n    return f(a)\n"
            ),
        ),
    ),
    Rule(
        "searching-loop",
        "A loop that looks for one match is 'any' or 'all'.",
        _search,
        (
            (_ANY, "def f(a):\n    return any(b > 1 for b in a)\n"),
            (
                _ANY.replace("True", "_").replace("False", "True").replace("_", "False"),
                "def f(a):\n    return not any(b > 1 for b in a)\n",
            ),
            (
                (
                    "def f(a):\n    for b, c in a:\n        if b not in c:\n"
                    "            return False\n    return True\n"
                ),
                "def f(a):\n    return all(b in c for b, c in a)\n",
            ),
            (
                (
                    "def f(a):\n    for b in a:\n        if not b.c:\n            return False\n"
                    "    return True\n"
                ),
                "def f(a):\n    return all(b.c for b in a)\n",
            ),
        ),
        (
            _ANY.replace("return False", "return None"),
            _ANY.replace("return False", "return b"),
            _ANY.replace("b > 1", "f(b)"),
            _ANY.replace("b > 1", "next(b)"),
            _ANY.replace("b > 1", "(yield b)"),
            _ANY.replace("def f(a):", "def f(a, any=1):"),
            _ANY.replace("def f(a):", "def f(a, b):"),
            _ANY.replace("b > 1", "b or a"),
            _ANY.replace("return True", "return True  # found"),
            "from a import *\n" + _ANY,
        ),
    ),
)
