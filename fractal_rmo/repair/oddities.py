"""What right programs seldom hold, beside what the analyzers report: loops that cannot turn.

A patch that brings one in pleases the tests by taking something of the program's meaning away
(deleted or disabled code is the commonest overfit: Qi et al., "An Analysis of Patch Plausibility
and Correctness", ISSTA 2015).  They are counted against the code as it was: what its author
wrote oddly, but knowingly, is nobody's fault.
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterator

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.source import FunctionNode, parse

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_HARMLESS = frozenset(dir(builtins)) - {"next", "setattr", "delattr"}
"""Functions that change nothing of what they are given."""
_USELESS = (ast.Name, ast.Compare, ast.BinOp, ast.BoolOp, ast.UnaryOp, ast.Subscript, ast.List)


def new_oddities(before: SourceTree, after: SourceTree) -> int:
    """How many more oddities of any kind a program holds than the one before it."""
    plain = dict(before.python_files())
    changed = [(plain.get(p, ""), text) for p, text in after.python_files() if plain.get(p) != text]
    return sum((oddities(new) - oddities(old)).total() for old, new in changed)


def oddities(text: str) -> Counter[str]:
    """How often a module holds each kind; nothing of one that does not parse."""
    tree = parse(text)
    found = Counter[str]()
    for node in ast.walk(tree) if tree is not None else ():
        found.update(_of(node))
    return found


def _of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, _FUNCTIONS):
        yield from _unread(node)
    if isinstance(node, _LOOPS) and _ends_at_once(node.body):
        yield "a loop that turns once"
    if isinstance(node, ast.While) and not _has_progress(node):
        yield "a loop without progress"
    yield from _idle(node)


def _unread(function: FunctionNode) -> Iterator[str]:
    """Parameters that nobody inside a function reads."""
    inside = [n for statement in function.body for n in ast.walk(statement)]
    if any(isinstance(n, ast.Call) and _name(n.func) in {"locals", "eval", "exec"} for n in inside):
        return
    names = [n for n in inside if isinstance(n, ast.Name)]
    read = {n.id for n in names if isinstance(n.ctx, ast.Load)}
    given = [
        a.arg for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    ]
    for name in dict.fromkeys(given):
        if name not in read and name not in {"self", "cls"} and not name.startswith("_"):
            yield f"parameter {name} is not read"


def _ends_at_once(body: list[ast.stmt]) -> bool:
    """Whether the last statement leaves a loop and none before it may go on."""
    goes_on = any(isinstance(n, ast.Continue) for s in body for n in ast.walk(s))
    return isinstance(body[-1], ast.Return | ast.Raise | ast.Break) and not goes_on


def _has_progress(loop: ast.While) -> bool:
    """Whether a turn may change what the condition asks."""
    asked = list(ast.walk(loop.test))
    names = {n.id for n in asked if isinstance(n, ast.Name)}
    if not names or any(isinstance(n, ast.Call | ast.NamedExpr) for n in asked):
        return True
    return any(_may_change(n, names) for s in loop.body for n in ast.walk(s))


def _may_change(node: ast.AST, names: set[str]) -> bool:
    """By assigning it, by a place in it, or by handing it to somebody."""
    if isinstance(node, ast.Name):
        return node.id in names and not isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return _root(node) in names
    if isinstance(node, ast.Call) and _name(node.func) not in _HARMLESS:
        return any(_root(part) in names for part in (node.func, *node.args))
    return False


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return _name(node)


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _idle(node: ast.AST) -> Iterator[str]:
    """What computes nothing: a value asked twice, taken from itself, or thrown away."""
    match node:
        case ast.BoolOp(values=values) if len({ast.dump(v) for v in values}) < len(values):
            yield "a condition asked twice"
        case ast.BinOp(
            left=left, op=ast.Sub() | ast.Div() | ast.FloorDiv() | ast.Mod(), right=right
        ):
            if _same(left, right):
                yield "a value taken from itself"
        case ast.Expr(value=value) if isinstance(value, _USELESS):
            yield "a value that is thrown away"
        case ast.If(test=ast.Constant()) | ast.IfExp(test=ast.Constant()):
            yield "a condition that is always the same"


def _same(one: ast.AST, other: ast.AST) -> bool:
    return ast.unparse(one) == ast.unparse(other)
