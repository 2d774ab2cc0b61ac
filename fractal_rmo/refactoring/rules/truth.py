"""How a condition is written as a value: True or False, never anything else."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from fractal_rmo.refactoring.rewrite import Piece
from fractal_rmo.refactoring.view import View

_WORDS = {ast.In: "in", ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not"}
_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_ASKING = ("isinstance", "issubclass", "callable", "hasattr", "bool", "any", "all")
"""Built-in functions whose answer is True or False, whatever they are asked."""


@dataclass(frozen=True, slots=True)
class Form:
    """An expression with how it is written."""

    node: ast.expr
    pieces: tuple[Piece, ...]


def truth(view: View, test: ast.expr, *, wanted: bool) -> Form | None:
    """What is True exactly where ``test`` is truthy (``wanted``) or falsy, and False elsewhere.

    Only ``in``, ``is``, ``not``, some built-in functions and comparisons of lengths and
    constants are sure to give a bool; ``==`` may give anything, as it does for arrays.
    None when ``bool`` would be needed and means something else here, and where an
    object would be asked twice for its truth.
    """
    if not is_tested_once(view, test):
        return None
    if not wanted:
        return _negated(view, test)
    if is_bool(view, test):
        return Form(test, (test,))
    if not view.is_builtin("bool"):
        return None
    call = ast.Call(func=ast.Name(id="bool", ctx=ast.Load()), args=[test], keywords=[])
    return Form(call, ("bool(", test, ")"))


def _negated(view: View, test: ast.expr) -> Form | None:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return truth(view, test.operand, wanted=True)
    return opposite(test) or Form(ast.UnaryOp(op=ast.Not(), operand=test), ("not ", test))


def opposite(test: ast.expr) -> Form | None:
    """The comparison by ``in`` or ``is`` that holds where this one does not."""
    match test:
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPPOSITE:
            other = _OPPOSITE[type(op)]
            node = ast.Compare(left=left, ops=[other()], comparators=[right])
            return Form(node, (left, f" {_WORDS[other]} ", right))
    return None


def is_tested_once(view: View, test: ast.expr) -> bool:
    """Whether each object is asked once for its truth in a condition and in a value alike.

    ``if a and b`` asks a falsy ``a`` once, ``bool(a and b)`` twice, and
    ``__bool__`` may be anyone's.  A comparison's answer may be asked twice.
    """
    match test:
        case ast.BoolOp(values=values):
            return all(_is_plain_truth(view, value) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return is_tested_once(view, operand)
        case ast.IfExp(body=one, orelse=other):
            return is_tested_once(view, one) and is_tested_once(view, other)
    return True


def _is_plain_truth(view: View, node: ast.expr) -> bool:
    match node:
        case ast.BoolOp(values=values):
            return all(_is_plain_truth(view, value) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return is_tested_once(view, operand)
    return isinstance(node, ast.Compare) or is_bool(view, node)


def is_asked_for_truth(node: ast.AST, view: View) -> bool:
    """Whether the truth of a node's value is asked for by what is around it."""
    match parent := view.file.parent(node):
        case ast.If(test=test) | ast.While(test=test) | ast.Assert(test=test):
            return test is node
        case ast.IfExp(test=test):
            return test is node or is_asked_for_truth(parent, view)
        case ast.comprehension(ifs=tests):
            return node in tests
        case ast.UnaryOp(op=ast.Not()) | ast.BoolOp():
            return True
    return False


def is_bool(view: View, node: ast.expr) -> bool:
    """Whether an expression gives True or False by its form alone."""
    match node:
        case ast.Constant(value=value):
            return isinstance(value, bool)
        case ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Compare(left=left, ops=ops, comparators=right):
            sides = zip([left, *right], ops, right, strict=False)
            return all(
                type(op) in _OPPOSITE or (_is_plain(view, one) and _is_plain(view, other))
                for one, op, other in sides
            )
        case ast.BoolOp(values=values):
            return all(is_bool(view, value) for value in values)
        case ast.Call(func=ast.Name(id=name)):
            return name in _ASKING and view.is_builtin(name)
    return False


def _is_plain(view: View, node: ast.expr) -> bool:
    """Whether a value is surely of a built-in type, which compares to True or False."""
    match node:
        case ast.Constant() | ast.JoinedStr():
            return True
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
            return True
        case ast.Call(func=ast.Name(id="len" as name)):
            return view.is_builtin(name)
    return False
