"""What a function of the code uses, itself or through what it calls there: read from the text.

A small call graph, without types: a name stands for what its module defines
or imports under it, and an attribute for every method of that name in the
code.  So it may say too much, and says too little only of what is called
through data, ``getattr`` or ``exec``; the latter count as chance.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.generated.given_calls import trees
from fractal_rmo.validation.generated.targets import Target

_BY_CHANCE = frozenset((
    "random", "secrets", "time", "datetime", "uuid", "os", "threading", "asyncio",
    "multiprocessing", "subprocess", "socket", "tempfile", "concurrent", "gc", "weakref", "sys",
    "platform", "importlib", "ctypes",
))  # fmt: skip
"""Modules whose answers may differ from one call to the next."""
_CHANCE_NAMES = frozenset(("object", "open", "input", "exec", "eval", "globals", "__import__"))
"""Not ``hash`` and ``id``: nobody asks them for chance, yet they differ from process to process."""
_Node = ast.stmt


@dataclass
class _Module:
    """One file: what stands under each name, and which names ``global`` shares."""

    path: str
    defined: dict[str, list[_Node]] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)


class Uses:
    """Answers what each function of the code uses; everything is read once."""

    def __init__(self, code: SourceTree) -> None:
        self._modules = {path: _read(path, tree) for path, tree in trees(code)}
        self._methods: dict[str, list[tuple[_Module, _Node]]] = {}
        self._everywhere: dict[str, list[tuple[_Module, _Node]]] = {}
        for module in self._modules.values():
            for name, nodes in module.defined.items():
                rows = [(module, node) for node in nodes]
                self._everywhere.setdefault(name, []).extend(rows)
                for method in _methods(nodes):
                    self._methods.setdefault(method.name, []).append((module, method))
        self._reached: dict[str, list[tuple[_Module, _Node]]] = {}

    def chance(self, target: Target) -> str:
        """The first thing that the function uses by which answers may differ; "" for none."""
        for module, node in self._reach(target):
            for part in ast.walk(node):
                if found := _chance_in(part, module):
                    return f"{target.place} uses {found} ({module.path})"
        return ""

    def has_state(self, target: Target) -> bool:
        """Whether the function uses a name that some function sets with ``global``."""
        return any(
            isinstance(part, ast.Name) and part.id in module.shared
            for module, node in self._reach(target)
            for part in ast.walk(node)
        )

    def _reach(self, target: Target) -> list[tuple[_Module, _Node]]:
        """The function and all that it may call in the code, each once."""
        if target.place not in self._reached:
            start = self._modules.get(target.path)
            rows: list[tuple[_Module, _Node]] = [(start, target.node)] if start else []
            owner = target.name.rpartition(".")[0]
            rows += [(start, node) for node in start.defined.get(owner, ())] if start else []
            self._reached[target.place] = self._closure(rows)
        return self._reached[target.place]

    def _closure(self, rows: Iterable[tuple[_Module, _Node]]) -> list[tuple[_Module, _Node]]:
        found: dict[int, tuple[_Module, _Node]] = {}
        waiting = list(rows)
        while waiting:
            module, node = waiting.pop()
            if id(node) not in found:
                found[id(node)] = module, node
                waiting += self._called(module, node)
        return list(found.values())

    def _called(self, module: _Module, node: _Node) -> Iterator[tuple[_Module, _Node]]:
        for part in ast.walk(node):
            if isinstance(part, ast.Name):
                yield from ((module, other) for other in module.defined.get(part.id, ()))
                if part.id in module.imported and part.id not in module.defined:
                    name = module.imported[part.id].rpartition(".")[2]
                    yield from self._everywhere.get(name, ())
            elif isinstance(part, ast.Attribute):
                yield from self._methods.get(part.attr, ())
                if isinstance(part.value, ast.Name) and part.value.id in module.imported:
                    yield from self._everywhere.get(part.attr, ())


def _read(path: str, tree: ast.Module) -> _Module:
    module = _Module(path)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                module.imported[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                origin = f"{node.module or ''}.{alias.name}" if not node.level else alias.name
                module.imported[alias.asname or alias.name] = origin
        elif isinstance(node, ast.Global):
            module.shared.update(node.names)
    for statement in tree.body:
        for name in _names_given(statement):
            module.defined.setdefault(name, []).append(statement)
    return module


def _names_given(statement: ast.stmt) -> set[str]:
    """The names that a statement at the top of a module defines or assigns."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    return {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _methods(nodes: Iterable[_Node]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in nodes:
        for inner in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                yield inner


def _chance_in(part: ast.AST, module: _Module) -> str:
    """The name of something by chance, "" for none; a star import may hide any name."""
    if isinstance(part, ast.Name):
        origin = module.imported.get(part.id, "")
        if origin.partition(".")[0] in _BY_CHANCE:
            return origin
        if part.id in _CHANCE_NAMES and part.id not in module.defined:
            return part.id
        stars = (o for o in [module.imported.get("*", "")] if o)
        return next((o for o in stars if o.partition(".")[0] in _BY_CHANCE), "")
    return ""
