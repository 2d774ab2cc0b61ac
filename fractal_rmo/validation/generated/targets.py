"""Which functions and methods of the code the tests call: read from their text alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeAlias

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.generated.arguments import Arguments
from fractal_rmo.validation.generated.given_calls import (
    FunctionNode,
    GivenCalls,
    Place,
    dotted,
    given_calls,
    trees,
)

MAX_TARGETS = 8
MAX_LEFT = 20
_MAX_HOPS = 4
_HARMLESS = {"cache", "lru_cache", "staticmethod", "classmethod"}
"""Decorators after which a function still takes what it says."""
_Defined: TypeAlias = tuple[str, ast.Module, ast.AST]


@dataclass(frozen=True)
class Target:
    """A function at the top of a module, or a method of a class there.

    ``name`` is that of the function or ``Class.method``; ``path`` and ``tree``
    are of the file that defines it.  ``examples`` are the literal calls of the
    tests; ``exact`` says that a test compares an answer as it is, with nothing
    wrapped around the call.  ``maker`` makes the object of a method.
    """

    module: str
    name: str
    path: str
    node: ast.FunctionDef
    tree: ast.Module
    examples: tuple[Arguments, ...] = ()
    exact: bool = False
    maker: Maker | None = None

    @property
    def place(self) -> str:
        """The name with which a test reaches it."""
        return f"{self.module}.{self.name}"

    @property
    def positional(self) -> list[ast.arg]:
        """The parameters that may be given by place, without the object or the class."""
        return _positional(self.node, is_method="." in self.name)

    def required(self) -> list[ast.arg]:
        """The parameters without which there is no call."""
        return _required(self.node, self.positional)


@dataclass(frozen=True)
class Maker:
    """How the tests make objects of a class: ``examples``, and the ``__init__`` of its own."""

    examples: tuple[Arguments, ...]
    node: ast.FunctionDef | None

    def required(self) -> list[ast.arg]:
        """The parameters without which there is no object."""
        return _required(self.node, _positional(self.node, is_method=True)) if self.node else []


def _positional(node: ast.FunctionDef, is_method: bool) -> list[ast.arg]:
    marks = {dotted(decorator) for decorator in node.decorator_list}
    skipped = 1 if is_method and "staticmethod" not in marks else 0
    return [*node.args.posonlyargs, *node.args.args][skipped:]


def _required(node: ast.FunctionDef, positional: Sequence[ast.arg]) -> list[ast.arg]:
    given = node.args
    needed = positional[: max(0, len(positional) - len(given.defaults))]
    pairs = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    return [*needed, *(arg for arg, default in pairs if default is None)]


@dataclass(frozen=True)
class Found:
    """``targets`` in order of their places; ``left`` says of others why they are not called."""

    targets: tuple[Target, ...]
    left: tuple[str, ...] = ()


class Catalogue:
    """The functions and methods of the code, with what the tests do with them.

    What does not parse is passed over.
    """

    def __init__(self, code: SourceTree, tests: SourceTree) -> None:
        self._modules = _modules(code)
        self._given = sorted(given_calls(tests, self._modules).items())
        self._defined = {place: _definition(place, self._modules) for place, _ in self._given}

    def called(self) -> Found:
        """Those that the tests call by name."""
        targets, left = list[Target](), list[str]()
        for place, calls in self._given:
            defined = self._defined[place]
            node = defined[2] if defined else None
            if defined is None or not _is_callable(node):
                left += self._why_left(place, node)
                continue
            targets.append(self._target(place, defined, calls))
        left += [f"{t.place}: one of too many" for t in targets[MAX_TARGETS:]]
        return Found(tuple(targets[:MAX_TARGETS]), tuple(left[:MAX_LEFT]))

    def defined(self, path: str, name: str) -> Target | None:
        """The one that a file defines under a name; None for what cannot be called so."""
        modules = {file: (module, tree) for module, (file, tree) in self._modules.items()}
        if path not in modules:
            return None
        module, _ = modules[path]
        found = _definition((module, name), self._modules)
        if found is None or found[0] != path or not _is_callable(found[2]):
            return None
        calls = GivenCalls()
        for place, given in self._given:
            if (other := self._defined[place]) and other[2] is found[2]:
                calls.examples |= given.examples
        return self._target((module, name), found, calls)

    def defines(self, module: str, name: str) -> bool:
        """Whether the code itself defines what a module of its has under a name."""
        return _definition((module, name), self._modules) is not None

    def _target(self, place: Place, defined: _Defined, calls: GivenCalls) -> Target:
        path, tree, node = defined
        assert isinstance(node, ast.FunctionDef)  # noqa: S101 - asked before, for mypy
        marks = {dotted(decorator) for decorator in node.decorator_list}
        owner = place[1].rpartition(".")[0]
        is_bound = bool(owner) and not marks & {"staticmethod", "classmethod"}
        maker = self._maker((place[0], owner)) if is_bound else None
        examples = tuple(calls.examples.values())
        return Target(*place, path, node, tree, examples, calls.exact, maker)

    def _maker(self, place: Place) -> Maker:
        defined = _definition(place, self._modules)
        body = defined[2].body if defined and isinstance(defined[2], ast.ClassDef) else []
        inits = [s for s in body if isinstance(s, ast.FunctionDef) and s.name == "__init__"]
        found: dict[str, Arguments] = {}
        for other, calls in self._given:
            known = self._defined[other]
            if defined and known and known[2] is defined[2]:
                found |= calls.examples
        return Maker(tuple(found.values()), inits[-1] if inits else None)

    def _why_left(self, place: Place, node: ast.AST | None) -> Iterator[str]:
        """Nothing of a class whose methods are called, or of what is called on an answer."""
        has_methods = any(
            other[0] == place[0] and other[1].startswith(f"{place[1]}.") and self._defined[other]
            for other, _ in self._given
        )
        if not (node is None and "." in place[1]) and not has_methods:
            yield f"{'.'.join(place)}: {_why_not(node)}"


def _is_callable(node: ast.AST | None) -> bool:
    return isinstance(node, ast.FunctionDef) and not _is_wrapped(node)


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
    owner, _, method = place[1].rpartition(".")
    if owner:
        return _method(_definition((place[0], owner), modules, hops), method)
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


def _method(defined: _Defined | None, name: str) -> _Defined | None:
    """Where a class itself defines a method."""
    if defined is None or not isinstance(defined[2], ast.ClassDef):
        return None
    nodes = [s for s in defined[2].body if isinstance(s, FunctionNode) and s.name == name]
    return (defined[0], defined[1], nodes[-1]) if nodes else None


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
    return not {dotted(d).rpartition(".")[2] for d in plain} <= _HARMLESS


def _why_not(node: ast.AST | None) -> str:
    """Why something is not called with generated arguments."""
    if isinstance(node, ast.ClassDef):
        return "a class"
    if isinstance(node, ast.AsyncFunctionDef):
        return "a coroutine function"
    if isinstance(node, ast.FunctionDef):
        return "decorated, so what it takes is not known"
    return "not a function of the code"
