"""Which functions of the code the tests call: read from their text alone."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeAlias

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.property.arguments import Arguments
from fractal_rmo.validation.property.given_calls import (
    FunctionNode,
    Place,
    dotted,
    given_calls,
    trees,
)

MAX_TARGETS = 8
MAX_LEFT = 20
_MAX_HOPS = 4
_Defined: TypeAlias = tuple[str, ast.Module, ast.AST]


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
    targets, left = [], []
    for place, calls in sorted(given_calls(tests, modules).items()):
        defined = _definition(place, modules)
        node = defined[2] if defined else None
        if defined is None or not isinstance(node, ast.FunctionDef) or _is_wrapped(node):
            left.append(f"{'.'.join(place)}: {_why_not(node)}")
            continue
        examples = tuple(calls.examples.values())
        targets.append(Target(*place, defined[0], node, defined[1], examples, calls.exact))
    left += [f"{t.place}: one of too many" for t in targets[MAX_TARGETS:]]
    return Found(tuple(targets[:MAX_TARGETS]), tuple(left[:MAX_LEFT]))


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
    place: Place, modules: Mapping[str, tuple[str, ast.Module]], hops: int = 0
) -> _Defined | None:
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


def _is_wrapped(node: ast.FunctionDef) -> bool:
    """Whether a decorator may change what the function takes; a cache does not."""
    plain = (d.func if isinstance(d, ast.Call) else d for d in node.decorator_list)
    return not {dotted(d).rpartition(".")[2] for d in plain} <= {"cache", "lru_cache"}


def _why_not(node: ast.AST | None) -> str:
    """Why something is not called with generated arguments."""
    if isinstance(node, ast.ClassDef):
        return "a class"
    if isinstance(node, ast.AsyncFunctionDef):
        return "a coroutine function"
    if isinstance(node, ast.FunctionDef):
        return "decorated, so what it takes is not known"
    return "not a function of the code"
