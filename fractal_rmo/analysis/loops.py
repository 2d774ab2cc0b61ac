"""Every node of a scope together with the loops that repeat it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fractal_rmo.analysis.reading import SCOPES, Scope

Loop = (
    ast.For | ast.AsyncFor | ast.While
    | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
)  # fmt: skip
Loops = tuple[Loop, ...]


def with_loops(scope: Scope) -> Iterator[tuple[ast.AST, Loops]]:
    """(node, the loops around it from the outermost in); inner functions are left out.

    What a loop evaluates once, such as the list that a ``for`` walks, is not in it.
    """
    waiting: list[tuple[ast.AST, Loops]] = [(node, ()) for node in reversed(scope.body)]
    while waiting:
        node, loops = waiting.pop()
        yield node, loops
        if isinstance(node, SCOPES):
            continue
        once, again = parts(node) if isinstance(node, Loop) else ([*ast.iter_child_nodes(node)], [])
        inner = (*loops, node) if isinstance(node, Loop) else loops
        waiting += [(child, inner) for child in reversed(again)]
        waiting += [(child, loops) for child in reversed(once)]


def parts(loop: Loop) -> tuple[list[ast.AST], list[ast.AST]]:
    """What a loop evaluates once, and what it evaluates in each turn."""
    match loop:
        case ast.For() | ast.AsyncFor():
            return [loop.iter, *loop.orelse], [loop.target, *loop.body]
        case ast.While():
            return [*loop.orelse], [loop.test, *loop.body]
        case ast.DictComp():
            return _comprehension(loop.generators, [loop.key, loop.value])
    return _comprehension(loop.generators, [loop.elt])


def _comprehension(
    generators: list[ast.comprehension], results: list[ast.expr]
) -> tuple[list[ast.AST], list[ast.AST]]:
    first, *others = generators
    return [first.iter], [first.target, *first.ifs, *others, *results]


def depth(loops: Loops) -> int:
    """How many loops these are; a comprehension counts one for each ``for``."""
    return sum(len(getattr(loop, "generators", (None,))) for loop in loops)


def changed_in(loop: Loop) -> set[str]:
    """Names that a loop binds, or whose values its turns may change."""
    changed: set[str] = set()
    for part in parts(loop)[1]:
        for node in ast.walk(part):
            match node:
                case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                    changed.add(name)
                case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                    changed.add(name)
                case ast.Attribute(value=ast.Name(id=name)):  # a method may change its object
                    changed.add(name)
    return changed
