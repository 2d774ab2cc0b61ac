"""Edits of constants and names: values off by one, wrong literals, wrong variables."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from fractal_rmo.editing.edit import Edit
from fractal_rmo.repair.edits.edit import Operator, Site
from fractal_rmo.repair.edits.gathered import attributes_of, is_called

LITERALS = 8
"""Literals of one type that a constant is replaced with, at most."""
COMMON: dict[int | float, float] = {0: 1.0, 1: 0.9}
"""How likely a number is meant, among numbers: of those in the standard library's modules 27 %
are 0, 31 % are 1, 8 % are 2 and 3 % are 3.  A start of 1 is rarer than one of 0."""
PARTS = 4
"""Attributes of a variable that are tried in its place, at most."""
NAMES = 12
"""Variables that a name is replaced with, at most: the nearest ones."""


def _off_by_one(node: ast.AST, site: Site) -> Iterator[Edit]:
    if not isinstance(node, ast.Constant) or type(node.value) not in (int, float):
        return
    value = node.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        near = (value + 1, value - 1)
        usual = (0, 1, -1, 2, 10, *_of_ten(value))
        for rank, new in enumerate(dict.fromkeys((*near, *usual, -value))):
            if new != value:
                weight = COMMON.get(new, 0.8) * (1.0 if rank < len(near) else 0.5)
                yield _number_put(node, site, new, weight)


def _number_put(node: ast.expr, site: Site, new: object, weight: float = 1.0) -> Edit:
    """A constant in the place of a node, or the term without it where it would do nothing."""
    term, rest = site.file.parent(node), None
    if type(new) in (int, float):
        match term:
            case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=right) if right is node:
                rest = left if new == 0 else None
            case ast.BinOp(op=ast.Add(), right=right):
                rest = right if new == 0 else None
            case ast.BinOp(op=ast.Mult(), left=left, right=right):
                rest = (left if right is node else right) if new == 1 else None
    if rest is None or not isinstance(term, ast.BinOp):
        return site.swap(node, site.literal(node, new), weight)
    return site.swap(term, site.file.segment(rest), weight)


def _of_ten(value: float) -> tuple[int | float, ...]:
    """A power of ten with a nought more or less."""
    return (value * 10, value // 10) if value in (10, 100, 1_000, 10_000) else ()


def _literal(node: ast.AST, site: Site) -> Iterator[Edit]:
    if not isinstance(node, ast.Constant) or type(node.value) not in (int, float, str):
        return
    kind = str if isinstance(node.value, str) else (int, float)
    alike = [v for v in site.literals if isinstance(v, kind) and v != node.value]
    single = isinstance(node.value, str) and len(node.value) == 1
    near = [v for v in alike if isinstance(v, str) and len(v) == 1] if single else []
    chosen = dict.fromkeys([*_respelled(node.value, alike), *near, *alike[:LITERALS]])
    for new in chosen:
        yield _number_put(node, site, new)


def _respelled(old: object, alike: Sequence[object]) -> list[str]:
    """Texts so like the old one that it may be a slip of the pen."""
    texts = [text for text in alike if isinstance(text, str) and len(text) > 3]
    return get_close_matches(old, texts, n=2, cutoff=0.75) if isinstance(old, str) else []


def _truth(node: ast.AST, site: Site) -> Iterator[Edit]:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield site.swap(node, repr(not node.value))
        match site.file.parent(node):
            case ast.Assign(targets=[ast.Name() | ast.Attribute() as target]):
                yield site.swap(node, f"not {site.file.segment(target)}", 0.4)


def _text(node: ast.AST, site: Site) -> Iterator[Edit]:
    """Strings: empty, a space, other case, one character more or less at an end."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return
    old = node.value
    news = ["", " ", old.lower(), old.upper(), old.strip(), old[:-1], old[1:], old + " ", old[::-1]]
    for new in dict.fromkeys(news):
        if new != old:
            yield site.swap(node, site.literal(node, new))


def _alphabet(node: ast.AST, site: Site) -> Iterator[Edit]:
    """A string used as a set of characters lacks one or holds one too many."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return
    old = node.value
    if not 3 <= len(old) <= 30:
        return
    for i in range(len(old)):
        yield site.swap(node, site.literal(node, old[:i] + old[i + 1 :]))
    lower, upper = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    letters = "0123456789" if old.isdigit() else upper if old.isupper() else lower
    for letter in letters:
        if letter not in old:
            yield site.swap(node, site.literal(node, old + letter), 0.8)


def _field(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``{}`` to ``{:02d}`` or ``{:.2f}`` and ``%d`` to ``%02d``: a number's width was forgotten."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return
    text, fields = node.value, []
    for bare, full in (("{}", "{:02d}"), ("{}", "{:.2f}"), ("%d", "%02d"), ("%s", "%.2f")):
        fields += [(found.start(), bare, full) for found in re.finditer(bare, text)]
    for at, bare, full in fields:
        yield site.swap(node, site.literal(node, text[:at] + full + text[at + len(bare) :]))


def _number_to_name(node: ast.AST, site: Site) -> Iterator[Edit]:
    if isinstance(node, ast.Constant) and not isinstance(node.value, bytes):
        for name in _variables(node, site):
            yield site.swap(node, name)


def _name_to_number(node: ast.AST, site: Site) -> Iterator[Edit]:
    if (
        isinstance(node, ast.Name)
        and isinstance(node.ctx, ast.Load)
        and not is_called(site.file, node)
    ):
        plain: tuple[object, ...] = (0, 1, True, False, None, "", [])
        for value in plain:
            yield _number_put(node, site, value)


def _name(node: ast.AST, site: Site) -> Iterator[Edit]:
    if not isinstance(node, ast.Name) or is_called(site.file, node):
        return
    for rank, name in enumerate(_variables(node, site)):
        weight = 1.0 if isinstance(node.ctx, ast.Load) else 0.6
        doubt = 0.3 if name in _summed_beside(node, site) else 1.0
        yield site.swap(node, name, doubt * weight * max(0.5, 1.0 - 0.05 * rank))


def _summed_beside(node: ast.Name, site: Site) -> set[str]:
    """Other terms of a comparison of sums: ``a + b == a`` or ``a + a == b`` is hardly meant."""
    above = site.file.parent(node)
    while isinstance(above, ast.BinOp) and isinstance(above.op, ast.Add | ast.Sub):
        above = site.file.parent(above)
    if not isinstance(above, ast.Compare):
        return set()
    return {name for side in (above.left, *above.comparators) for name in _summed(side)}


def _summed(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        yield from (*_summed(node.left), *_summed(node.right))
    elif isinstance(node, ast.Name):
        yield node.id


def _name_to_attribute(node: ast.AST, site: Site) -> Iterator[Edit]:
    """``x`` to ``self.x`` where the class has such an attribute, and the other way.

    ``x`` to ``x.y`` where the file asks a variable of that name for it, and the other way.
    """
    if isinstance(node, ast.Name) and not is_called(site.file, node):
        if node.id in site.file.attributes and "self" in site.file.names(node):
            yield site.swap(node, f"self.{node.id}")
        if isinstance(node.ctx, ast.Load):
            whole = not isinstance(site.file.parent(node), ast.Attribute | ast.Subscript)
            for part in attributes_of(site.file).get(node.id, [])[:PARTS] if whole else ():
                yield site.swap(node, f"{node.id}.{part}")
    elif isinstance(node, ast.Attribute):
        if node.attr in site.file.names(node):
            yield site.swap(node, node.attr)
        of_self = isinstance(node.value, ast.Name) and node.value.id == "self"
        is_read = isinstance(node.ctx, ast.Load) and not is_called(site.file, node)
        if isinstance(node.value, ast.Name) and is_read and not of_self:
            yield site.swap(node, node.value.id, 0.6)


def _variables(node: ast.AST, site: Site) -> list[str]:
    old = node.id if isinstance(node, ast.Name) else ""
    names = [n for n in site.file.names(node) if n != old]
    owner = isinstance(site.file.parent(node), ast.Attribute) and "self" in names
    plain = [n for n in names if n not in ("self", "cls", "_")]
    return [*(["self"] if owner else []), *plain[:NAMES]]


def _display(node: ast.AST, site: Site) -> Iterator[Edit]:
    """Lists, tuples and sets: an element dropped, two swapped, an empty one filled."""
    if not isinstance(node, ast.List | ast.Tuple | ast.Set) or not node.elts:
        if isinstance(node, ast.List):
            for item in ["0", "1", "''", *_variables(node, site)]:
                yield site.swap(node, f"[{item}]")
        return
    if len(node.elts) > 6:
        return
    for i in range(len(node.elts) - 1):
        first, second = node.elts[i], node.elts[i + 1]
        (start, a_end), (b_start, end) = site.file.span(first), site.file.span(second)
        a, b = site.file.segment(first), site.file.segment(second)
        text = b + site.file.text[a_end:b_start] + a
        yield site.cut(first, (start, end), text, f"swap {a} and {b}")
    if isinstance(node, ast.List):
        for i in range(len(node.elts)):
            rest = [site.file.segment(e) for j, e in enumerate(node.elts) if j != i]
            yield site.swap(node, f"[{', '.join(rest)}]", 0.7, deletes=True)


_LONG = "['ab', 'cd', 'ef', 'gh', 'ij', 'kl', 'mn', 'op']"
_NAMES = "['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'Earth']"

OPERATORS = (
    Operator(
        "off by one",
        _off_by_one,
        (
            ("x = 5\n", "x = 6\n"),
            ("x = 5\n", "x = 0\n"),
            ("x = f(a - 1)\n", "x = f(a)\n"),
            ("x = 2 * (a + b)\n", "x = a + b\n"),
        ),
    ),
    Operator(
        "literal",
        _literal,
        (
            ("a = 7\nb = 30\n", "a = 7\nb = 7\n"),
            (f"a = 'Erath'\nb = {_NAMES}\n", f"a = 'Earth'\nb = {_NAMES}\n"),
            (f"a = '('\nb = {_LONG}\nc = '['\n", f"a = '['\nb = {_LONG}\nc = '['\n"),
        ),
    ),
    Operator(
        "truth value",
        _truth,
        (("x = True\n", "x = False\n"), ("x = True\n", "x = not x\n")),
    ),
    Operator(
        "string",
        _text,
        (("x = 'a, '\n", "x = 'a,'\n"), ("x = 'a'\n", "x = ''\n"), ('x = "a"\n', 'x = ""\n')),
    ),
    Operator("alphabet", _alphabet, (("x = 'abd'\n", "x = 'abdc'\n"),)),
    Operator(
        "field",
        _field,
        (
            ("x = '{}:{}'.format(a, b)\n", "x = '{}:{:02d}'.format(a, b)\n"),
            ("x = '%d:%d' % (a, b)\n", "x = '%d:%02d' % (a, b)\n"),
        ),
    ),
    Operator("constant to variable", _number_to_name, (("a = 1\nb = 0\n", "a = 1\nb = a\n"),)),
    Operator("variable to constant", _name_to_number, (("a = 1\nb = a\n", "a = 1\nb = 0\n"),)),
    Operator(
        "variable",
        _name,
        (
            ("def f(a, b):\n    return a\n", "def f(a, b):\n    return b\n"),
            ("def f(self, o):\n    return o.a\n", "def f(self, o):\n    return self.a\n"),
        ),
    ),
    Operator(
        "variable or attribute",
        _name_to_attribute,
        (
            (
                "class A:\n    def f(self, x):\n        self.x = 1\n        return x\n",
                "class A:\n    def f(self, x):\n        self.x = 1\n        return self.x\n",
            ),
            (
                "def f(n, v):\n    m = n.value\n    return n == v\n",
                "def f(n, v):\n    m = n.value\n    return n.value == v\n",
            ),
            ("def f(n):\n    return n.value\n", "def f(n):\n    return n\n"),
        ),
    ),
    Operator(
        "display",
        _display,
        (
            ("def f(n):\n    return []\n", "def f(n):\n    return [n]\n"),
            ("x = [a, b]\n", "x = [b, a]\n"),
            ("x = [a, b]\n", "x = [b]\n"),
            ("a, b = b, a\n", "a, b = a, b\n"),
        ),
    ),
)
