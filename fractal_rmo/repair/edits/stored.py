"""Edits of where answers go: an answer that was not kept, names taken for each other.

Methods that change an object in place and functions that return a new one look alike in a
call, and so do the two ends of a list.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from fractal_rmo.editing.edit import Edit, shown
from fractal_rmo.editing.source import FunctionNode
from fractal_rmo.repair.edits.edit import Operator, Site
from fractal_rmo.repair.edits.gathered import is_called

TARGETS = 5
"""Variables that an answer may be kept in, at most: the nearest ones."""
NAMES = 4
"""Names of two neighbouring statements that are exchanged with each other, at most."""
_METHODS = "append extend add insert remove clear sort reverse update discard"
_IN_PLACE = frozenset(_METHODS.split())
_PLACES = (ast.Name, ast.Attribute, ast.Subscript)


def _stored(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``f(x.left)`` to ``x.left = f(x.left)``, ``a == b`` to ``a = b``."""
    if not isinstance(node, ast.Expr):
        return
    match node.value:
        case ast.Compare(left=left, ops=[ast.Eq()]) if isinstance(left, _PLACES):
            start, end = site.file.span(left)[1], site.file.span(node.value.comparators[0])[0]
            gap = site.file.text[start:end].replace("==", "=", 1)
            said = f"{site.file.segment(left)} = instead of =="
            yield site.cut(node, (start, end), gap, said)
        case ast.Call() as call if not _changes_in_place(call):
            text = site.file.segment(call)
            for rank, target in enumerate(_targets(call, site)):
                yield site.swap(node, f"{target} = {text}", 1.0 if rank < 2 else 0.5)


def _changes_in_place(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in _IN_PLACE


def _targets(call: ast.Call, site: Site) -> list[str]:
    """What the call is about comes first, then what is near."""
    about = [argument for argument in call.args if isinstance(argument, _PLACES)]
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, _PLACES):
        about.insert(0, call.func.value)
    near = [name for name in site.file.names(call) if name not in site.functions][:TARGETS]
    texts = [site.file.segment(place) for place in about] + near
    return [text for text in dict.fromkeys(texts) if text not in ("self", "cls", "super")]


def _sides_exchanged(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``value = previous`` to ``previous = value``."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return
    left, right = node.targets[0], node.value
    if isinstance(left, _PLACES) and isinstance(right, _PLACES):
        (start, a_end), (b_start, end) = site.file.span(left), site.file.span(right)
        gap = site.file.text[a_end:b_start]
        text = site.file.segment(right) + gap + site.file.segment(left)
        yield site.cut(node, (start, end), text, f"assign the other way, {shown(text)}")


def _indices_exchanged(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``a[i][j]`` to ``a[j][i]``."""
    match node:
        case ast.Subscript(value=ast.Subscript(value=table, slice=first), slice=second):
            row, column = site.file.segment(first), site.file.segment(second)
            if row != column and not isinstance(first, ast.Slice | ast.Tuple):
                yield site.swap(node, f"{site.file.segment(table)}[{column}][{row}]")


def _names_exchanged(node: ast.AST, site: Site) -> Iterator[Edit]:
    """Two names taken for each other, in one statement or over it and the next one."""
    if not isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.Return):
        return
    block = site.file.block(node)
    following = block[block.index(node) + 1 :][:1]
    plain = [n for n in following if isinstance(n, ast.Assign | ast.AugAssign | ast.Expr)]
    for statements in ([node], [node, *plain]) if plain else ([node],):
        found = _names_in(statements, site)
        names = list(dict.fromkeys(name.id for name in found))[:NAMES]
        pairs = [(a, b) for n, a in enumerate(names) for b in names[n + 1 :]]
        for a, b in pairs:
            other = {a: b, b: a}
            text, span = _renamed([n for n in found if n.id in other], other, site)
            said = f"exchange {a} and {b} in {shown(site.file.text[slice(*span)])}"
            yield site.cut(node, span, text, said, 1.0 if len(statements) == 2 else 0.7)


def _is_function(node: ast.Name, site: Site) -> bool:
    return node.id in site.functions or is_called(site.file, node)


def _names_in(statements: Sequence[ast.stmt], site: Site) -> list[ast.Name]:
    names = (n for one in statements for n in ast.walk(one) if isinstance(n, ast.Name))
    known = [n for n in names if n in site.file.parents and not _is_function(n, site)]
    in_text = (ast.JoinedStr, ast.FormattedValue)  # whose places are not told
    told = [n for n in known if not any(isinstance(a, in_text) for a in site.file.ancestors(n))]
    return sorted(told, key=site.file.span)


def _renamed(
    found: list[ast.Name], other: dict[str, str], site: Site
) -> tuple[str, tuple[int, int]]:
    """The text from the first to the last of the names, each replaced."""
    start = at = site.file.span(found[0])[0]
    text = ""
    for name in found:
        first, last = site.file.span(name)
        text, at = text + site.file.text[at:first] + other[name.id], last
    return text, (start, at)


def _starred(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``f(xs)`` to ``f(*xs)``, and back."""
    if not isinstance(node, ast.Call) or len(node.args) > 2:
        return
    for argument in node.args:
        text, span = site.file.segment(argument), site.file.span(argument)
        if isinstance(argument, ast.Starred):
            inner = site.file.segment(argument.value)
            yield site.cut(node, span, inner, f"replace {text} with {inner}")
        elif isinstance(argument, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
            weight = 1.0 if argument is node.args[-1] else 0.6
            yield site.cut(node, span, f"*{text}", f"replace {text} with *{text}", weight)


def _awaited(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``f()`` to ``await f()`` in an asynchronous function, and back."""
    if isinstance(node, ast.Await):
        yield site.swap(node, site.file.segment(node.value))
    elif isinstance(node, ast.Call):
        waits = isinstance(site.file.function(node), ast.AsyncFunctionDef)
        if waits and not isinstance(site.file.parent(node), ast.Await):
            yield site.swap(node, f"await {site.file.segment(node)}")


def _other_end(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``a.insert(0, x)`` to ``a.append(x)``, and back."""
    match node:
        case ast.Call(func=ast.Attribute(value=row, attr="insert"), args=[_, item]):
            yield site.swap(node, f"{site.file.segment(row)}.append({site.file.segment(item)})")
        case ast.Call(func=ast.Attribute(value=row, attr="append"), args=[item]):
            yield site.swap(node, f"{site.file.segment(row)}.insert(0, {site.file.segment(item)})")


def _best_kept(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``best = x`` in a loop to ``best = min(best, x)``: each round forgot the one before."""
    if not isinstance(node, ast.Assign) or isinstance(node.value, ast.Constant):
        return
    target = node.targets[0]
    in_loop = any(isinstance(a, ast.For | ast.While) for a in site.file.ancestors(node))
    if in_loop and isinstance(target, _PLACES):
        name, value = site.file.segment(target), site.file.segment(node.value)
        for best in ("min", "max"):
            yield site.swap(node.value, f"{best}({name}, {value})")


def _left_early(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``return``, with or without a value, or another leave at the end of an inner block."""
    function = site.file.function(node) if isinstance(node, ast.stmt) else None
    if not isinstance(node, ast.stmt) or not isinstance(function, FunctionNode):
        return
    block, lines = site.file.block(node), site.file.line_span(node)
    if block is function.body or block[-1] is not node or lines is None:
        return
    if isinstance(node, ast.Return | ast.Raise | ast.Break | ast.Continue):
        return
    if site.file.text[lines[1] - 1 : lines[1]] != "\n":
        return
    margin = " " * node.col_offset
    stored = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id != "self"]
    ends = ["return", *(f"return {name}" for name in dict.fromkeys(stored))][:TARGETS]
    if any(isinstance(a, ast.For | ast.While) for a in site.file.ancestors(node)):
        ends[1:1] = ["break", "continue"]
    for end in ends:
        text = f"{margin}{end}\n"
        yield site.cut(
            node, (lines[1],) * 2, text, f"{end} behind {shown(site.file.segment(node))}"
        )


_TWO = "def f(a, b, n):\n    a.take(n)\n    b.give(n)\n"
_SIGHT = "def f(a):\n    for x in a:\n        if x:\n            g(x)\n{}    h(a)\n"

OPERATORS = (
    Operator(
        "answer kept",
        _stored,
        (
            ("def f(x):\n    f(x.left)\n", "def f(x):\n    x.left = f(x.left)\n"),
            ("def f(x):\n    x.strip()\n", "def f(x):\n    x = x.strip()\n"),
            ("def f(x):\n    x.a == 1\n", "def f(x):\n    x.a = 1\n"),
        ),
    ),
    Operator(
        "best kept",
        _best_kept,
        (
            (
                "for x in a:\n    best[0] = x + 1\n",
                "for x in a:\n    best[0] = min(best[0], x + 1)\n",
            ),
        ),
    ),
    Operator("sides exchanged", _sides_exchanged, (("a = b.c\n", "b.c = a\n"),)),
    Operator("indices exchanged", _indices_exchanged, (("x = a[i][j]\n", "x = a[j][i]\n"),)),
    Operator(
        "names exchanged",
        _names_exchanged,
        (
            (_TWO, "def f(a, b, n):\n    b.take(n)\n    a.give(n)\n"),
            ("x = a[i] + b[j] * a[j]\n", "x = b[i] + a[j] * b[j]\n"),
        ),
    ),
    Operator("starred", _starred, (("x = f(a)\n", "x = f(*a)\n"), ("x = f(*a)\n", "x = f(a)\n"))),
    Operator(
        "awaited",
        _awaited,
        (
            (
                "async def f(a):\n    return a()\n",
                "async def f(a):\n    return await a()\n",
            ),
        ),
    ),
    Operator(
        "other end",
        _other_end,
        (("a.insert(0, x)\n", "a.append(x)\n"), ("a.append(x)\n", "a.insert(0, x)\n")),
    ),
    Operator(
        "left early",
        _left_early,
        (
            (_SIGHT.format(""), _SIGHT.format("            return\n")),
            (_SIGHT.format(""), _SIGHT.format("            break\n")),
        ),
    ),
)
