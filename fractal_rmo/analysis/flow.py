"""Where control goes: statements never reached, ends without a value, calls without an end."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from fractal_rmo.analysis.reading import SCOPES, Function, Parsed, own_nodes
from fractal_rmo.domain.finding import AnalyzerRole, Finding, Severity

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_LEAVES = (ast.Return, ast.Raise)
_JUMPS = (ast.Return, ast.Raise, ast.Break, ast.Continue)
_EXITS = frozenset({"sys.exit", "exit", "quit", "os._exit", "os.abort"})
_BODIES = ("body", "orelse", "finalbody")
_Kinds = tuple[type[ast.AST], ...]


def always_ends(body: Sequence[ast.stmt], kinds: _Kinds = _LEAVES) -> bool:
    """Whether control cannot run past the end of a body; ``kinds`` are what takes it away."""
    return any(_ends(statement, kinds) for statement in body)


def _ends(statement: ast.stmt, kinds: _Kinds) -> bool:
    if isinstance(statement, kinds):
        return True
    match statement:
        case ast.If():
            return always_ends(statement.body, kinds) and always_ends(statement.orelse, kinds)
        case ast.With() | ast.AsyncWith():
            # its manager may swallow an error (suppress, pytest.raises), and control goes on
            return kinds is _LEAVES and always_ends(statement.body, kinds)
        case ast.Try() | ast.TryStar():
            return _try_ends(statement, kinds)
        case ast.While(test=ast.Constant(value=value)):
            return bool(value) and not any(_breaks(inner) for inner in statement.body)
        case ast.Match():
            return _covers_all(statement) and all(
                always_ends(case.body, kinds) for case in statement.cases
            )
        case ast.Assert(test=ast.Constant(value=False)):
            return True
        case ast.Expr(value=ast.Call(func=called)):
            return ast.unparse(called) in _EXITS if _is_name(called) else False
    return False


def _is_name(called: ast.expr) -> bool:
    """``f`` or ``m.f``: a long chain is no known exit, and costs time to write out."""
    return isinstance(called, ast.Name) or (
        isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name)
    )


def _try_ends(statement: ast.Try | ast.TryStar, kinds: _Kinds) -> bool:
    if always_ends(statement.finalbody, kinds):
        return True
    straight = always_ends([*statement.body, *statement.orelse], kinds)
    return straight and all(always_ends(handler.body, kinds) for handler in statement.handlers)


def _breaks(statement: ast.stmt) -> bool:
    """Whether a statement holds a ``break`` of the loop around it."""
    if isinstance(statement, ast.Break):
        return True
    if isinstance(statement, SCOPES):
        return False
    if isinstance(statement, _LOOPS):  # a break in its body is its own
        return any(_breaks(inner) for inner in statement.orelse)
    return any(_breaks(inner) for body in bodies(statement) for inner in body)


def bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The bodies of a compound statement, those of handlers and cases included."""
    for name in _BODIES:
        found = getattr(node, name, None)
        if found and isinstance(found, list):
            yield found
    for name in ("handlers", "cases"):
        for part in getattr(node, name, ()):
            yield part.body


def _covers_all(statement: ast.Match) -> bool:
    last = statement.cases[-1]
    return last.guard is None and isinstance(last.pattern, ast.MatchAs) and not last.pattern.pattern


def unreachable(role: AnalyzerRole, file: Parsed) -> Iterator[Finding]:
    """The first statement of each body that control never comes to."""
    for node in ast.walk(file.tree):
        for body in bodies(node) if isinstance(node, ast.stmt | ast.Module) else ():
            if (lost := _lost(body)) is not None:
                message = "This statement is never reached."
                yield file.finding(role, lost, "unreachable", message, Severity.MEDIUM)
        match node:
            case ast.If(test=ast.Constant(value=value)) | ast.While(test=ast.Constant(value=value)):
                if not value and not _is_yield(node.body[0]):
                    message = "The condition is never true."
                    yield file.finding(role, node.body[0], "unreachable", message, Severity.MEDIUM)


def _lost(body: Sequence[ast.stmt]) -> ast.stmt | None:
    for place, statement in enumerate(body[:-1]):
        if _ends(statement, _JUMPS):
            after = body[place + 1]
            return None if _is_yield(after) else after
    return None


def _is_yield(statement: ast.stmt) -> bool:
    """``return; yield`` and ``if False: yield`` make an empty generator on purpose."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield)


def missing_return(role: AnalyzerRole, file: Parsed, function: Function) -> Iterator[Finding]:
    """Some paths return a value, and the end of the function is reached without one."""
    nodes = list(own_nodes(function))
    generator = any(isinstance(node, ast.Yield | ast.YieldFrom) for node in nodes)
    valued = any(isinstance(node, ast.Return) and _has_value(node) for node in nodes)
    if valued and not generator and not _may_be_none(function) and not always_ends(function.body):
        message = f"'{function.name}' returns a value on some paths and None at its end."
        yield file.finding(role, function, "missing-return", message, Severity.MEDIUM)


def _has_value(node: ast.Return) -> bool:
    none = isinstance(node.value, ast.Constant) and node.value.value is None
    return node.value is not None and not none


def _may_be_none(function: Function) -> bool:
    """The annotation says that None is meant."""
    for node in ast.walk(function.returns) if function.returns else ():
        match node:
            case ast.Constant(value=None) | ast.Name(id="Optional" | "Any" | "object"):
                return True
            case ast.Attribute(attr="Optional" | "Any"):
                return True
            case ast.Constant(value=str() as text) if "None" in text or "Optional" in text:
                return True
    return False
