"""Edits of calls, attributes and subscripts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations

from fractal_rmo.editing.edit import Edit
from fractal_rmo.editing.source import called_name
from fractal_rmo.repair.edits.edit import Operator, Site
from fractal_rmo.repair.edits.gathered import constant_calls

FAMILIES = (
    ("min", "max", "sum", "len"),
    ("any", "all"),
    ("int", "float", "round", "abs", "str", "bool"),
    ("list", "tuple", "set", "sorted", "reversed"),
    ("ord", "chr", "str", "int"),
    ("range", "enumerate", "len"),
    ("zip", "map", "filter"),
)
METHODS = (
    ("append", "extend", "add", "insert", "appendleft"),
    ("pop", "popleft", "remove", "discard"),
    ("lower", "upper", "title", "capitalize", "swapcase", "casefold"),
    ("islower", "isupper", "isalpha", "isdigit", "isalnum", "isspace", "isnumeric"),
    ("keys", "values", "items"),
    ("startswith", "endswith"),
    ("strip", "lstrip", "rstrip"),
    ("index", "find", "rfind", "rindex", "count"),
    ("split", "rsplit", "splitlines"),
    ("floor", "ceil", "trunc", "sqrt", "fabs"),
    ("union", "intersection", "difference", "symmetric_difference"),
    ("sort", "reverse"),
    ("setdefault", "get"),
    ("add", "update"),
)
KEYS = ("key=lambda x: x[1]", "key=lambda x: (len(x), x)", "key=lambda x: (-len(x), x)")
BORROWED = 3
"""Calls of methods that are borrowed from elsewhere, at most."""
WRAPPERS = ("abs", "int", "len", "sorted", "set", "list", "str", "sum", "round", "float")
"""Builtins of one argument that a value may have missed."""


def _arguments_swapped(node: ast.AST, site: Site) -> Iterator[Edit]:
    if not isinstance(node, ast.Call) or not 2 <= len(node.args) <= 6:
        return
    for a, b in combinations(node.args, 2):
        (start, a_end), (b_start, end) = site.file.span(a), site.file.span(b)
        first, second = site.file.segment(a), site.file.segment(b)
        if first != second:
            text = second + site.file.text[a_end:b_start] + first
            weight = 1.0 if _recursive(node, site) else 0.8
            yield site.cut(node, (start, end), text, f"swap {first} and {second}", weight)


def _recursive(node: ast.Call, site: Site) -> bool:
    function = site.file.function(node)
    return function is not None and called_name(node) == function.name


def _argument_dropped(node: ast.AST, site: Site) -> Iterator[Edit]:
    if not isinstance(node, ast.Call):
        return
    parts: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
    for i in range(len(parts)):
        rest = ", ".join(site.file.segment(p) for j, p in enumerate(parts) if j != i)
        yield site.swap(node, f"{site.file.segment(node.func)}({rest})", deletes=True)


def _argument_added(node: ast.AST, site: Site) -> Iterator[Edit]:
    """Keywords that calls of sorting and choosing are often left without."""
    if not isinstance(node, ast.Call):
        return
    present = {k.arg for k in node.keywords}
    name = called_name(node)
    wanted: list[str] = []
    if name in {"sorted", "sort"} and "reverse" not in present:
        wanted.append("reverse=True")
    if name in {"sorted", "sort", "min", "max"} and "key" not in present:
        wanted += ["key=len", "key=abs", "key=str", *KEYS]
    if name == "enumerate" and len(node.args) == 1:
        wanted.append("1")
    if name in {"int", "round"} and len(node.args) == 1:
        wanted.append("2")
    if name == "pop" and not node.args:
        wanted += ["0", "-1"]
    if name in {"get", "next", "max", "min", "sum"} and len(node.args) == 1:
        wanted += _starting_value(name)
    given: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
    parts = [site.file.segment(part) for part in given]
    for extra in wanted:
        yield site.swap(node, f"{site.file.segment(node.func)}({', '.join([*parts, extra])})")


def _starting_value(name: str) -> list[str]:
    """What stands for a missing or an empty one."""
    if name in {"max", "min"}:
        return ["default=0", "default=None"]
    return ["[]"] if name == "sum" else ["0", "None", "''", "[]"]


def _function(node: ast.AST, site: Site) -> Iterator[Edit]:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return
    old, count = node.func.id, len(node.args)
    own = [name for name, arity in site.functions.items() if arity == count]
    kin = [name for family in FAMILIES if old in family for name in family]
    for name in dict.fromkeys([*kin, *own]):
        if name != old:
            yield site.swap(node.func, name)


def _attribute(node: ast.AST, site: Site) -> Iterator[Edit]:
    if not isinstance(node, ast.Attribute):
        return
    kin = [name for family in METHODS if node.attr in family for name in family]
    others = list(dict.fromkeys([*kin, *site.file.attributes]))[:16]
    end = site.file.span(node)[1]
    span = (end - len(node.attr), end)
    for name in others:
        if name != node.attr:
            said = f"replace .{node.attr} with .{name}"
            yield site.cut(node, span, name, said, 1.0 if name in kin else 0.6)


def _unwrap(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``f(x)`` to ``x`` and ``x.f()`` to ``x``."""
    if not isinstance(node, ast.Call):
        return
    for argument in node.args:
        if not isinstance(argument, ast.Starred):
            yield site.swap(node, site.file.segment(argument), deletes=True)
    if isinstance(node.func, ast.Attribute):
        yield site.swap(node, site.file.segment(node.func.value), 0.9, deletes=True)


def _wrap(node: ast.AST, site: Site) -> Iterator[Edit]:
    kinds = (ast.Name, ast.Call, ast.BinOp, ast.Subscript, ast.Attribute, ast.GeneratorExp)
    if not isinstance(node, kinds) or not _is_value(node, site):
        return
    text = site.file.segment(node)
    if isinstance(node, ast.GeneratorExp) and text.startswith("("):
        text = text[1:-1]
    loops = (ast.For, ast.comprehension)
    others = ("reversed",) if isinstance(site.file.parent(node), loops) else ()
    for name in (*WRAPPERS, *others):
        if not text.startswith(f"{name}("):
            yield site.swap(node, f"{name}({text})", 1.0 if name in {"abs", "len", "int"} else 0.7)


def _wrap_object(node: ast.AST, site: Site) -> Iterator[Edit]:
    """The object of a method made another type: ``str(n).count(d)``."""
    parent = site.file.parent(node)
    if isinstance(parent, ast.Attribute) and isinstance(node, ast.Name):
        called = isinstance(site.file.parent(parent), ast.Call)
        for name in ("str", "bin", "list", "sorted") if called and node.id != "self" else ():
            yield site.swap(node, f"{name}({node.id})")


def _wrap_own(node: ast.AST, site: Site) -> Iterator[Edit]:
    """A function of the program around a value, or a method of strings after it."""
    if not isinstance(node, ast.Name | ast.Subscript | ast.Call) or not _is_value(node, site):
        return
    text = site.file.segment(node)
    for name, arity in site.functions.items():
        if arity == 1:
            yield site.swap(node, f"{name}({text})")
    for method in ("lower", "upper", "strip", "copy", "split", "keys", "values", "encode"):
        yield site.swap(node, f"{text}.{method}()", 0.7)
    for call in constant_calls(site.file)[:BORROWED]:
        if not text.endswith(call):
            yield site.swap(node, f"{text}{call}", 0.7)


def _is_value(node: ast.AST, site: Site) -> bool:
    """Whether a node is read as a value: not stored to, not called, not the object of a dot."""
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return False
    parent = site.file.parent(node)
    if isinstance(parent, ast.Call):
        return parent.func is not node
    return not isinstance(parent, ast.Attribute | ast.Expr)


def _range_bounds(node: ast.AST, site: Site) -> Iterator[Edit]:
    if not isinstance(node, ast.Call) or called_name(node) != "range" or not node.args:
        return
    parts = [site.file.segment(a) for a in node.args]
    stop = 0 if len(parts) == 1 else 1
    near = [_with(parts, stop, f"{_wrapped(site, node.args[stop])} {s} 1") for s in "+-"]
    if stop == 0:
        near += [["1", parts[0]], ["1", f"{_wrapped(site, node.args[0])} + 1"], ["2", parts[0]]]
        near += [[f"len({parts[0]})"], [parts[0], "-1", "-1"]]
    else:
        near += [_with(parts, 0, f"{_wrapped(site, node.args[0])} {s} 1") for s in "+-"]
        near += [parts[1:], [*parts[:2], "2"], [*parts[:2], "-1"]]
    for arguments in near:
        yield site.swap(node, f"range({', '.join(arguments)})")


def _with(parts: list[str], index: int, text: str) -> list[str]:
    return [text if i == index else part for i, part in enumerate(parts)]


def _wrapped(site: Site, node: ast.expr) -> str:
    loose = isinstance(node, ast.IfExp | ast.Lambda | ast.BoolOp | ast.Compare)
    return f"({site.file.segment(node)})" if loose else site.file.segment(node)


OPERATORS = (
    Operator(
        "arguments swapped",
        _arguments_swapped,
        (("def f(a, b):\n    return f(b % a, a)\n", "def f(a, b):\n    return f(a, b % a)\n"),),
    ),
    Operator("argument dropped", _argument_dropped, (("x = f(a, k=b)\n", "x = f(a)\n"),)),
    Operator(
        "argument added",
        _argument_added,
        (
            ("x = sorted(a)\n", "x = sorted(a, reverse=True)\n"),
            ("x = max(a)\n", "x = max(a, key=len)\n"),
            ("x = a.pop()\n", "x = a.pop(0)\n"),
            ("x = a.get(b)\n", "x = a.get(b, 0)\n"),
            ("x = max(a)\n", "x = max(a, default=0)\n"),
        ),
    ),
    Operator(
        "function",
        _function,
        (
            ("x = min(a, b)\n", "x = max(a, b)\n"),
            (
                "def f(a):\n    return 1\n\n\ndef g(a):\n    return f(a)\n",
                "def f(a):\n    return 1\n\n\ndef g(a):\n    return g(a)\n",
            ),
        ),
    ),
    Operator(
        "attribute",
        _attribute,
        (
            ("x = a.lower()\n", "x = a.upper()\n"),
            ("x = a.b + a.c\n", "x = a.c + a.c\n"),
            ("a.add(b)\n", "a.update(b)\n"),
        ),
    ),
    Operator(
        "call taken off",
        _unwrap,
        (("x = abs(a + b) * 2\n", "x = (a + b) * 2\n"), ("x = a.lower()\n", "x = a\n")),
    ),
    Operator(
        "call put around",
        _wrap,
        (("x = a - b < c\n", "x = abs(a - b) < c\n"), ("x = f(a)\n", "x = f(len(a))\n")),
    ),
    Operator(
        "object converted", _wrap_object, (("x = a.count('1')\n", "x = str(a).count('1')\n"),)
    ),
    Operator(
        "own call put around",
        _wrap_own,
        (
            ("x = y\n", "x = y.lower()\n"),
            ("x = a.zfill(2) + b\n", "x = a.zfill(2) + b.zfill(2)\n"),
        ),
    ),
    Operator(
        "range bounds",
        _range_bounds,
        (
            ("x = range(n)\n", "x = range(n + 1)\n"),
            ("x = range(2, n)\n", "x = range(2, n + 1)\n"),
            ("x = range(n)\n", "x = range(1, n)\n"),
        ),
    ),
)
