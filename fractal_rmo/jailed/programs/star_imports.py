"""The names that ``from solution import *`` brings into a test file, as far as its text tells."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path


def brought(tree: ast.Module, folders: Sequence[str]) -> set[str] | None:
    """All names that star imports of a test file may bind; None where nobody can tell.

    ``folders`` are those that the run imports from.  What lies in none of them is not read.
    """
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(name.name == "*" for name in node.names):
            names = _bound(node, folders)
            if names is None:
                return None
            found |= names
    return found


def stored(tree: ast.AST) -> Iterator[str]:
    """Every name that a file binds, wherever, as often as it does."""
    for node in ast.walk(tree):
        yield from _names(node)


def _names(node: ast.AST) -> Sequence[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.alias(name=name, asname=other):
            return [other or name]
        case ast.Global(names=names):
            return names
        case ast.ExceptHandler(name=str() as name) | ast.MatchAs(name=str() as name):
            return [name]
        case ast.MatchStar(name=str() as name) | ast.MatchMapping(rest=str() as name):
            return [name]
        case _:
            return []


def at_top(node: ast.AST) -> Iterator[str]:
    """What is bound outside of functions and classes, or for the whole file inside of them."""
    for part in ast.iter_child_nodes(node):
        yield from _names(part)
        if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from at_top(part)
        else:
            inside = (inner for inner in ast.walk(part) if isinstance(inner, ast.Global))
            yield from (name for each in inside for name in each.names)
            yield from (name for header in _headers(part) for name in stored(header))


def _headers(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[ast.AST]:
    """What is computed outside of a function or a class when it is made."""
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *node.keywords]
    return [*node.decorator_list, node.args, *([node.returns] if node.returns else [])]


def _bound(node: ast.ImportFrom, folders: Sequence[str]) -> set[str] | None:
    """Too many rather than too few: also those that ``__all__`` leaves out."""
    path = (node.module or "").replace(".", "/")
    files = [
        Path(folder, name) for folder in folders for name in (f"{path}.py", f"{path}/__init__.py")
    ]
    file = next((file for file in files if file.is_file()), None)
    if node.level or file is None:
        return None
    tree = ast.parse(file.read_text(encoding="utf-8-sig"))
    names = {name.partition(".")[0] for name in at_top(tree)}
    # a class of the code that is a TestCase would be one of the tests, whatever its name
    return None if names & {"*", "unittest", "TestCase"} else names
