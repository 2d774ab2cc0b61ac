"""Edits of whole statements: removed, moved by one level, turned into another kind."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fractal_rmo.editing.edit import Edit, shown
from fractal_rmo.repair.edits.edit import Operator, Site

INDENT = "    "
_LOOPS = (ast.For, ast.While, ast.AsyncFor)
_DEFINITIONS = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Import,
    ast.ImportFrom,
    ast.Global,
    ast.Nonlocal,
    ast.Pass,
)


def _removed(node: ast.AST, site: Site) -> Iterator[Edit]:
    if not isinstance(node, ast.stmt) or isinstance(node, _DEFINITIONS):
        return
    said = f"remove {shown(site.file.segment(node))}"
    body = site.file.block(node)
    lines = site.file.line_span(node)
    if lines is not None and len(body) > 1 and not site.file.is_elif(node):
        yield site.cut(node, lines, "", said, deletes=True)
    elif not site.file.is_elif(node):
        yield site.cut(node, site.file.span(node), "pass", said, deletes=True)


def _returned(node: ast.AST, site: Site) -> Iterator[Edit]:
    """The returned value replaced by a variable, a truth about it, or a plain value."""
    if not isinstance(node, ast.Return) or node.value is None:
        return
    names = [n for n in site.file.names(node) if n != "self"][:10]
    for name in names:
        yield site.swap(node.value, name)
    for name in names[:6]:
        for form in ("len({})", "{} == 0", "not {}", "[{}]", "-{}", "{} > 0"):
            yield site.swap(node.value, form.format(name), 0.5)
    for value in ("True", "False", "None", "0", "1", "-1", "[]", "''"):
        yield site.swap(node.value, value, 0.6)


def _made_return(node: ast.AST, site: Site) -> Iterator[Edit]:
    if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Yield | ast.YieldFrom):
        text = site.file.segment(node)
        if site.file.function(node) is not None:
            yield site.swap(node, f"return {text}")


def _jump(node: ast.AST, site: Site) -> Iterator[Edit]:
    kinds = {ast.Break: "break", ast.Continue: "continue", ast.Pass: "pass"}
    old = kinds.get(type(node)) if isinstance(node, ast.stmt) else None
    if old is not None and isinstance(node, ast.stmt):
        for new in ("break", "continue", "pass", "return"):
            if new != old:
                yield site.swap(node, new)
    loops = (ast.For, ast.AsyncFor, ast.While)
    if isinstance(node, ast.Return) and any(isinstance(a, loops) for a in _above(node, site)):
        for new in ("continue", "break"):
            yield site.swap(node, new)


def _above(node: ast.AST, site: Site) -> Iterator[ast.AST]:
    """What a statement is in, up to its function."""
    for one in site.file.ancestors(node):
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            return
        yield one


def _yielded(node: ast.AST, site: Site) -> Iterator[Edit]:
    if isinstance(node, ast.YieldFrom):
        yield site.swap(node, f"yield {site.file.segment(node.value)}")
    elif isinstance(node, ast.Yield) and node.value is not None:
        yield site.swap(node, f"yield from {site.operand(node.value)}")
    elif (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and _is_generator(node, site)
    ):
        yield site.swap(node, f"yield from {site.file.segment(node.value)}")


def _is_generator(node: ast.AST, site: Site) -> bool:
    """Whether the function around a node yields itself, so that a bare call may be a part of it."""
    function = site.file.function(node)
    if not isinstance(function, ast.FunctionDef):
        return False
    found = (n for n in site.file.inside(function) if isinstance(n, ast.Yield | ast.YieldFrom))
    return any(site.file.function(n) is function for n in found)


def _dedented(node: ast.AST, site: Site) -> Iterator[Edit]:
    """The last statement of a block belongs after the block."""
    if not isinstance(node, ast.stmt) or isinstance(site.file.parent(node), ast.Module):
        return
    block, lines = site.file.block(node), site.file.line_span(node)
    outer = site.file.parent(node)
    if len(block) < 2 or block[-1] is not node or lines is None or not isinstance(outer, ast.stmt):
        return
    if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    extra = node.col_offset - outer.col_offset
    text = site.file.text[slice(*lines)]
    moved = "".join(line[extra:] for line in text.splitlines(keepends=True))
    yield site.cut(node, lines, moved, f"move {shown(text)} out of the block")


def _indented(node: ast.AST, site: Site) -> Iterator[Edit]:
    """A statement after a block belongs to the block."""
    if not isinstance(node, ast.stmt):
        return
    block, lines = site.file.block(node), site.file.line_span(node)
    index = block.index(node)
    previous = block[index - 1] if index else None
    if lines is None or not isinstance(previous, ast.If | ast.With | ast.For | ast.While):
        return
    last = (previous.orelse if isinstance(previous, ast.If) and previous.orelse else previous.body)[
        -1
    ]
    extra = " " * max(1, last.col_offset - node.col_offset)
    text = site.file.text[slice(*lines)]
    moved = "".join(extra + line for line in text.splitlines(keepends=True))
    yield site.cut(node, lines, moved, f"move {shown(text)} into the block")


def _exchanged(node: ast.AST, site: Site) -> Iterator[Edit]:
    """Two neighbouring statements in the other order."""
    if not isinstance(node, ast.stmt) or isinstance(node, _DEFINITIONS):
        return
    block = site.file.block(node)
    following = block[block.index(node) + 1 :][:1]
    if not following or isinstance(following[0], _DEFINITIONS):
        return
    first, second = site.file.line_span(node), site.file.line_span(following[0])
    if first is None or second is None:
        return
    a, b = site.file.text[slice(*first)], site.file.text[slice(*second)]
    text = b.rstrip("\r\n") + "\n" + site.file.text[first[1] : second[0]] + a
    yield site.cut(node, (first[0], second[1]), text, f"exchange {shown(a)} and {shown(b)}")


def _chained(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``if`` to ``elif`` after another ``if``, and ``elif`` to ``if``."""
    if not isinstance(node, ast.If):
        return
    start = site.file.span(node)[0]
    if site.file.is_elif(node):
        yield site.cut(node, (start, start + 4), "if", "replace elif with if")
        return
    block = site.file.block(node)
    index = block.index(node)
    if index and isinstance(block[index - 1], ast.If):
        yield site.cut(node, (start, start + 2), "elif", "replace if with elif")


def _inserted(node: ast.AST, site: Site) -> Iterator[Edit]:
    """A statement of the same function, or a usual one, put before another."""
    function = site.file.function(node) if isinstance(node, ast.stmt) else None
    if not isinstance(node, ast.stmt) or function is None or site.file.is_elif(node):
        return
    lines = site.file.line_span(node)
    if lines is None:
        return
    margin = site.file.text[lines[0] : lines[0] + node.col_offset]
    for text in _statements(function, site):
        if text != site.file.segment(node):
            yield site.cut(node, (lines[0],) * 2, f"{margin}{text}\n", f"insert {shown(text)}", 0.8)
            at_end = site.file.text[lines[1] - 1 : lines[1]] == "\n"
            if at_end and site.file.block(node)[-1] is node:
                yield site.cut(
                    node, (lines[1],) * 2, f"{margin}{text}\n", f"insert {shown(text)} after", 0.7
                )


def _statements(function: ast.AST, site: Site) -> list[str]:
    kinds = (ast.Expr, ast.Assign, ast.AugAssign, ast.Return, ast.Break, ast.Continue)
    own = [
        site.file.segment(n)
        for n in site.file.inside(function)
        if isinstance(n, kinds) and n in site.file.parents
    ]
    short = [text for text in dict.fromkeys(own) if len(text) <= 60 and "\n" not in text]
    calls = dict.fromkeys(
        f"{site.file.segment(n.func.value)}.{n.func.attr}"
        for n in site.file.inside(function)
        if isinstance(n, ast.Attribute | ast.Call)
        and isinstance(n, ast.Call)
        and isinstance(n.func, ast.Attribute)
        if n.func.attr in {"append", "add"}
    )
    names = (
        list(site.file.names(function.body[0]))[:6] if isinstance(function, ast.FunctionDef) else []
    )
    return [*short[:10], *[f"{call}({name})" for call in calls for name in names][:12]]


OPERATORS = (
    Operator(
        "statement removed",
        _removed,
        (
            ("a = 1\nb = 2  # why\nc = 3\n", "a = 1\nc = 3\n"),
            ("if a:\n    b = 1\n", "if a:\n    pass\n"),
        ),
    ),
    Operator(
        "returned value",
        _returned,
        (
            ("def f(a):\n    return 0\n", "def f(a):\n    return a\n"),
            ("def f(a):\n    return True\n", "def f(a):\n    return a == 0\n"),
        ),
    ),
    Operator(
        "return added",
        _made_return,
        (("def f(a):\n    g(a)\n", "def f(a):\n    return g(a)\n"),),
    ),
    Operator(
        "jump",
        _jump,
        (
            ("for x in y:\n    break\n", "for x in y:\n    continue\n"),
            (
                "def f(y):\n    for x in y:\n        return 1\n",
                "def f(y):\n    for x in y:\n        continue\n",
            ),
        ),
    ),
    Operator(
        "yield",
        _yielded,
        (
            ("def f(a):\n    yield f(a)\n", "def f(a):\n    yield from f(a)\n"),
            (
                "def f(a):\n    yield a\n    f(a.b)\n",
                "def f(a):\n    yield a\n    yield from f(a.b)\n",
            ),
        ),
    ),
    Operator(
        "moved out",
        _dedented,
        (
            (
                "def f(a):\n    for x in a:\n        g(x)\n        return 1\n",
                "def f(a):\n    for x in a:\n        g(x)\n    return 1\n",
            ),
        ),
    ),
    Operator(
        "moved in",
        _indented,
        (("for x in a:\n    g(x)\nh(x)\n", "for x in a:\n    g(x)\n    h(x)\n"),),
    ),
    Operator("exchanged", _exchanged, (("a = 1\nb = a\n", "b = a\na = 1\n"),)),
    Operator(
        "chained",
        _chained,
        (
            ("if a:\n    b = 1\nif c:\n    b = 2\n", "if a:\n    b = 1\nelif c:\n    b = 2\n"),
            ("if a:\n    b = 1\nelif c:\n    b = 2\n", "if a:\n    b = 1\nif c:\n    b = 2\n"),
        ),
    ),
    Operator(
        "inserted",
        _inserted,
        (
            (
                "def f(a, n):\n    s = []\n    s.append(a)\n    return n\n",
                "def f(a, n):\n    s = []\n    s.append(a)\n    s.append(n)\n    return n\n",
            ),
        ),
    ),
)
