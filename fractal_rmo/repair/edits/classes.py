"""Edits of classes and of what wraps functions: what instances share, what a base class is told."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fractal_rmo.editing.edit import Edit
from fractal_rmo.editing.source import FunctionNode
from fractal_rmo.repair.edits.edit import Operator, Site
from fractal_rmo.repair.edits.guards import first_statement

INDENT = "    "
TEXTS = 8
"""Texts of the program and its tests that a base class may be told, at most."""
_MUTABLE = (ast.List, ast.Dict, ast.Set, ast.Call)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _own_attribute(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``items = []`` of a class made ``self.items = []`` in its ``__init__``."""
    owner = site.file.parent(node) if isinstance(node, ast.Assign) else None
    if not isinstance(node, ast.Assign) or not isinstance(owner, ast.ClassDef):
        return
    lines, target = site.file.line_span(node), node.targets[0]
    if lines is None or not isinstance(target, ast.Name) or not isinstance(node.value, _MUTABLE):
        return
    comment = site.file.text[site.file.span(node)[1] : lines[1]].rstrip()
    kept = f"self.{target.id} = {site.file.segment(node.value)}{comment}"
    margin, said = " " * node.col_offset, f"make {target.id} anew for each {owner.name}"
    made = _method(owner, "__init__")
    if made is None:
        text = f"{margin}def __init__(self):\n{margin}{INDENT}{kept}\n"
        yield site.cut(node, lines, text, said)
        return
    at = site.file.line_span(first_statement(made))
    if at is not None and at[0] >= lines[1]:
        between = site.file.text[lines[1] : at[0]].lstrip("\n")
        inner = " " * first_statement(made).col_offset
        yield site.cut(node, (lines[0], at[0]), f"{between}{inner}{kept}\n", said)


def _method(owner: ast.ClassDef, name: str) -> FunctionNode | None:
    found = (n for n in owner.body if isinstance(n, _DEFINITIONS) and n.name == name)
    return next(found, None)


def _base_told(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``super().__init__(…)`` at the beginning of an ``__init__`` that left it out."""
    function = site.file.function(node) if isinstance(node, ast.stmt) else None
    if not isinstance(node, ast.stmt) or function is None or node is not first_statement(function):
        return
    owner, lines = site.file.parent(function), site.file.line_span(node)
    if not isinstance(owner, ast.ClassDef) or not owner.bases or lines is None:
        return
    if function.name != "__init__" or "super()" in site.file.segment(function):
        return
    wanted, own = _wanted(owner, site), [arg.arg for arg in function.args.args[1:]]
    known = [name for name in wanted if name in own]
    choices = [known] if len(known) == len(wanted) else _filled(wanted, own, owner, site)
    for given in dict.fromkeys((*map(tuple, choices), tuple(own), ())):
        call = f"super().__init__({', '.join(given)})"
        margin = " " * node.col_offset
        yield site.cut(node, (lines[0],) * 2, f"{margin}{call}\n", f"insert {call}")


def _wanted(owner: ast.ClassDef, site: Site) -> list[str]:
    """The parameters of the first base class that this file defines."""
    names = {base.id for base in owner.bases if isinstance(base, ast.Name)}
    for node in site.file.tree.body:
        if isinstance(node, ast.ClassDef) and node.name in names:
            made = _method(node, "__init__")
            return [arg.arg for arg in made.args.args[1:]] if made else []
    return []


def _filled(wanted: list[str], own: list[str], owner: ast.ClassDef, site: Site) -> list[list[str]]:
    """One parameter that the subclass does not have, by a text."""
    missing = [name for name in wanted if name not in own]
    if len(missing) != 1:
        return []
    texts = [text for text in site.literals if isinstance(text, str)]
    likely = sorted(texts, key=lambda text: text.lower() != owner.name.lower())[:TEXTS]
    usual = [owner.name.lower(), owner.name, *likely]
    return [[name if name in own else repr(text) for name in wanted] for text in usual]


def _own_method(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``f(x)`` to ``self.f(x)`` where the class has such a method."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return
    owner = next((a for a in site.file.ancestors(node) if isinstance(a, ast.ClassDef)), None)
    if owner is not None and _method(owner, node.func.id) and "self" in site.file.names(node):
        yield site.swap(node.func, f"self.{node.func.id}")
        inner = [site.file.segment(a) for a in node.args]
        if inner[:1] == ["self"]:
            yield site.swap(node, f"self.{node.func.id}({', '.join(inner[1:])})")


def _wrapped(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``functools.wraps`` on a function that stands for the one its maker was given."""
    outer = site.file.function(node) if isinstance(node, _DEFINITIONS) else None
    if not isinstance(node, _DEFINITIONS) or outer is None or node.decorator_list:
        return
    lines = site.file.line_span(node)
    called = {n.func.id for n in ast.walk(node) if _calls_name(n)}  # type: ignore[attr-defined]
    given = [arg.arg for arg in outer.args.args if arg.arg in called]
    if lines is None or not given:
        return
    margin, text = " " * node.col_offset, site.file.text
    name, before = "functools.wraps", ""
    if "from functools import" in text and "wraps" in text:
        name = "wraps"
    elif "import functools" not in text:
        name, before = "wraps", f"{margin}from functools import wraps\n\n"
    made = f"{before}{margin}@{name}({given[0]})\n"
    yield site.cut(node, (lines[0],) * 2, made, f"{node.name} takes the name of {given[0]}")


def _calls_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


_CLASS = "class A:\n{}    def __init__(self, n):\n{}        self.n = n\n"
_MADE = "class A:\n    def __init__(self):\n        self.a = []\n\n"
_BASE = "class A:\n    def __init__(self, n):\n        self.n = n\n\n\n"
_SUB = "class B(A):\n    def __init__(self, n, m):\n{}        self.m = m\n"
_CALL = "class A:\n    def g(self):\n        pass\n    def f(self):\n        return {}()\n"
_WRAP = "import functools\ndef d(f):\n{}    def g(a):\n        return f(a)\n    return g\n"

OPERATORS = (
    Operator(
        "attribute of each",
        _own_attribute,
        (
            (_CLASS.format("    a = []\n", ""), _CLASS.format("", "        self.a = []\n")),
            (
                _CLASS.format("    a = []  # b\n", ""),
                _CLASS.format("", "        self.a = []  # b\n"),
            ),
            (
                "class A:\n    a = []\n\n    def f(self):\n        pass\n",
                f"{_MADE}    def f(self):\n        pass\n",
            ),
        ),
    ),
    Operator(
        "base told",
        _base_told,
        ((_BASE + _SUB.format(""), _BASE + _SUB.format("        super().__init__(n)\n")),),
    ),
    Operator("own method", _own_method, ((_CALL.format("g"), _CALL.format("self.g")),)),
    Operator("wraps", _wrapped, ((_WRAP.format(""), _WRAP.format("    @functools.wraps(f)\n")),)),
)
