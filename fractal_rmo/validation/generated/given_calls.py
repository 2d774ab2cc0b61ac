"""The calls that tests make, read from their text: which function, and with which literals.

Names stand for what they are given once, in a loop over a table, or by
``parametrize``.  Nothing is run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.generated.arguments import Arguments, can_be_written

MAX_EXAMPLES = 60
_MAX_ROWS = 30
_MAX_ENVIRONMENTS = 200
_MAX_TRIED = 2000
"""Calls of one function that are read in search of examples: tests may be written to take long."""
FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Place: TypeAlias = tuple[str, str]
"""A module and a name in it, which is that of a function or ``Class.method``."""
_Environment: TypeAlias = Mapping[str, ast.expr]


@dataclass
class GivenCalls:
    """What the tests do with one function."""

    examples: dict[str, Arguments] = field(default_factory=dict)
    exact: bool = False
    tried: int = 0

    def add(self, call: GivenCall) -> None:
        """Keep what one call says, up to the bounds."""
        self.exact = self.exact or call.exact
        for environment in call.environments:
            self.tried += 1
            if self.tried > _MAX_TRIED or len(self.examples) >= MAX_EXAMPLES:
                return
            arguments = _arguments(call.node, environment)
            if arguments is not None and can_be_written(arguments):
                self.examples.setdefault(str(arguments), arguments)


@dataclass(frozen=True)
class GivenCall:
    """One call, and what names may stand for where it is made."""

    node: ast.Call
    environments: Sequence[_Environment]
    exact: bool


def given_calls(tests: SourceTree, modules: Iterable[str]) -> dict[Place, GivenCalls]:
    """What the tests call in the modules of these names."""
    known, found = set(modules), dict[Place, GivenCalls]()
    for _, tree in trees(tests):
        for place, call in _calls(tree, known):
            found.setdefault(place, GivenCalls()).add(call)
    return found


def property_tests(tests: SourceTree) -> int:
    """How many functions of the tests are properties for hypothesis: decorated with ``given``."""
    decorators = (
        decorator
        for _, tree in trees(tests)
        for node in ast.walk(tree)
        if isinstance(node, FunctionNode)
        for decorator in node.decorator_list
    )
    calls = (d.func for d in decorators if isinstance(d, ast.Call))
    return sum(dotted(func).rpartition(".")[2] == "given" for func in calls)


def trees(files: SourceTree) -> Iterator[tuple[str, ast.Module]]:
    """The Python files that parse, each with its tree."""
    for path, text in files.python_files():
        try:
            yield path, ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue


def _bindings(tree: ast.Module, modules: Iterable[str]) -> dict[str, Place]:
    """What names of a test file mean: (module, function), or (module, "")."""
    known, found = set(modules), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                place = (whole, "") if whole in known else (node.module, alias.name)
                found[alias.asname or alias.name] = place
        elif isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name] = (alias.name, "")
    return {name: place for name, place in found.items() if place[0] in known}


def _calls(tree: ast.Module, modules: Iterable[str]) -> Iterator[tuple[Place, GivenCall]]:
    bindings = _bindings(tree, modules)
    if not bindings:
        return
    exact = set(_compared(tree))
    top = _assigned(tree.body)
    for scope in _scopes(tree):
        environments = list(islice(_environments(scope, top), _MAX_ENVIRONMENTS))
        for node in ast.walk(scope):
            if isinstance(node, ast.Call) and (
                place := _place(node.func, bindings, environments[0])
            ):
                yield place, GivenCall(node, environments, id(node) in exact)


def _compared(tree: ast.Module) -> Iterator[int]:
    """Ids of the expressions whose value is compared as it is, also by way of a name."""
    sides: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides += [node.left, *node.comparators]
        elif isinstance(node, ast.Call) and dotted(node.func).endswith("Equal"):
            sides += node.args
    yield from map(id, sides)
    names = {side.id for side in sides if isinstance(side, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id in names for target in node.targets
        ):
            yield id(node.value)


def _scopes(tree: ast.Module) -> Iterator[ast.AST]:
    """The outermost functions, and what stands outside of them."""
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    bodies = [tree.body, *(node.body for node in classes)]
    for body in bodies:
        for node in body:
            if not isinstance(node, ast.ClassDef):
                yield node


def dotted(node: ast.expr) -> str:
    """``a.b.c`` as it is written; "" for everything that is more than names and dots."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *names[::-1]]) if isinstance(node, ast.Name) else ""


def _place(func: ast.expr, bindings: Mapping[str, Place], own: _Environment) -> Place | None:
    """What is called: a name of a module, or of something there, on which it may be a method."""
    if isinstance(func, ast.Name):
        place = bindings.get(func.id)
        return place if place and place[1] else None
    if not isinstance(func, ast.Attribute):
        return None
    owner = func.value
    if isinstance(owner, ast.Name) and owner.id not in bindings:
        owner = own.get(owner.id, owner)
    if isinstance(owner, ast.Call):  # an object, made where it is used or once before
        owner = owner.func
    whole = dotted(owner)
    if whole in bindings:
        module, name = bindings[whole]
        return module, f"{name}.{func.attr}" if name else func.attr
    front, _, name = whole.rpartition(".")
    if front in bindings and not bindings[front][1]:
        return bindings[front][0], f"{name}.{func.attr}"
    return None


def _assigned(body: Iterable[ast.stmt]) -> dict[str, ast.expr]:
    """Names that are given a value once, and that value."""
    found: dict[str, list[ast.expr]] = {}
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found.setdefault(node.targets[0].id, []).append(node.value)
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def _environments(scope: ast.AST, top: _Environment) -> Iterator[_Environment]:
    """What names stand for in a function: once, and once more for each row of its tables."""
    own = {**top, **(_assigned(scope.body) if isinstance(scope, FunctionNode) else {})}
    yield own
    tables: list[tuple[ast.expr, ast.expr]] = [
        (node.target, node.iter) for node in ast.walk(scope) if isinstance(node, ast.For)
    ]
    decorators = (d for d in getattr(scope, "decorator_list", []) if isinstance(d, ast.Call))
    tables += [(d.args[0], d.args[1]) for d in decorators if _is_parametrize(d)]
    for target, table in tables:
        yield from ({**own, **row} for row in _rows(target, table, own))


def _is_parametrize(decorator: ast.Call) -> bool:
    return dotted(decorator.func).endswith("parametrize") and len(decorator.args) > 1


def _rows(target: ast.expr, table: ast.expr, own: _Environment) -> Iterator[_Environment]:
    table = own.get(table.id, table) if isinstance(table, ast.Name) else table
    names = _names(target)
    for row in table.elts[:_MAX_ROWS] if isinstance(table, ast.List | ast.Tuple) else ():
        if len(names) == 1:
            yield {names[0]: row}
        elif isinstance(row, ast.List | ast.Tuple) and len(row.elts) == len(names):
            yield dict(zip(names, row.elts, strict=True))


def _names(target: ast.expr) -> list[str]:
    """The names of a loop's target or of the first argument of ``parametrize``."""
    if isinstance(target, ast.Constant) and isinstance(target.value, str):
        return [name.strip() for name in target.value.split(",") if name.strip()]
    elements = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
    return [
        e.id if isinstance(e, ast.Name) else str(e.value) if isinstance(e, ast.Constant) else ""
        for e in elements
    ]


def _arguments(call: ast.Call, environment: _Environment) -> Arguments | None:
    """The call's arguments where all are literals; else None."""
    try:
        args = tuple(_literal(node, environment) for node in call.args)
        named = tuple((k.arg or "", _literal(k.value, environment)) for k in call.keywords)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    return None if any(not name for name, _ in named) else Arguments(args, named)


def _literal(node: ast.expr, environment: _Environment) -> object:
    if isinstance(node, ast.Name) and node.id in environment:
        node = environment[node.id]
    value = ast.literal_eval(node)
    if value is Ellipsis:
        raise ValueError("not a value that anybody passes on")
    return value
