"""Which names a piece of code mentions, binds and calls: what decides whether a rule is safe.

All answers err on the careful side: a name is taken to be used wherever it could be.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from fractal_rmo.editing.source import FunctionNode, ParsedFile

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, *_COMPREHENSIONS)
_DYNAMIC = frozenset({"locals", "vars", "dir", "eval", "exec"})
_OF_A_SCOPE = frozenset({"super", "__class__"})
_SUSPENDS = (ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr)
_CATCHES = (ast.Try, ast.TryStar, ast.With, ast.AsyncWith)


def mentions(*nodes: ast.AST) -> Counter[str]:
    """How often each name is read, bound, deleted or declared in these nodes."""
    return Counter(name for top in nodes for node in ast.walk(top) for name in _names(node))


def bindings(*nodes: ast.AST) -> Counter[str]:
    """How often each name is bound, deleted or declared, inner scopes included."""
    return Counter(
        name
        for top in nodes
        for node in ast.walk(top)
        if not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
        for name in _names(node)
    )


def _names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name) | ast.arg(arg=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.ExceptHandler(name=str() as name) | ast.MatchAs(name=str() as name):
            yield name
        case ast.MatchStar(name=str() as name) | ast.MatchMapping(rest=str() as name):
            yield name
        case ast.alias(name=name, asname=other):
            yield other or name.partition(".")[0]
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names


def words(*nodes: ast.AST) -> set[str]:
    """Names and attributes: all that could name a function."""
    attributes = {
        node.attr for top in nodes for node in ast.walk(top) if isinstance(node, ast.Attribute)
    }
    return attributes | set(mentions(*nodes))


def calls(trees: Iterable[ast.AST]) -> dict[str, set[str]]:
    """What each function and class of these files may call, by name alone."""
    found: dict[str, set[str]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.setdefault(node.name, set()).update(words(*node.body))
    return found


def may_return_to(
    function: FunctionNode, nodes: Iterable[ast.AST], graph: Mapping[str, set[str]] | None
) -> bool:
    """Whether what ``nodes`` call may call ``function`` again.

    A comprehension is a frame of its own: recursion through it would meet its
    limit at half the depth.
    """
    if graph is None or function.name.startswith("__"):
        return True
    return function.name in reachable(words(*nodes), graph)


def reachable(names: Iterable[str], graph: Mapping[str, set[str]]) -> set[str]:
    """These names, and all that code may use which is called by one of them, by name alone."""
    seen, todo = set[str](), set(names)
    while todo:
        name = todo.pop()
        seen.add(name)
        todo |= graph.get(name, set()) - seen
    return seen


def inner_mentions(function: ast.AST) -> set[str]:
    """Names that scopes within a function mention: closures may read these at any time."""
    inner = (n for n in ast.walk(function) if isinstance(n, _INNER) and n is not function)
    return set(mentions(*inner))


def is_declared(name: str, function: ast.AST) -> bool:
    """Whether a function says that a name is not its own variable."""
    declared = (n for n in ast.walk(function) if isinstance(n, ast.Global | ast.Nonlocal))
    return name in mentions(*declared)


def is_dynamic(function: ast.AST) -> bool:
    """Whether a function may reach its variables by other ways than their names."""
    return not _DYNAMIC.isdisjoint(mentions(function))


def suspends(*nodes: ast.AST) -> bool:
    """Whether a part yields, awaits or binds a name on its way."""
    return any(isinstance(node, _SUSPENDS) for top in nodes for node in ast.walk(top))


def movable(*nodes: ast.AST) -> bool:
    """Whether these expressions mean the same in a comprehension: a scope and frame of its own."""
    unlike = (ast.Lambda, ast.GeneratorExp)
    later = any(isinstance(node, unlike) for top in nodes for node in ast.walk(top))
    return not later and not suspends(*nodes) and _OF_A_SCOPE.isdisjoint(mentions(*nodes))


def is_guarded(file: ParsedFile, node: ast.AST) -> bool:
    """Whether code of the same function may go on after ``node`` has raised."""
    for above in file.ancestors(node):
        if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef):
            return False
        if isinstance(above, _CATCHES):
            return True
    return False


def home(file: ParsedFile, statement: ast.AST) -> FunctionNode | None:
    """The function whose variables a statement binds; None in a class body or a module."""
    scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.Module)
    scope = next((a for a in file.ancestors(statement) if isinstance(a, scopes)), None)
    return scope if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef) else None
