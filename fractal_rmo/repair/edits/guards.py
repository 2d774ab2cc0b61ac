"""Edits that add what was forgotten: base cases, a last return, bounds, values of one's own."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fractal_rmo.editing.edit import Edit
from fractal_rmo.editing.source import FunctionNode
from fractal_rmo.repair.edits.edit import Operator, Site

PARAMETERS = 3
"""Parameters that base cases are about, at most: the first ones."""
NEAR = 5
"""Variables that bound a value, at most: the nearest ones."""
_CASES = ("not {}", "{} <= 0", "{} == 0", "{} == 1", "{} <= 1", "len({}) < 2", "{} is None")
_ANSWERS = ("0", "1", "-1", "None", "True", "False", "''", "[]", "{}")
_ERRORS = (
    "ValueError", "TypeError", "KeyError", "IndexError", "ZeroDivisionError", "AttributeError",
    "Exception",
)  # fmt: skip
_MUTABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)


def _base_case(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``if not a: return []`` before the first statement of a function."""
    function = site.file.function(node) if isinstance(node, ast.stmt) else None
    if not isinstance(node, ast.stmt) or function is None or node is not first_statement(function):
        return
    lines = site.file.line_span(node)
    if lines is None:
        return
    margin = site.file.text[lines[0] : lines[0] + node.col_offset]
    names = [arg.arg for arg in function.args.args if arg.arg not in ("self", "cls")][:PARAMETERS]
    for name in names:
        for case in _CASES:
            for answer in [*_answers(function, site), name]:
                test = case.format(name)
                text = f"{margin}if {test}:\n{margin}    return {answer}\n"
                said = f"return {answer} if {test}"
                yield site.cut(node, (lines[0], lines[0]), text, said)


def first_statement(function: FunctionNode) -> ast.stmt:
    """The first statement behind the docstring."""
    body = function.body
    return body[1] if ast.get_docstring(function, clean=False) is not None and body[1:] else body[0]


def _answers(function: FunctionNode, site: Site) -> list[str]:
    """Plain values, of which those of a kind that the function returns come first."""
    shown = {
        site.file.segment(n.value)
        for n in site.file.inside(function)
        if isinstance(n, ast.Return) and n.value is not None and n.value in site.file.parents
    }
    return sorted(_ANSWERS, key=lambda text: text not in shown)


def _last_return(node: ast.AST, site: Site) -> Iterator[Edit]:
    """A ``return`` behind the last statement of a function that ends without one."""
    function = site.file.function(node) if isinstance(node, ast.stmt) else None
    if not isinstance(node, ast.stmt) or function is None or node is not function.body[-1]:
        return
    lines = site.file.line_span(node)
    if lines is None or isinstance(node, ast.Return | ast.Raise):
        return
    margin = site.file.text[lines[0] : lines[0] + node.col_offset]
    broken = site.file.text[lines[1] - 1 : lines[1]] != "\n"
    for value in [*_own_names(node, site), *_ANSWERS]:
        text = f"{chr(10) if broken else ''}{margin}return {value}\n"
        yield site.cut(node, (lines[1], lines[1]), text, f"return {value} at the end")


def _own_names(node: ast.AST, site: Site) -> list[str]:
    return [name for name in site.file.names(node) if name not in ("self", "cls")][:NEAR]


def _bounded(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``x`` to ``min(x, y)``, ``max(x, y)`` or ``max(x, 0)``."""
    kinds = (ast.Name, ast.BinOp, ast.Subscript, ast.Call)
    if not isinstance(node, kinds) or not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return
    parent = site.file.parent(node)
    if not isinstance(parent, ast.Assign | ast.AugAssign | ast.Return | ast.Call | ast.Slice):
        return
    if isinstance(parent, ast.Call) and parent.func is node:
        return
    text = site.file.segment(node)
    others = [name for name in _own_names(node, site) if name != text]
    for name in ("min", "max"):
        for other in [*others, "0", "1"]:
            yield site.swap(node, f"{name}({text}, {other})")


def _first_value(node: ast.AST, site: Site) -> Iterator[Edit]:
    """What a variable begins with: the least, the greatest, an empty one of another kind."""
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
        return
    old = site.file.segment(node.value)
    plain = isinstance(node.value, ast.Constant | ast.List | ast.Dict | ast.Tuple)
    if not plain and old not in ("set()", "dict()", "list()"):
        return
    firsts = [f"{name}[0]" for name in _own_names(node, site) if name != node.targets[0].id][:3]
    usual = ["float('inf')", "float('-inf')", *firsts, "[]", "{}", "set()", "''", "None", "0", "1"]
    for new in usual:
        if new != old:
            yield site.swap(node.value, new)


def _shared_default(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``def f(a=[])`` to ``a=None`` and a list of its own in each call."""
    function = site.file.function(node) if isinstance(node, ast.stmt) else None
    if not isinstance(node, ast.stmt) or function is None or node is not first_statement(function):
        return
    lines = site.file.line_span(node)
    names = function.args.args[len(function.args.args) - len(function.args.defaults) :]
    for arg, default in zip(names, function.args.defaults, strict=True):
        if lines is None or not isinstance(default, _MUTABLE):
            continue
        start, end = site.file.span(default)
        margin, old = " " * node.col_offset, site.file.text[start:end]
        between = site.file.text[end : lines[0]]
        made = f"{margin}if {arg.arg} is None:\n{margin}    {arg.arg} = {old}\n"
        said = f"make {arg.arg} = {old} anew in each call"
        yield site.cut(node, (start, lines[0]), f"None{between}{made}", said)


def _own_rows(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``[[0] * n] * m`` has one row m times; so has a copy of a list of lists its rows."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for many, count in ((node.left, node.right), (node.right, node.left)):
            if isinstance(many, ast.List) and len(many.elts) == 1:
                inner, times = site.file.segment(many.elts[0]), site.file.segment(count)
                yield site.swap(node, f"[{inner} for _ in range({times})]")
    elif isinstance(node, ast.Name | ast.Call) and isinstance(site.file.parent(node), ast.Assign):
        parent = site.file.parent(node)
        if isinstance(parent, ast.Assign) and parent.value is node:
            text = site.file.segment(_copied(node))
            yield site.swap(node, f"[row[:] for row in {text}]")


def _copied(node: ast.Name | ast.Call) -> ast.expr:
    """What ``copy()`` is called on, or the node itself."""
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr="copy")):
            return value
        case _:
            return node


def _error(node: ast.AST, site: Site) -> Iterator[Edit]:
    """Another type of exception, raised or caught."""
    if not isinstance(node, ast.Name) or not _names_error(node, site):
        return
    for name in _ERRORS:
        if name != node.id:
            yield site.swap(node, name)


def _names_error(node: ast.Name, site: Site) -> bool:
    parent = site.file.parent(node)
    if isinstance(parent, ast.Call) and parent.func is node:
        return isinstance(site.file.parent(parent), ast.Raise)
    return isinstance(parent, ast.Raise | ast.ExceptHandler)


_SEARCH = "def f(a):\n    for x in a:\n        if x:\n            return True\n"

OPERATORS = (
    Operator(
        "base case",
        _base_case,
        (
            (
                "def f(n):\n    return n * f(n - 1)\n",
                "def f(n):\n    if n == 0:\n        return 1\n    return n * f(n - 1)\n",
            ),
            (
                "def f(a):\n    return a[0]\n",
                "def f(a):\n    if not a:\n        return None\n    return a[0]\n",
            ),
        ),
    ),
    Operator(
        "last return",
        _last_return,
        (
            (
                _SEARCH,
                f"{_SEARCH}    return False\n",
            ),
        ),
    ),
    Operator(
        "bounded",
        _bounded,
        (
            ("def f(a, b):\n    return a\n", "def f(a, b):\n    return min(a, b)\n"),
            ("def f(a):\n    return a - 1\n", "def f(a):\n    return max(a - 1, 0)\n"),
        ),
    ),
    Operator(
        "first value",
        _first_value,
        (
            ("def f(a):\n    best = 0\n", "def f(a):\n    best = float('-inf')\n"),
            ("def f(a):\n    best = 0\n", "def f(a):\n    best = a[0]\n"),
            ("x = []\n", "x = {}\n"),
        ),
    ),
    Operator(
        "shared default",
        _shared_default,
        (
            (
                "def f(a, seen=[]):\n    a(seen)\n",
                "def f(a, seen=None):\n    if seen is None:\n        seen = []\n    a(seen)\n",
            ),
        ),
    ),
    Operator(
        "rows of their own",
        _own_rows,
        (
            ("x = [[0] * 3] * n\n", "x = [[0] * 3 for _ in range(n)]\n"),
            ("x = y.copy()\n", "x = [row[:] for row in y]\n"),
        ),
    ),
    Operator(
        "exception",
        _error,
        (
            ("raise KeyError(a)\n", "raise ValueError(a)\n"),
            (
                "try:\n    f()\nexcept KeyError:\n    pass\n",
                "try:\n    f()\nexcept IndexError:\n    pass\n",
            ),
        ),
    ),
)
