"""Other bytecode that does the same: steps around expressions that change no value.

Each takes an expression that is evaluated once, at its place, to a form around
it whose value it is.  Which expressions, and which forms, chance says.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator, Mapping

_Def = ast.FunctionDef | ast.AsyncFunctionDef
_LEAST, _MOST = 1, 3
"""How many expressions are taken."""
_LEAVES = (ast.pattern, ast.expr_context, ast.operator)


def disguised(definition: _Def, chance: random.Random) -> None:
    """Change the body of a definition so that other bytecode comes of it, which does the same."""
    if chance.random() < 1 / 2:
        _insert_step(definition, chance)
    places = list(_places(definition.body))
    wanted = chance.randint(_LEAST, _MOST)
    for parent, name, at in chance.sample(places, min(wanted, len(places))):
        held = getattr(parent, name)
        old = held if at is None else held[at]
        new = ast.fix_missing_locations(ast.copy_location(_around(old, chance), old))
        if at is None:
            setattr(parent, name, new)
        else:
            held[at] = new
    if not places:
        _insert_step(definition, chance)


def _insert_step(definition: _Def, chance: random.Random) -> None:
    """A comparison that nothing comes of, before the first statement that is run."""
    left, right = (ast.Constant(chance.randrange(1000)) for _ in range(2))
    step = ast.Expr(ast.Compare(left, [ast.Lt()], [right]))
    at = 1 if ast.get_docstring(definition, clean=False) is not None else 0
    place = definition.body[min(at, len(definition.body) - 1)]
    definition.body.insert(at, ast.fix_missing_locations(ast.copy_location(step, place)))


def _around(value: ast.expr, chance: random.Random) -> ast.expr:
    number = ast.Constant(chance.randrange(1000))
    zero, load = ast.Constant(0), ast.Load()
    # the compiler folds an item of a tuple of constants away, and the disguise with it
    is_fixed = not any(isinstance(part, ast.Name) for part in ast.walk(value))
    kind = chance.choice((0, 3, 4)) if is_fixed else chance.randrange(5)
    if kind == 0:
        return ast.Subscript(ast.List([value], load), zero, load)
    if kind == 1:
        return ast.Subscript(ast.Tuple([number, value], load), ast.Constant(1), load)
    if kind == 2:
        return ast.Subscript(ast.Tuple([value, number], load), zero, load)
    if kind == 3:
        return ast.Subscript(ast.Dict([number], [value]), number, load)
    more = ast.Constant(chance.randint(1000, 2000))
    return ast.IfExp(ast.Compare(number, [ast.Lt()], [more]), value, zero)


_FIELDS: Mapping[type[ast.AST], tuple[str, ...]] = {
    **dict.fromkeys((ast.Return, ast.Assign, ast.AugAssign), ("value",)),
    **dict.fromkeys((ast.If, ast.While, ast.Assert), ("test",)),
    **dict.fromkeys((ast.For, ast.AsyncFor), ("iter",)),
    ast.BinOp: ("left", "right"),
    ast.Compare: ("left",),
}
"""Where an expression is evaluated once, whatever it is."""


def _places(body: list[ast.stmt]) -> Iterator[tuple[ast.AST, str, int | None]]:
    """(parent, field, index or None) of expressions that may be taken, wherever they are evaluated.

    Not in patterns, which allow only literals.
    """
    waiting: list[ast.AST] = [*body]
    while waiting:
        node = waiting.pop()
        yield from ((node, name, None) for name in _FIELDS.get(type(node), ()) if _held(node, name))
        if isinstance(node, ast.Call):
            yield from ((node, "args", n) for n, a in enumerate(node.args) if not _is_starred(a))
        for name in node._fields:
            held = getattr(node, name, None)
            found = held if isinstance(held, list) else (held,)
            waiting += [n for n in found if isinstance(n, ast.AST) and not isinstance(n, _LEAVES)]


def _held(node: ast.AST, name: str) -> bool:
    return getattr(node, name) is not None


def _is_starred(node: ast.expr) -> bool:
    return isinstance(node, ast.Starred)
