"""Functions that call themselves before anything can end them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from fractal_rmo.analysis.reading import SCOPES, Function, Parsed, own_nodes
from fractal_rmo.domain.finding import AnalyzerRole, Finding, Severity

_ENDINGS = (ast.Return, ast.Raise, ast.Yield, ast.YieldFrom, ast.Break)


def no_base_case(
    role: AnalyzerRole, file: Parsed, function: Function, is_method: bool
) -> Iterator[Finding]:
    """One finding, at the call that every path comes to."""
    if function.name in _rebound(function):
        return
    if (call := _certain(function.body, function, is_method)) is not None:
        message = f"'{function.name}' calls itself before it can end."
        yield file.finding(role, call, "no-base-case", message, Severity.HIGH)


def _rebound(function: Function) -> set[str]:
    """Names that mean something else inside: parameters, imports, assignments."""
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    names = {argument.arg for argument in every}
    for node in own_nodes(function):
        match node:
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names |= {alias.asname or alias.name for alias in aliases}
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
    return names


def self_calls(node: ast.AST, function: Function, is_method: bool) -> Iterator[ast.Call]:
    """Calls of the function by its own name that happen whenever the node is evaluated."""
    for inner in evaluated(node):
        if isinstance(inner, ast.Call) and calls_itself(inner, function, is_method):
            yield inner


def calls_itself(call: ast.Call, function: Function, is_method: bool) -> bool:
    """``f(...)`` in a function, ``self.f(...)`` in a method."""
    match call.func:
        case ast.Name(id=name):
            return not is_method and name == function.name
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            own = [argument.arg for argument in function.args.args[:1]]
            return is_method and name == function.name and owner in own
    return False


def _certain(body: Sequence[ast.stmt], function: Function, is_method: bool) -> ast.Call | None:
    """The first call of itself that no path through the body avoids."""
    for statement in body:
        call = _certain_in(statement, function, is_method)
        if call is not None or _may_end(statement):
            return call
    return None


def _certain_in(statement: ast.stmt, function: Function, is_method: bool) -> ast.Call | None:
    if isinstance(statement, SCOPES):
        return None
    found = next(
        (c for part in _head(statement) for c in self_calls(part, function, is_method)), None
    )
    match statement:
        case ast.If() if found is None:
            one = _certain(statement.body, function, is_method)
            other = _certain(statement.orelse, function, is_method)
            return one if other is not None else None
        case ast.With() | ast.AsyncWith() if found is None:
            return _certain(statement.body, function, is_method)
    return found


def _head(statement: ast.stmt) -> list[ast.AST]:
    """What a statement evaluates before its bodies; the test or the iterable of a loop."""
    match statement:
        case ast.If() | ast.While():
            return [statement.test]
        case ast.For() | ast.AsyncFor():
            return [statement.iter]
        case ast.With() | ast.AsyncWith():
            return [part.context_expr for part in statement.items]
        case ast.Match():
            return [statement.subject]
        case ast.Try() | ast.TryStar():  # a handler may be the way out
            return []
    return [statement]


def _may_end(statement: ast.stmt) -> bool:
    return any(isinstance(node, _ENDINGS) for node in ast.walk(statement))


def evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that are evaluated whenever ``node`` is: no lambdas, no alternatives."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        match found:
            case ast.IfExp():
                waiting.append(found.test)
            case ast.BoolOp():
                waiting.append(found.values[0])
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                waiting.append(found.generators[0].iter)
            case ast.Compare():  # "a < b < c" need not come to c
                waiting += [found.left, found.comparators[0]]
            case ast.Lambda() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                pass
            case _:
                waiting.extend(ast.iter_child_nodes(found))
