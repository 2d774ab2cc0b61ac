"""Small functions made of what the rules look for, and of what makes them unsafe."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

_Maker = Callable[[Random, int, bool], list[str]]

NAMES = ("a", "b", "c", "x", "g")
"""What is assigned to; ``xs`` is not, so that no loop appends to what it runs over."""
_JUMPS = ("return True", "return False", "return", "raise ValueError", "return a", "return x")


def function(random: Random) -> str:
    """The text of a module that defines ``f(a, b, xs)``; it calls ``note`` and ``probe``."""
    lines = ["def f(a, b, xs):", *_indented(_block(random, 2, in_loop=False))]
    if random.random() < 0.3:
        lines = ["import math", "g = 1", "", *lines]
    return "\n".join(lines) + "\n"


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _block(random: Random, depth: int, *, in_loop: bool) -> list[str]:
    lines = []
    for _ in range(random.randint(1, 2)):
        lines += _statement(random, depth, in_loop=in_loop)
    return lines


def _statement(random: Random, depth: int, *, in_loop: bool) -> list[str]:
    simple: list[_Maker] = [
        _assignment,
        _result,
        _jump,
        _small,
        _small,
        _appending,
        _searching,
        _truth,
    ]
    if depth:
        simple += [_if, _if, _nested, _for, _try, _with_else]
    return random.choice(simple)(random, depth, in_loop)


def _assignment(random: Random, _depth: int, _in_loop: bool) -> list[str]:
    return [f"{random.choice(NAMES)} = {expression(random)}"]


def _result(random: Random, _depth: int, _in_loop: bool) -> list[str]:
    name = random.choice(NAMES)
    return [f"{name} = {expression(random)}", f"return {name}"]


def _jump(random: Random, _depth: int, in_loop: bool) -> list[str]:
    jumps = [*_JUMPS, *(("break", "continue") if in_loop else ())]
    return [random.choice(jumps), *(["note(b)"] if random.random() < 0.3 else [])]


def _small(random: Random, _depth: int, _in_loop: bool) -> list[str]:
    return random.choice(
        [
            ["pass"], ["note(a)", "return"], ["unused = 1"], ["probe = note(1)"], ["del x"],
            ["'text'"],
            ["k = lambda: (a, x)", "note(k())"], ["note(locals().get('x'))"], ["yield a"],
            ["note([v for v in xs if not not v])"], ["import math", "note(1)"],
        ]
    )  # fmt: skip


def _appending(random: Random, _depth: int, _in_loop: bool) -> list[str]:
    name, variable = random.choice("cx"), random.choice(("i", "j", "a", "i, j"))
    inner = f"{name}.append({random.choice((variable, expression(random)))})"
    body = [f"if {expression(random)}:", f"    {inner}"] if random.random() < 0.4 else [inner]
    after = random.choice([[f"note({name})"], [f"return {name}"], ["note(i)"]])
    return [f"{name} = []", f"for {variable} in xs:", *_indented(body), *after]


def _searching(random: Random, _depth: int, _in_loop: bool) -> list[str]:
    one = random.random() < 0.5
    test = random.choice([expression(random), "note(i)", "i not in xs", "not i"])
    return ["for i in xs:", f"    if {test}:", f"        return {one}", f"return {not one}"]


def _truth(random: Random, _depth: int, _in_loop: bool) -> list[str]:
    one = random.random() < 0.5
    orelse = ["else:", f"    return {not one}"] if random.random() < 0.5 else [f"return {not one}"]
    return [f"if {expression(random)}:", f"    return {one}", *orelse]


def _if(random: Random, depth: int, in_loop: bool) -> list[str]:
    lines = [f"if {expression(random)}:", *_inner(random, depth, in_loop)]
    if random.random() < 0.4:
        lines += [f"elif {expression(random)}:", *_inner(random, depth, in_loop)]
    return [*lines, "else:", *_inner(random, depth, in_loop)] if random.random() < 0.6 else lines


def _nested(random: Random, depth: int, in_loop: bool) -> list[str]:
    inner = [f"if {expression(random)}:", *_inner(random, depth, in_loop)]
    return [f"if {expression(random)}:", *_indented(inner)]


def _for(random: Random, depth: int, _in_loop: bool) -> list[str]:
    lines = ["for x in xs:", *_inner(random, depth, True)]
    return [*lines, "    continue"] if random.random() < 0.3 else lines


def _with_else(random: Random, depth: int, in_loop: bool) -> list[str]:
    return [*_for(random, depth, in_loop), "else:", *random.choice([["    pass"], ["    note(0)"]])]


def _try(random: Random, depth: int, in_loop: bool) -> list[str]:
    end = random.choice([["except Exception:"], ["except ValueError as x:"], ["finally:"]])
    return ["try:", *_inner(random, depth, in_loop), *end, "    note(c)" if end[0] != "finally:"
            else "    note(a)"]  # fmt: skip


def _inner(random: Random, depth: int, in_loop: bool) -> list[str]:
    return _indented(_block(random, depth - 1, in_loop=in_loop))


def expression(random: Random, depth: int = 2) -> str:
    """An expression whose parts tell in which order they are asked."""
    if not depth or random.random() < 0.3:
        return random.choice([*NAMES[:4], "0", "1", "None", "[]", "note(a)", "note(b)", "note(x)"])
    one, two, three = (expression(random, depth - 1) for _ in range(3))
    name = random.choice("abx")
    return random.choice(
        [
            f"not {one} in [{two}]", f"not {one} is {name}", f"not not {one}", f"not ({one})",
            f"True if {one} else False", f"False if {one} else True",
            f"{name} if {name} else {one}",
            f"({one} or {two}) and {three}", f"{one} < {name} and {name} < {two}",
            f"{one} == {two}",
            f"{one} > {name} and {name} >= {two}", f"isinstance({one}, int)", f"note({one})",
            f"({one}, {two})", f"[{one} if not not {two} else {three}]", f"{name} is None",
        ]
    )  # fmt: skip
