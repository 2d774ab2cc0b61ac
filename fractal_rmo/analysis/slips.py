"""Small mistakes that Python accepts: each rule is one shape of the syntax tree."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from fractal_rmo.analysis.flow import bodies
from fractal_rmo.analysis.reading import Function, Parsed
from fractal_rmo.domain.finding import AnalyzerRole, Finding, Severity

_MAKERS = frozenset({"list", "dict", "set", "bytearray", "defaultdict", "deque", "Counter"})
_RESIZERS = frozenset({"append", "remove", "pop", "insert", "clear", "extend", "add", "discard"})
Slip = tuple[ast.AST, str, str, Severity]
"""Place, rule, message, severity."""


def slips(role: AnalyzerRole, file: Parsed) -> Iterator[Finding]:
    """Every slip of a file."""
    for node in ast.walk(file.tree):
        for place, rule, message, severity in _slips_at(node):
            yield file.finding(role, place, rule, message, severity)


def _slips_at(node: ast.AST) -> Iterator[Slip]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from _mutable_defaults(node)
        case ast.Compare():
            yield from _comparisons(node)
        case ast.ExceptHandler():
            yield from _swallowed(node)
        case ast.Try():
            yield from _lost_exceptions(node)
        case ast.Dict():
            yield from _repeated_keys(node)
        case ast.For():
            yield from _changed_while_iterated(node)
        case ast.Assign(targets=[target]) if _same(target, node.value):
            yield node, "self-assignment", "A name is assigned to itself.", Severity.MEDIUM
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield from _redefined(node)


def _mutable_defaults(function: Function) -> Iterator[Slip]:
    for default in [*function.args.defaults, *filter(None, function.args.kw_defaults)]:
        if _is_mutable(default):
            message = f"A default of '{function.name}' is shared by all its calls."
            yield default, "mutable-default", message, Severity.MEDIUM


def _is_mutable(value: ast.expr) -> bool:
    match value:
        case ast.List() | ast.Dict() | ast.Set() | ast.ListComp() | ast.DictComp() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in _MAKERS
    return False


def _same(one: ast.AST, other: ast.AST) -> bool:
    """Two names, or two attributes of one name, that read alike."""
    match one, other:
        case ast.Name(id=left), ast.Name(id=right):
            return left == right
        case ast.Attribute(value=ast.Name(id=left), attr=a), ast.Attribute(
            value=ast.Name(id=right), attr=b
        ):
            return (left, a) == (right, b)
    return False


def _comparisons(node: ast.Compare) -> Iterator[Slip]:
    sides = [node.left, *node.comparators]
    for left, operator, right in zip(sides, node.ops, node.comparators, strict=False):
        if _same(left, right) and not isinstance(operator, ast.NotEq):  # x != x tests for NaN
            message = "A value is compared with itself."
            yield node, "self-comparison", message, Severity.MEDIUM
        none = any(isinstance(side, ast.Constant) and side.value is None for side in (left, right))
        if none and isinstance(operator, ast.Eq | ast.NotEq):
            message = "None is compared by '==', which a class can redefine; 'is' cannot be."
            yield node, "none-comparison", message, Severity.LOW


def _swallowed(handler: ast.ExceptHandler) -> Iterator[Slip]:
    broad = handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in {"Exception", "BaseException"}
    )
    if broad and all(isinstance(statement, ast.Pass) for statement in handler.body):
        message = "Every error is dropped here without a trace."
        yield handler, "swallowed-exception", message, Severity.MEDIUM


def _lost_exceptions(node: ast.Try) -> Iterator[Slip]:
    for statement in node.finalbody:
        if isinstance(statement, ast.Return | ast.Break | ast.Continue):
            message = "Leaving a 'finally' drops the error that is on its way."
            yield statement, "lost-exception", message, Severity.MEDIUM


def _repeated_keys(node: ast.Dict) -> Iterator[Slip]:
    keys = [key for key in node.keys if isinstance(key, ast.Constant)]
    uses = Counter((type(key.value), key.value) for key in keys)
    seen: set[tuple[type, object]] = set()
    for key in keys:
        known = (type(key.value), key.value)
        if uses[known] > 1 and known in seen:
            message = "This key stands in the dict before; its first value is lost."
            yield key, "repeated-key", message, Severity.MEDIUM
        seen.add(known)


def _changed_while_iterated(loop: ast.For) -> Iterator[Slip]:
    """The body resizes the very collection that the loop walks, and goes on walking."""
    if not isinstance(loop.iter, ast.Name):
        return
    for body in [loop.body, *(inner for s in loop.body for inner in bodies(s))]:
        if any(isinstance(statement, ast.Break | ast.Return) for statement in body):
            continue
        for statement in body:
            if _resizes(statement, loop.iter.id):
                message = f"'{loop.iter.id}' changes its size while the loop walks it."
                yield statement, "changed-while-iterated", message, Severity.HIGH


def _resizes(statement: ast.stmt, name: str) -> bool:
    match statement:
        case (
            ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=method)))
            | ast.Assign(value=ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=method)))
        ):
            return owner == name and method in _RESIZERS
        case ast.Delete(targets=targets):
            return any(
                isinstance(t, ast.Subscript)
                and isinstance(t.value, ast.Name)
                and t.value.id == name
                for t in targets
            )
    return False


def _redefined(scope: ast.Module | ast.ClassDef | Function) -> Iterator[Slip]:
    """Two plain functions of one name, one after the other: the first can never be called."""
    seen: set[str] = set()
    for statement in scope.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            if statement.decorator_list:  # overload, a property's setter, a registration
                seen.discard(statement.name)
                continue
            if statement.name in seen:
                message = f"'{statement.name}' is defined before; this definition replaces it."
                yield statement, "redefined", message, Severity.MEDIUM
            seen.add(statement.name)
