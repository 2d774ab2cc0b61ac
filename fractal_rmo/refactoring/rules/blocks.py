"""Rules that make blocks flatter or shorter."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator

from fractal_rmo.refactoring.rewrite import Rewrite
from fractal_rmo.refactoring.rules.rule import Rule
from fractal_rmo.refactoring.scopes import bindings, home
from fractal_rmo.refactoring.view import View

_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_ELSE = re.compile(r"[ \t\f]*\belse\s*:[ \t\f]*(\r\n|\r|\n)?")


def _else_after_leaving(node: ast.AST, view: View) -> Iterator[Rewrite]:
    """The last ``else`` of a chain whose branches all leave."""
    if not isinstance(node, ast.If) or view.file.is_elif(node):
        return
    branches = list(_branches(node, view))
    last = branches[-1]
    if not last.orelse or not all(isinstance(b.body[-1], _LEAVES) for b in branches):
        return
    text = _without_else(node, last, view)
    if text is None:
        return
    chain: list[ast.stmt] = []
    for branch in reversed(branches):
        chain = [ast.If(test=branch.test, body=branch.body, orelse=chain)]
    yield Rewrite([node], [*chain, *last.orelse], [text])


def _branches(node: ast.If, view: View) -> Iterator[ast.If]:
    """The ``if`` and each ``elif`` of a chain."""
    yield node
    match node.orelse:
        case [ast.If() as inner] if view.file.is_elif(inner):
            yield from _branches(inner, view)


def _without_else(node: ast.If, last: ast.If, view: View) -> str | None:
    text, (start, end) = view.file.text, view.file.span(node)
    before, after = view.file.span(last.body[-1])[1], view.file.span(last.orelse[0])[0]
    word = _ELSE.search(_blanked(text[before:after]))
    if word is None:
        return None
    head, rest = text[start : before + word.start()], text[before + word.end() : end]
    if word[1] is None:  # else: and its statement on one line
        return head + view.indent(node) + rest
    return head + _shifted(rest, view.indent(last.orelse[0]), view.indent(node))


def _blanked(text: str) -> str:
    """Comments turned into as many characters that nothing looks for."""
    return re.sub(r"#[^\r\n]*", lambda found: "#" * len(found[0]), text)


def _shifted(text: str, old: str, new: str) -> str:
    """Lines that begin with one indentation begin with the other."""
    return re.sub(rf"(?m)(^|(?<=\r)){re.escape(old)}", lambda _: new, text)


def _nested_ifs(node: ast.AST, view: View) -> Iterator[Rewrite]:
    match node:
        case ast.If(test=one, body=[ast.If(test=other, body=body, orelse=[]) as inner], orelse=[]):
            pass
        case _:
            return
    text, file = view.file.text, view.file
    colon = _blanked(text[file.span(other)[1] : file.span(body[0])[0]]).find(":")
    rest = text[file.span(other)[1] + colon : file.span(inner)[1]]
    moved = _shifted(rest, view.indent(body[0]), view.indent(inner))
    word = "elif " if file.is_elif(node) else "if "
    both = ast.BoolOp(op=ast.And(), values=[*_terms(one), *_terms(other)])
    new = ast.If(test=both, body=body, orelse=[])
    yield Rewrite([node], [new], [word, one, " and ", other, moved])


def _terms(node: ast.expr) -> list[ast.expr]:
    is_and = isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And)
    return node.values if isinstance(node, ast.BoolOp) and is_and else [node]


def _unreachable(node: ast.AST, view: View) -> Iterator[Rewrite]:
    """What follows a jump; what it binds or yields would still shape the function."""
    if not isinstance(node, _LEAVES) or home(view.file, node) is None:
        return
    block = view.file.block(node)
    rest = block[block.index(node) + 1 :]
    if rest and not bindings(*rest) and not _yields(rest):
        yield Rewrite([node, *rest], [node], [view.file.segment(node)])


def _yields(nodes: list[ast.stmt]) -> bool:
    return any(isinstance(n, ast.Yield | ast.YieldFrom) for top in nodes for n in ast.walk(top))


def removal(node: ast.stmt, view: View) -> Iterator[Rewrite]:
    """A statement taken out with its lines, where it is not the only one of its block.

    No blank lines are left at the top of a file.
    """
    lines = view.file.line_span(node)
    if lines is not None and len(view.file.block(node)) > 1:
        (start, end), text = lines, view.file.text
        if not start:
            end += len(text[end:]) - len(text[end:].lstrip("\r\n"))
        yield Rewrite([node], [], [], (start, end))


def _pass(node: ast.AST, view: View) -> Iterator[Rewrite]:
    if isinstance(node, ast.Pass):
        yield from removal(node, view)


def _empty_else(node: ast.AST, view: View) -> Iterator[Rewrite]:
    match node:
        case (ast.If() | ast.For() | ast.AsyncFor() | ast.While()) as owner:
            if len(owner.orelse) == 1 and isinstance(owner.orelse[0], ast.Pass):
                new = copy.copy(owner)
                new.orelse = []
                start, end = view.file.span(owner)[0], view.file.span(owner.body[-1])[1]
                yield Rewrite([owner], [new], [view.file.text[start:end]])


def _last_jump(node: ast.AST, view: View) -> Iterator[Rewrite]:
    """``return`` at the end of a function, ``continue`` at the end of a loop's body."""
    parent = view.file.parent(node)
    match node:
        case ast.Return(value=None):
            ends = isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef)
        case ast.Continue():
            ends = isinstance(parent, _LOOPS)
        case _:
            return
    if ends and isinstance(node, ast.stmt) and getattr(parent, "body", [None])[-1] is node:
        yield from removal(node, view)


RULES = (
    Rule(
        "else-after-leaving",
        "After a branch that leaves, 'else' only adds depth.",
        _else_after_leaving,
        (
            (
                (
                    "def f(a):\n    if a:\n        return 1\n    else:\n        b = '''\nx'''\n\n"
                    "        return b\n"
                ),
                "def f(a):\n    if a:\n        return 1\n    b = '''\nx'''\n\n    return b\n",
            ),
            (
                (
                    "for a in b:\n\tif a:\n\t\tcontinue\n\telif b:\n\t\tbreak\n\t# c\n\telse:  \n"
                    "\t\t# d\n\t\tf(a)\n"
                ),
                "for a in b:\n\tif a:\n\t\tcontinue\n\telif b:\n\t\tbreak\n\t# c\n\t# d\n\tf(a)\n",
            ),
            (
                "def f(a):\r\n    if a: raise a\r\n    else: return 1\r\n",
                "def f(a):\r\n    if a: raise a\r\n    return 1\r\n",
            ),
        ),
        (
            (
                "def f(a):\n    if a:\n        return 1\n    elif b:\n        f(b)\n    else:\n"
                "        return 2\n"
            ),
            "def f(a):\n    if a:\n        return 1\n    else:  # why\n        return 2\n",
            "def f(a):\n    if a:\n        return 1\n    else:\n        return '''\n        x'''\n",
            "def f(a):\n    for b in a:\n        return 1\n    else:\n        return 2\n",
            (
                "def f(a):\n    try:\n        return 1\n    except a:\n        return 2\n"
                "    else:\n        f(a)\n"
            ),
        ),
    ),
    Rule(
        "nested-ifs",
        "Two conditions one below the other are one with 'and'.",
        _nested_ifs,
        (
            ("if a:\n    if b:\n        f(a)\n", "if a and b:\n    f(a)\n"),
            (
                "if c:\n    f(c)\nelif a or b:\n    if (b := c):\n        f(a)\n\n        f(b)\n",
                "if c:\n    f(c)\nelif (a or b) and (b := c):\n    f(a)\n\n    f(b)\n",
            ),
            ("if a and b:\n    if c and d: f(a)\n", "if a and b and c and d: f(a)\n"),
        ),
        (
            "if a:\n    if b:\n        f(a)\n    else:\n        f(b)\n",
            "if a:\n    if b:\n        f(a)\nelse:\n    f(b)\n",
            "if a:\n    if b:\n        f(a)\n    f(b)\n",
            "if a:\n    # why\n    if b:\n        f(a)\n",
            "while a:\n    if b:\n        f(a)\n",
        ),
    ),
    Rule(
        "unreachable",
        "What follows a jump in one block is never reached.",
        _unreachable,
        (
            ("def f(a):\n    return a\n    f(a)\n", "def f(a):\n    return a\n"),
            (
                "def f(a):\n    while a:\n        if b:\n            break; f(b)\n        f(a)\n",
                "def f(a):\n    while a:\n        if b:\n            break\n        f(a)\n",
            ),
        ),
        (
            "def f(a):\n    return a\n    yield a\n",
            "def f(a):\n    return b\n    b = a\n",
            "def f(a):\n    return a\n    # why\n    f(a)\n    f(a)\n",
            "for a in b:\n    continue\n    f(a)\n",
        ),
    ),
    Rule(
        "redundant-pass",
        "A block that does something needs no 'pass'.",
        _pass,
        (
            ("def f():\n    '''Text.'''\n    pass\n", "def f():\n    '''Text.'''\n"),
            ("if a:\n    pass\n    f(a)\n", "if a:\n    f(a)\n"),
        ),
        (
            "def f():\n    pass\n",
            "def f():\n    pass\n    'no docstring'\n",
            "if a:\n    pass  # why\n    f(a)\n",
            "if a:\n    pass; f(a)\n",
        ),
    ),
    Rule(
        "empty-else",
        "An 'else' that does nothing says nothing.",
        _empty_else,
        (
            ("if a:\n    f(a)\nelse:\n    pass\n", "if a:\n    f(a)\n"),
            ("for a in b: f(a)\nelse: pass\n", "for a in b: f(a)\n"),
        ),
        (
            "if a:\n    f(a)\nelse:\n    pass  # why\n",
            "try:\n    f(a)\nexcept a:\n    f(b)\nelse:\n    pass\n",
        ),
    ),
    Rule(
        "last-jump",
        "A block that ends there anyway needs no jump.",
        _last_jump,
        (
            ("def f(a):\n    print(a)\n    return\n", "def f(a):\n    print(a)\n"),
            ("for a in b:\n    f(a)\n    continue\n", "for a in b:\n    f(a)\n"),
        ),
        (
            "def f(a):\n    return\n",
            "def f(a):\n    print(a)\n    return None\n",
            "for a in b:\n    if a:\n        f(a)\n        continue\n    f(b)\n",
            "for a in b:\n    f(a)\nelse:\n    f(b)\n",
        ),
    ),
)
