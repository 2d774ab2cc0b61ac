"""Edits of where statements stand: an ``else`` that was forgotten, a start inside the loop."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fractal_rmo.editing.edit import Edit, shown
from fractal_rmo.editing.source import FunctionNode
from fractal_rmo.repair.edits.edit import Operator, Site
from fractal_rmo.repair.edits.guards import first_statement

INDENT = "    "
RUN = 3
"""Statements that are taken out together, at most."""
_PLAIN = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return)
_LOOPS = (ast.For, ast.While)


def _run_removed(node: ast.AST, site: Site) -> Iterator[Edit]:
    """Two or three neighbouring statements taken out."""
    if not isinstance(node, _PLAIN):
        return
    block = site.file.block(node)
    at = block.index(node)
    for count in range(2, RUN + 1):
        run = block[at : at + count]
        if len(run) < count or len(run) == len(block):
            return
        first, last = site.file.line_span(node), site.file.line_span(run[-1])
        if first is None or last is None or not isinstance(run[-1], _PLAIN):
            return
        said = f"remove {shown(site.file.text[first[0] : last[1]])}"
        yield site.cut(node, (first[0], last[1]), "", said, 1.0 - 0.2 * (count - 2), deletes=True)


def _else_made(node: ast.AST, site: Site) -> Iterator[Edit]:
    """What follows an ``if`` put under an ``else`` of its own."""
    if not isinstance(node, _PLAIN) or site.file.line_span(node) is None:
        return
    block = site.file.block(node)
    index = block.index(node)
    before = block[index - 1] if index else None
    if not isinstance(before, ast.If) or _last_branch(before).orelse:
        return
    start, end = site.file.line_span(node) or (0, 0)
    margin, text = " " * node.col_offset, site.file.text[start:end]
    moved = "".join(INDENT + line for line in text.splitlines(keepends=True))
    said = f"do {shown(text)} only else"
    yield site.cut(node, (start, start + len(text)), f"{margin}else:\n{moved}", said)


def _last_branch(node: ast.If) -> ast.If:
    while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        node = node.orelse[0]
    return node


def _out_of_the_loop(node: ast.AST, site: Site) -> Iterator[Edit]:
    """The first statement of a loop put before it: a start was made anew in each round."""
    loop = site.file.parent(node)
    if not isinstance(node, ast.Assign) or not isinstance(loop, _LOOPS) or node is not loop.body[0]:
        return
    lines, around = site.file.line_span(node), site.file.line_span(loop)
    if lines is None or around is None or len(loop.body) < 2:
        return
    text = site.file.text[slice(*lines)]
    moved = " " * loop.col_offset + text.lstrip()
    head = site.file.text[around[0] : lines[0]]
    said = f"move {shown(text)} before the loop"
    yield site.cut(node, (around[0], lines[1]), moved + head, said)


def _into_the_loop(node: ast.AST, site: Site) -> Iterator[Edit]:
    """A statement before a loop put at its beginning: a start was made once for all rounds."""
    if not isinstance(node, ast.Assign):
        return
    block = site.file.block(node)
    at = block.index(node)
    lines = site.file.line_span(node)
    for loop in [other for other in block[at + 1 : at + 3] if isinstance(other, _LOOPS)]:
        first = site.file.line_span(loop.body[0])
        if lines is None or first is None:
            continue
        text = site.file.text[slice(*lines)]
        moved = " " * loop.body[0].col_offset + text.lstrip()
        between = site.file.text[lines[1] : first[0]]
        said = f"move {shown(text)} into the loop"
        yield site.cut(node, (lines[0], first[0]), between + moved, said)


def _refused(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``raise`` under a condition, before a statement: of an error that the tests name."""
    function = site.file.function(node) if isinstance(node, ast.stmt) else None
    if not isinstance(node, ast.stmt) or function is None or not site.errors:
        return
    lines = site.file.line_span(node)
    if lines is None or node is not first_statement(function):
        return
    margin = site.file.text[lines[0] : lines[0] + node.col_offset]
    for test in _tests(function, site):
        weight = 1.0 if test.startswith("not ") or len(test.split()) == 3 else 0.6
        for rank, error in enumerate(site.errors):
            text = f"{margin}if {test}:\n{margin}{INDENT}raise {error}\n"
            said = f"raise {error} if {test}"
            yield site.cut(node, (lines[0],) * 2, text, said, weight / (1 + rank))


def _tests(function: FunctionNode, site: Site) -> list[str]:
    names = [arg.arg for arg in function.args.args if arg.arg not in ("self", "cls")][:3]
    forms = ("not {}", "{} < 0", "{} <= 0", "{} == 0", "{} is None", "not isinstance({}, int)")
    own = [f"self.{name}" for name in site.file.attributes[:5]] if _has_self(function) else []
    pairs = [(a, b) for a in names for b in (*names, *own) if a != b]
    single = [form.format(name) for name in [*names, *own] for form in forms]
    return [*(f"{a} {sign} {b}" for a, b in pairs for sign in (">", "<", "not in", "in")), *single]


def _has_self(function: FunctionNode) -> bool:
    return bool(function.args.args) and function.args.args[0].arg == "self"


_ROUNDS = "def f(a):\n{}    for x in a:\n{}        s += x\n    return s\n"

OPERATORS = (
    Operator("run removed", _run_removed, (("a = 1\nb = 2\nc = 3\nd = a\n", "a = 1\nd = a\n"),)),
    Operator(
        "else made",
        _else_made,
        (("if a:\n    b = 1\nb = 2\n", "if a:\n    b = 1\nelse:\n    b = 2\n"),),
    ),
    Operator(
        "out of the loop",
        _out_of_the_loop,
        ((_ROUNDS.format("", "        s = 0\n"), _ROUNDS.format("    s = 0\n", "")),),
    ),
    Operator(
        "into the loop",
        _into_the_loop,
        ((_ROUNDS.format("    s = 0\n", ""), _ROUNDS.format("", "        s = 0\n")),),
    ),
    Operator(
        "refused",
        _refused,
        (
            (
                "def f(n):\n    return KeyError, n\n",
                "def f(n):\n    if n < 0:\n        raise KeyError\n    return KeyError, n\n",
            ),
        ),
    ),
)
