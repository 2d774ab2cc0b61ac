"""What tests replace of the world that code and tests would share in one process.

A test that sets an environment variable, the clock or ``sys.argv`` means the
code's: in a process of its own the code would never see it.  And a test that looks
into an object (its ``__dict__``, its signature, its file) finds in a process of its own
only what stands for the object there.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from fractal_rmo.domain.source import SourceTree

_OF_MONKEYPATCH = frozenset({"setattr", "delattr", "setitem", "delitem"})
_OF_THE_PROCESS = frozenset({"setenv", "delenv", "chdir"})
_SEEDS = frozenset(
    {"random.seed", "numpy.random.seed", "os.putenv", "os.chdir", "time.tzset", "locale.setlocale"}
)
"""Calls that change the process for whoever looks next."""
_PATCHES = frozenset({"patch", "patch.object", "patch.dict", "patch.multiple"})
_INSIGHTS = frozenset(
    {
        "dataclasses.asdict", "dataclasses.astuple", "dataclasses.fields",
        "dataclasses.is_dataclass", "dataclasses.replace", "inspect.getfullargspec",
        "inspect.getsource", "inspect.getsourcefile", "inspect.isgenerator",
        "inspect.isgeneratorfunction", "inspect.signature", "runpy.run_module",
        "typing.get_type_hints",
    }
)  # fmt: skip
"""Functions that look into what they are given, past all that it does."""
_INSIDE = frozenset(
    {
        "__annotations__", "__bases__", "__code__", "__dataclass_fields__", "__defaults__",
        "__dict__", "__file__", "__kwdefaults__", "__mro__",
    }
)  # fmt: skip
"""Attributes that tell how an object is made."""


def looked_into(tests: SourceTree) -> str:
    """By what the tests first look into an object, as none that stands for it shows; or ""."""
    for _, text in tests.python_files():
        tree = _parsed(text)
        names = dict(_imports(tree))
        if found := next((one for node in ast.walk(tree) if (one := _insight(node, names))), ""):
            return found
    return ""


def _insight(node: ast.AST, names: dict[str, str]) -> str:
    match node:
        case ast.Attribute(attr=attr) if attr in _INSIDE:
            return attr
        case ast.Call(func=ast.Name(id="vars"), args=[ast.expr() as one]):
            return "" if _outside(one, names) else "vars"  # those of a module are shown
        case ast.Call(func=func):
            meant = _outside(func, names)
            return meant if meant in _INSIGHTS else ""
        case ast.MatchClass(cls=cls, patterns=[_, *_]):
            return "" if hasattr(builtins, ast.unparse(cls)) else "__match_args__"
    return ""


def replaced_world(code: SourceTree, tests: SourceTree) -> str:
    """The first thing outside the code that the tests replace for it; "" for none."""
    ours = {_top(path) for tree in (code, tests) for path in tree.files}
    for _, text in tests.python_files():
        tree = _parsed(text)
        names = {alias: module for alias, module in _imports(tree) if _root(module) not in ours}
        found = next((one for node in ast.walk(tree) if (one := _replaced(node, names, ours))), "")
        if found:
            return found
    return ""


def _parsed(text: str) -> ast.Module:
    """The tree of a file; an empty one where it does not parse."""
    try:
        return ast.parse(text.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])


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
