"""What edits ask of a whole file, gathered once for all of them."""

from __future__ import annotations

import ast
from functools import lru_cache

from fractal_rmo.editing.source import ParsedFile

FILES = 64
"""Files that are remembered, at most."""


@lru_cache(maxsize=FILES)
def attributes_of(file: ParsedFile) -> dict[str, list[str]]:
    """By variable, the attributes that are read of it, but not called, each once."""
    found: dict[str, dict[str, None]] = {}
    for node in file.editable:
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attr, ctx=ast.Load()):
                if not is_called(file, node):
                    found.setdefault(name, {})[attr] = None
    return {name: list(attributes) for name, attributes in found.items()}


@lru_cache(maxsize=FILES)
def constant_calls(file: ParsedFile) -> list[str]:
    """Calls of methods with nothing but constants, as ``.zfill(2)``, each once."""
    found: dict[str, None] = {}
    for node in file.editable:
        match node:
            case ast.Call(func=ast.Attribute(attr=attr), args=[_, *_] as args, keywords=[]):
                if all(isinstance(argument, ast.Constant) for argument in args):
                    found[f".{attr}({', '.join(map(file.segment, args))})"] = None
    return list(found)


def is_called(file: ParsedFile, node: ast.AST) -> bool:
    """Whether a node is what a call calls."""
    parent = file.parent(node)
    return isinstance(parent, ast.Call) and parent.func is node
