"""Which file a dotted name means, in a tree whose folders are only partly packages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from fractal_rmo.analysis.reading import Parsed, own_nodes
from fractal_rmo.domain.source import SourceTree

_BINDERS = frozenset({"globals", "exec", "setattr"})


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module: ``name`` is dotted and absolute, or within ``base`` if relative."""

    node: ast.Import | ast.ImportFrom
    name: str
    level: int = 0
    names: tuple[str, ...] = ()
    late: bool = False
    optional: bool = False


def imports(module: ast.Module) -> Iterator[Import]:
    """Every import; late ones run in a function, optional ones may fail or are for types only."""
    top = {id(node) for node in own_nodes(module)}
    optional = {id(node) for node in _guarded(module)}
    for node in ast.walk(module):
        late, guarded = id(node) not in top, id(node) in optional
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node, alias.name, late=late, optional=guarded)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            yield Import(node, node.module or "", node.level, names, late, guarded)


def _guarded(module: ast.Module) -> Iterator[ast.AST]:
    """The nodes below ``try: ... except`` and ``if TYPE_CHECKING:``."""
    for node in ast.walk(module):
        match node:
            case ast.Try(body=body, handlers=[_, *_]):
                pass
            case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                body = node.body
            case _:
                continue
        for statement in body:
            yield from ast.walk(statement)


@dataclass(frozen=True, slots=True)
class Modules:
    """The Python files of a tree by dotted name."""

    paths: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, *trees: SourceTree) -> Modules:
        """The modules of all the trees."""
        files = (path for tree in trees for path, _ in tree.python_files())
        return cls({dotted(path): path for path in files})

    def find(self, name: str, importer: str) -> tuple[str, str] | None:
        """(path, what of the name is left) of the longest part that is in the tree.

        The name is looked up from the top, then next to the importing file (as
        when that file is run as a script), then below a ``src`` folder.
        """
        folder = dotted(str(PurePosixPath(importer).parent))
        # the folder of a package is on nobody's path, whatever its files are called
        bases = ("", "src") if folder in self.paths else ("", folder, "src")
        for base in dict.fromkeys(bases):
            if found := self._longest(f"{base}.{name}" if base else name, base):
                return found
        return None

    def relative(self, level: int, importer: str) -> str | None:
        """The dotted package that a relative import starts from; None above the top."""
        parents = PurePosixPath(importer).parents
        return dotted(str(parents[level - 1])) if level <= len(parents) else None

    def has_package(self, name: str) -> bool:
        """Whether modules are below this dotted name, with or without an ``__init__``."""
        return not name or any(module.startswith(f"{name}.") for module in self.paths)

    def _longest(self, name: str, base: str) -> tuple[str, str] | None:
        parts = name.split(".")
        least = len(base.split(".")) if base else 0
        for length in range(len(parts), least, -1):
            if path := self.paths.get(".".join(parts[:length])):
                return path, ".".join(parts[length:])
        return None


def dotted(path: str) -> str:
    """``pkg/__init__.py`` to ``pkg``, ``a/b.py`` to ``a.b``, ``.`` to nothing."""
    if path in {".", "__init__.py"}:
        return ""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def top_names(file: Parsed) -> set[str] | None:
    """The names that a module binds at its top; None if they cannot be told."""
    names = {name for node in own_nodes(file.tree) for name in _bound(node)}
    hidden = any(
        isinstance(node, ast.Global) or (isinstance(node, ast.Name) and node.id in _BINDERS)
        for node in ast.walk(file.tree)
    )
    return None if hidden or names & {"*", "__getattr__"} else names


def _bound(node: ast.AST) -> list[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Name(id=name, ctx=ast.Store()):
            return [name]
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return [alias.asname or alias.name.partition(".")[0] for alias in aliases]
        case ast.ExceptHandler(name=str() as name) | ast.MatchAs(name=str() as name):
            return [name]
    return []
