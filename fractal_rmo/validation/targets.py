"""Which functions of the code the tests call, and with what: read from their text alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePosixPath
from typing import TypeAlias

from fractal_rmo.domain.source import SourceTree

MAX_TARGETS = 8
MAX_EXAMPLES = 60
MAX_ARGUMENT_CHARS = 2000
_MAX_ROWS = 30
_MAX_ENVIRONMENTS = 200
_MAX_TRIED = 2000
"""Calls of one function that are read in search of examples: tests may be written to take long."""
_DEEPEST = 12
_MAX_HOPS = 4
FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_Environment: TypeAlias = Mapping[str, ast.expr]
_Place: TypeAlias = tuple[str, str]


@dataclass(frozen=True)
class Arguments:
    """The arguments of one call: plain values of built-in types."""

    args: tuple[object, ...] = ()
    named: tuple[tuple[str, object], ...] = ()

    @property
    def values(self) -> tuple[object, ...]:
        """All of them, the positional ones first."""
        return (*self.args, *(value for _, value in self.named))

    def with_values(self, values: Iterable[object]) -> Arguments:
        """The same call with other values."""
        new, count = tuple(values), len(self.args)
        names = (name for name, _ in self.named)
        return Arguments(new[:count], tuple(zip(names, new[count:], strict=True)))

    def __str__(self) -> str:
        named = (f"{name}={value!r}" for name, value in self.named)
        return ", ".join([*map(repr, self.args), *named])


@dataclass(frozen=True)
class Target:
    """A function at the top of a module: the one that ``module.name`` names.

    ``examples`` are the literal calls of the tests; ``exact`` says that a test
    compares an answer as it is, with nothing wrapped around the call.
    """

    module: str
    name: str
    path: str
    node: ast.FunctionDef
    tree: ast.Module
    examples: tuple[Arguments, ...] = ()
    exact: bool = False

    @property
    def place(self) -> str:
        """The name with which a test reaches it."""
        return f"{self.module}.{self.name}"

    def required(self) -> list[ast.arg]:
        """The parameters without which there is no call."""
        given = self.node.args
        positional = [*given.posonlyargs, *given.args]
        needed = positional[: len(positional) - len(given.defaults)]
        pairs = zip(given.kwonlyargs, given.kw_defaults, strict=True)
        return [*needed, *(arg for arg, default in pairs if default is None)]


@dataclass(frozen=True)
class Found:
    """``targets`` in order of their places; ``left`` says of others why they are not called."""

    targets: tuple[Target, ...]
    left: tuple[str, ...] = ()


def find_targets(code: SourceTree, tests: SourceTree) -> Found:
    """The functions that the tests call.  What does not parse is passed over."""
    modules = _modules(code)
    seen: dict[_Place, _Calls] = {}
    for _, tree in trees(tests):
        for place, call in _calls(tree, modules):
            seen.setdefault(place, _Calls()).add(call)
    targets, left = [], []
    for place, calls in sorted(seen.items()):
        defined = _definition(place, modules)
        if defined is None or (why := _why_not(defined[2])):
            left.append(f"{'.'.join(place)}: {why if defined else 'not a function of the code'}")
            continue
        path, tree, node = defined
        assert isinstance(node, ast.FunctionDef)  # noqa: S101 - what _why_not has looked at
        examples = tuple(calls.examples.values())
        targets.append(Target(*place, path, node, tree, examples, calls.exact))
    left += [f"{t.place}: one of too many" for t in targets[MAX_TARGETS:]]
    return Found(tuple(targets[:MAX_TARGETS]), tuple(left))


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
    return sum(_dotted(func).rpartition(".")[2] == "given" for func in calls)


@dataclass
class _Calls:
    """What the tests do with one function."""

    examples: dict[str, Arguments] = field(default_factory=dict)
    exact: bool = False
    tried: int = 0

    def add(self, call: _Call) -> None:
        self.exact = self.exact or call.exact
        for environment in call.environments:
            self.tried += 1
            if self.tried > _MAX_TRIED or len(self.examples) >= MAX_EXAMPLES:
                return
            arguments = _arguments(call.node, environment)
            if arguments is not None and _can_be_written(arguments):
                self.examples.setdefault(str(arguments), arguments)


@dataclass(frozen=True)
class _Call:
    node: ast.Call
    environments: Sequence[_Environment]
    exact: bool


def _can_be_written(arguments: Arguments) -> bool:
    """Whether a call is small enough; ``1e999`` is a literal that is shown as none: ``inf``."""
    if not all(map(_is_shallow, arguments.values)):
        return False
    text = str(arguments)
    return len(text) <= MAX_ARGUMENT_CHARS and not re.search(r"\b(inf|nan)[j,)\]}]|\binf$", text)


def _is_shallow(value: object, left: int = _DEEPEST) -> bool:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    inner = value if isinstance(value, list | tuple | set) else ()
    return left > 0 and all(_is_shallow(item, left - 1) for item in inner)


def trees(files: SourceTree) -> Iterator[tuple[str, ast.Module]]:
    """The Python files that parse, each with its tree."""
    for path, text in files.python_files():
        try:
            yield path, ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue


# --- names ------------------------------------------------------------------------------


def _modules(code: SourceTree) -> dict[str, tuple[str, ast.Module]]:
    """Files of the code by the name under which they are imported."""
    has_src = "src/__init__.py" not in code.files
    found = {}
    for path, tree in trees(code):
        parts = PurePosixPath(path).with_suffix("").parts
        parts = parts[1:] if has_src and parts[0] == "src" and len(parts) > 1 else parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = (path, tree)
    return found


def _definition(
    place: _Place, modules: Mapping[str, tuple[str, ast.Module]], hops: int = 0
) -> tuple[str, ast.Module, ast.AST] | None:
    """Where a name is defined at the top of a module, or of the one it is imported from."""
    module, name = place
    if module not in modules or hops > _MAX_HOPS:
        return None
    path, tree = modules[module]
    is_package = path.endswith("__init__.py")
    for node in reversed(tree.body):
        if isinstance(node, FunctionNode | ast.ClassDef) and node.name == name:
            return path, tree, node
        if isinstance(node, ast.ImportFrom):
            origin = _origin(module, is_package, node)
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return _definition((origin, alias.name), modules, hops + 1)
    return None


def _origin(module: str, is_package: bool, node: ast.ImportFrom) -> str:
    """The module that an import names, relative ones resolved."""
    if not node.level:
        return node.module or ""
    parts = module.split(".") if module else []
    kept = parts[: len(parts) - node.level + is_package]
    return ".".join([*kept, *([node.module] if node.module else [])])


def _why_not(node: ast.AST) -> str:
    """Why something is not called with generated arguments; "" when it can be."""
    if isinstance(node, ast.ClassDef):
        return "a class"
    if isinstance(node, ast.AsyncFunctionDef):
        return "a coroutine function"
    if isinstance(node, ast.FunctionDef) and node.decorator_list:
        plain = (d.func if isinstance(d, ast.Call) else d for d in node.decorator_list)
        names = {_dotted(decorator).rpartition(".")[2] for decorator in plain}
        return "" if names <= {"cache", "lru_cache"} else "decorated, so what it takes is not known"
    return ""


def _bindings(tree: ast.Module, modules: Iterable[str]) -> dict[str, _Place]:
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


# --- calls ------------------------------------------------------------------------------


def _calls(tree: ast.Module, modules: Iterable[str]) -> Iterator[tuple[_Place, _Call]]:
    bindings = _bindings(tree, modules)
    if not bindings:
        return
    exact = set(_compared(tree))
    top = _assigned(tree.body)
    for scope in _scopes(tree):
        environments = list(islice(_environments(scope, top), _MAX_ENVIRONMENTS))
        for node in ast.walk(scope):
            if isinstance(node, ast.Call) and (place := _place(node.func, bindings)):
                yield place, _Call(node, environments, id(node) in exact)


def _compared(tree: ast.Module) -> Iterator[int]:
    """Ids of the expressions whose value is compared as it is, also by way of a name."""
    sides: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides += [node.left, *node.comparators]
        elif isinstance(node, ast.Call) and _dotted(node.func).endswith("Equal"):
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


def _dotted(node: ast.expr) -> str:
    """``a.b.c`` as it is written; "" for everything that is more than names and dots."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *names[::-1]]) if isinstance(node, ast.Name) else ""


def _place(func: ast.expr, bindings: Mapping[str, _Place]) -> _Place | None:
    if isinstance(func, ast.Name):
        place = bindings.get(func.id)
        return place if place and place[1] else None
    if isinstance(func, ast.Attribute):
        place = bindings.get(_dotted(func.value))
        return (place[0], func.attr) if place and not place[1] else None
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
    return _dotted(decorator.func).endswith("parametrize") and len(decorator.args) > 1


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
