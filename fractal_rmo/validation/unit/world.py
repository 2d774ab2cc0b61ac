"""What tests replace of the world that code and tests would share in one process.

A test that sets an environment variable, the clock or ``sys.argv`` means the
code's: in a process of its own the code would never see it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fractal_rmo.domain.source import SourceTree

_OF_MONKEYPATCH = frozenset({"setattr", "delattr", "setitem", "delitem"})
_OF_THE_PROCESS = frozenset({"setenv", "delenv", "chdir"})
_SEEDS = frozenset(
    {"random.seed", "numpy.random.seed", "os.putenv", "os.chdir", "time.tzset", "locale.setlocale"}
)
"""Calls that change the process for whoever looks next."""
_PATCHES = frozenset({"patch", "patch.object", "patch.dict", "patch.multiple"})


def replaced_world(code: SourceTree, tests: SourceTree) -> str:
    """The first thing outside the code that the tests replace for it; "" for none."""
    ours = {_top(path) for tree in (code, tests) for path in tree.files}
    for _, text in tests.python_files():
        try:
            tree = ast.parse(text.removeprefix("\ufeff"))
        except (SyntaxError, ValueError, RecursionError):
            continue
        names = {alias: module for alias, module in _imports(tree) if _root(module) not in ours}
        found = next((one for node in ast.walk(tree) if (one := _replaced(node, names, ours))), "")
        if found:
            return found
    return ""


def _top(path: str) -> str:
    return path.removeprefix("src/").partition("/")[0].removesuffix(".py")


def _root(module: str) -> str:
    return module.partition(".")[0]


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(name, what it stands for) of every absolute import, also within functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or _root(alias.name)
                yield name, alias.name if alias.asname else name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _replaced(node: ast.AST, names: dict[str, str], ours: set[str]) -> str:
    if isinstance(node, ast.Call):
        return _by_call(node, names, ours)
    if isinstance(node, ast.Assign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        places = [t for t in targets if isinstance(t, ast.Attribute | ast.Subscript)]
        return next((found for t in places if (found := _outside(t, names))), "")
    return ""


def _by_call(node: ast.Call, names: dict[str, str], ours: set[str]) -> str:
    called = _dotted(node.func)
    verb = called.partition(".")[2]
    if called.startswith("monkeypatch.") and verb in _OF_THE_PROCESS:
        return f"what '{called}' sets"
    meant = _outside(node.func, names)
    if meant in _SEEDS:
        return f"what '{meant}' sets"
    by_patch = meant.startswith("unittest.mock.") and meant[len("unittest.mock.") :] in _PATCHES
    by_monkeypatch = called.startswith("monkeypatch.") and verb in _OF_MONKEYPATCH
    if not node.args or not (by_patch or by_monkeypatch):
        return ""
    return _target(node.args[0], names, ours)


def _target(node: ast.expr, names: dict[str, str], ours: set[str]) -> str:
    """What is replaced, named by a text or by an expression; "" for what belongs to the code."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return "" if _root(node.value) in ours else node.value
    return _outside(node, names)


def _outside(node: ast.expr, names: dict[str, str]) -> str:
    """The place in a module of others that an expression names; "" for any other expression."""
    while isinstance(node, ast.Subscript):
        node = node.value
    first, dot, rest = _dotted(node).partition(".")
    return f"{names[first]}{dot}{rest}" if first in names else ""


def _dotted(node: ast.expr) -> str:
    """``a.b.c``; "" for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
