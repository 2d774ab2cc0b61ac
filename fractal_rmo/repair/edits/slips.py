"""Slips of people who learn Python: what is printed, changed in place, quoted or not called."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fractal_rmo.editing.edit import Edit
from fractal_rmo.editing.source import FunctionNode
from fractal_rmo.repair.edits.edit import Operator, Site

_BARE = (
    "append capitalize copy count isalnum isalpha isdigit islower isspace isupper items keys lower "
    "pop popleft reverse rstrip lstrip split strip swapcase title upper values"
)
CALLED = frozenset(_BARE.split())
"""Methods that are of no use until they are called."""
SEPARATORS = ("''", "' '", "', '", "'\\n'")
STEPS = ("- 1", "+ 1", "// 10", "// 2", "/ 2")


def _printed(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``print(x)`` to ``return x``."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=[value])):
            if site.file.function(node) is not None:
                yield site.swap(node, f"return {site.file.segment(value)}")


def _changed_in_place(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``a.sort()`` gives nothing: ``sorted(a)`` where its value is used.

    On its own it changes what a caller gave, which ``a = sorted(a)`` does not.
    """
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    target, alone = node.func.value, isinstance(site.file.parent(node), ast.Expr)
    if alone and not isinstance(target, ast.Name):
        return
    text, arguments = site.operand(target), [site.file.segment(a) for a in node.args]
    news = {
        "sort": f"sorted({', '.join([text, *(site.file.segment(k) for k in node.keywords)])})",
        "reverse": f"{text}[::-1]",
        "append": f"{text} + [{', '.join(arguments)}]",
        "extend": f"{text} + {', '.join(arguments)}",
        "add": f"{text} | {{{', '.join(arguments)}}}",
    }
    if node.func.attr in news:
        new = news[node.func.attr]
        yield site.swap(node, f"{text} = {new}" if alone else new)


def _quoted_name(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``'name'`` to ``name`` where there is such a variable."""
    if isinstance(node, ast.Constant) and node.value in site.file.names(node):
        yield site.swap(node, str(node.value))


def _not_called(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``a.lower`` to ``a.lower()``, and so for methods and functions of the program."""
    parent = site.file.parent(node)
    if not isinstance(getattr(node, "ctx", None), ast.Load):
        return
    if isinstance(parent, ast.Call) and parent.func is node:
        return
    if isinstance(node, ast.Attribute):
        own = node.attr in _methods(site) and not isinstance(parent, ast.Attribute)
        if node.attr in CALLED or own:
            yield site.swap(node, f"{site.file.segment(node)}()")
    elif isinstance(node, ast.Name) and site.functions.get(node.id) == 0:
        yield site.swap(node, f"{node.id}()")


def _methods(site: Site) -> set[str]:
    return {
        node.name
        for node in site.file.inside(site.file.tree)
        if isinstance(node, ast.FunctionDef)
        and isinstance(site.file.parent(node), ast.ClassDef)
        and not node.decorator_list
    }


def _argument_missing(node: ast.AST, site: Site) -> Iterator[Edit]:
    """A variable more in a call of a function of the program that wants more."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.keywords:
        return
    wanted = site.functions.get(node.func.id, 0)
    if len(node.args) != wanted - 1:
        return
    given = [site.file.segment(argument) for argument in node.args]
    for at in range(wanted):
        for name in site.file.names(node)[:6]:
            arguments = [*given[:at], name, *given[at:]]
            yield site.swap(node, f"{node.func.id}({', '.join(arguments)})")


def _self_forgotten(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``def f():`` of a class to ``def f(self):``."""
    if not isinstance(node, ast.FunctionDef) or node.decorator_list:
        return
    first = node.args.args[0].arg if node.args.args else ""
    if first in ("self", "cls") or not isinstance(site.file.parent(node), ast.ClassDef):
        return
    at = site.file.text.index("(", site.file.span(node)[0]) + 1
    text = "self, " if first else "self"
    yield site.cut(node, (at, at), text, f"give {node.name} its self")


def _other_scope(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``global x`` or ``nonlocal x`` in a function that changes an outer variable."""
    function = site.file.function(node)
    if not isinstance(node, ast.stmt) or function is None or node is not function.body[0]:
        return
    lines = site.file.line_span(node)
    if lines is None:
        return
    outer = site.file.function(function)
    word, seen = ("nonlocal", outer) if outer else ("global", site.file.tree)
    margin = site.file.text[lines[0] : lines[0] + node.col_offset]
    for name in sorted(_changed(function) & _bound_in(seen)):
        said = f"say that {name} is that of outside"
        yield site.cut(node, (lines[0],) * 2, f"{margin}{word} {name}\n", said)


def _changed(function: FunctionNode) -> set[str]:
    """Variables that a function changes by what they were."""
    return {
        node.target.id
        for node in ast.walk(function)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    } | {
        node.targets[0].id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


def _bound_in(scope: FunctionNode | ast.Module) -> set[str]:
    assigned = (n.targets[0] for n in scope.body if isinstance(n, ast.Assign))
    return {target.id for target in assigned if isinstance(target, ast.Name)}


def _no_progress(node: ast.AST, site: Site) -> Iterator[Edit]:
    """A step at the end of a ``while`` whose condition nothing in it changes."""
    if not isinstance(node, ast.While) or site.file.line_span(node.body[-1]) is None:
        return
    inside = [n for statement in node.body for n in ast.walk(statement)]
    stored = {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    tested = [n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)]
    for name in dict.fromkeys(tested):
        if name in site.functions or name in stored:
            continue
        for step in STEPS:
            sign, amount = step.split()
            yield from _step(node, site, f"{name} {sign}= {amount}")
        for attribute in _links(name, inside, site):
            yield from _step(node, site, f"{name} = {name}.{attribute}")


def _links(name: str, inside: list[ast.AST], site: Site) -> list[str]:
    """Attributes by which a chain of objects may be followed."""
    read = any(
        isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == name
        for n in inside
    )
    return site.file.attributes[:8] if read else []


def _step(node: ast.While, site: Site, text: str) -> Iterator[Edit]:
    last = node.body[-1]
    lines = site.file.line_span(last)
    if lines is not None and site.file.text[lines[1] - 1 : lines[1]] == "\n":
        margin = site.file.text[lines[0] : lines[0] + last.col_offset]
        yield site.cut(node, (lines[1],) * 2, f"{margin}{text}\n", f"{text} in each round")


def _joined(node: ast.AST, site: Site) -> Iterator[Edit]:
    """A text made of a list, and a list of its parts of a text."""
    if not isinstance(node, ast.Name | ast.ListComp | ast.Call | ast.Subscript | ast.GeneratorExp):
        return
    if not isinstance(site.file.parent(node), ast.Return | ast.Assign):
        return
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return
    text = site.file.segment(node)
    for rank, separator in enumerate(SEPARATORS):
        weight = 1.0 - 0.2 * rank
        yield site.swap(node, f"{separator}.join({text})", weight)
        yield site.swap(node, f"{separator}.join(map(str, {text}))", weight / 2)


_METHOD = "class A:\n    def f({}):\n        return 1\n"
_COUNT = "n = 0\n\n\ndef f():\n{}    n += 1\n    return n\n"
_LOOP = "def f(n):\n    while n > 0:\n        g(n)\n"

OPERATORS = (
    Operator(
        "printed",
        _printed,
        (("def f(a):\n    print(a + 1)\n", "def f(a):\n    return a + 1\n"),),
    ),
    Operator(
        "changed in place",
        _changed_in_place,
        (
            ("x = a.sort(reverse=True)\n", "x = sorted(a, reverse=True)\n"),
            ("x = a.append(b)\n", "x = a + [b]\n"),
            (
                "def f(a):\n    a.sort()\n    return a\n",
                "def f(a):\n    a = sorted(a)\n    return a\n",
            ),
        ),
    ),
    Operator(
        "quoted name",
        _quoted_name,
        (("def f(a):\n    return g('a')\n", "def f(a):\n    return g(a)\n"),),
    ),
    Operator(
        "not called",
        _not_called,
        (
            ("x = a.lower\n", "x = a.lower()\n"),
            ("x = a.lower.split()\n", "x = a.lower().split()\n"),
        ),
    ),
    Operator(
        "argument missing",
        _argument_missing,
        (("def f(a, b):\n    return f(a - 1)\n", "def f(a, b):\n    return f(a - 1, b)\n"),),
    ),
    Operator(
        "self forgotten",
        _self_forgotten,
        (
            (_METHOD.format(""), _METHOD.format("self")),
            (_METHOD.format("a"), _METHOD.format("self, a")),
        ),
    ),
    Operator(
        "variable of outside",
        _other_scope,
        ((_COUNT.format(""), _COUNT.format("    global n\n")),),
    ),
    Operator(
        "no progress",
        _no_progress,
        ((_LOOP, f"{_LOOP}        n -= 1\n"),),
    ),
    Operator(
        "joined",
        _joined,
        (("def f(a):\n    return a\n", "def f(a):\n    return ''.join(a)\n"),),
    ),
)
