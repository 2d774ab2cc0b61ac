"""Programs with several faults: random slips in code that is right.

The kinds are those of mutation testing that Offutt et al. found sufficient ("An Experimental
Determination of Sufficient Mutant Operators", TOSEM 1996) for relations, arithmetic and
connectives, with borders, names, arguments, calls and the place of a ``return``, in which learners
slip.  They are independent of the engine's kinds of edit.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from fractal_rmo.domain.run import Limits, Runner
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.source import copied
from scripts.benchmarks._rows import Row, fails, given_tests, quick_report

_SHORT = Limits(wall_s=4.0, cpu_s=2, memory_mb=1024)
_LOOKED_AT = 40
"""Slips of one program whose effect on the tests is looked at, at most."""
_RELATIONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.Pow),
    ast.Div: (ast.FloorDiv, ast.Mult),
    ast.FloorDiv: (ast.Div, ast.Mod),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
}
_ALIKE = (("min", "max"), ("any", "all"), ("sum", "len"), ("upper", "lower"), ("append", "insert"),
          ("startswith", "endswith"), ("set", "list"), ("keys", "values"))  # fmt: skip

_CONVERSIONS = ("int", "abs", "sorted", "set", "str")
"""Calls that are forgotten."""


@dataclass(frozen=True)
class Slip:
    """A node, by its number in the tree, and what stands there instead; ``where`` is its line."""

    node: int
    instead: ast.AST
    where: int


def slipped(row: Row, run: Runner, count: int, seed: int) -> Row | None:
    """The row with so many slips in as many statements; each alone fails a given test.

    None where too few are found.  Drawn by ``seed`` and the row's id.
    """
    tree = ast.parse(row["code"])
    offered = list(_slips(tree))
    Random(f"{seed} {row['id']}").shuffle(offered)  # noqa: S311 - a sample, no secret
    taken: list[Slip] = []
    for slip in offered[:_LOOKED_AT]:
        apart = not any(_touch(tree, slip, other) for other in taken)
        if apart and _is_noticed(row, _made(tree, [slip]), run):
            taken.append(slip)
        if len(taken) == count:
            code = _made(tree, taken)
            return {**row, "code": code} if _is_noticed(row, code, run) else None
    return None


def _touch(tree: ast.Module, one: Slip, other: Slip) -> bool:
    """Whether they are in one line, or one is within what the other replaces."""
    nodes = list(ast.walk(tree))
    ours, theirs = nodes[one.node], nodes[other.node]
    within = any(node is theirs for node in ast.walk(ours))
    return within or one.where == other.where or any(node is ours for node in ast.walk(theirs))


def _is_noticed(row: Row, code: str, run: Runner) -> bool:
    tree = SourceTree({"solution.py": code})
    return code != row["code"] and fails(
        quick_report(tree, given_tests(row), run, "a slip", _SHORT)
    )


def _made(tree: ast.Module, slips: Sequence[Slip]) -> str:
    whole = copied(tree)
    nodes = list(ast.walk(whole))
    instead = {id(nodes[slip.node]): copied(slip.instead) for slip in slips}
    return ast.unparse(ast.fix_missing_locations(_Replaced(instead).visit(whole)))


class _Replaced(ast.NodeTransformer):
    def __init__(self, instead: dict[int, ast.AST]) -> None:
        self._instead = instead

    def visit(self, node: ast.AST) -> ast.AST:
        """What stands there now."""
        found: ast.AST = self._instead.get(id(node)) or super().visit(node)
        return found


def _slips(tree: ast.Module) -> Iterator[Slip]:
    names = sorted({n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _is_stored(n)})
    names += sorted({n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)})
    for number, node in enumerate(ast.walk(tree)):
        for instead in _instead_of(node, names):
            yield Slip(number, instead, getattr(node, "lineno", 0))


def _is_stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def _instead_of(node: ast.AST, names: Sequence[str]) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(left, [op], rest):
            for other in _RELATIONS.get(type(op), ()):
                yield ast.Compare(left, [other()], rest)
        case ast.BinOp():
            yield from _other_arithmetic(node)
        case ast.AugAssign(target, op, value):
            yield ast.Assign([target], value)
            for kind in _ARITHMETIC.get(type(op), ()):
                yield ast.AugAssign(target, kind(), value)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
            yield from (values[0], values[-1])
        case ast.Name(id=name, ctx=ast.Load()) if name in names:
            yield from (ast.Name(other, ast.Load()) for other in names if other != name)
        case ast.Constant(value=value):
            yield from map(ast.Constant, _other_constants(value))
        case _:
            yield from _instead_of_larger(node)


def _other_arithmetic(node: ast.BinOp) -> Iterator[ast.expr]:
    for kind in _ARITHMETIC.get(type(node.op), ()):
        yield ast.BinOp(node.left, kind(), node.right)
    if isinstance(node.op, ast.Sub | ast.Div | ast.FloorDiv | ast.Mod):
        yield ast.BinOp(node.right, node.op, node.left)
    if isinstance(node.right, ast.Constant):
        yield node.left  # a forgotten ``+ 1``


def _other_constants(value: object) -> Iterator[int]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1)


def _instead_of_larger(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.UnaryOp(ast.Not(), operand):
            yield operand
        case ast.Call():
            yield from _other_calls(node)
        case ast.Slice(lower, upper, step) if lower and upper:
            yield from (ast.Slice(lower, None, step), ast.Slice(None, upper, step))
        case ast.If(test, body, orelse):
            yield ast.If(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.FunctionDef(body=[*first, ast.For() as loop, ast.Return() as last]):
            inside = ast.For(loop.target, loop.iter, [*loop.body, last], [])
            yield ast.FunctionDef(
                node.name, node.args, [*first, inside], node.decorator_list, node.returns
            )


def _other_calls(call: ast.Call) -> Iterator[ast.expr]:
    func, args = call.func, call.args
    yield from (ast.Call(other, args, call.keywords) for other in _alike(func))
    if len(args) == 2:
        yield ast.Call(func, args[::-1], call.keywords)
    if isinstance(func, ast.Name) and func.id == "range":
        yield from _other_ranges(func, args)
    if isinstance(func, ast.Name) and func.id in _CONVERSIONS:
        yield from args[:1]


def _alike(func: ast.expr) -> Iterator[ast.expr]:
    for one, other in (*_ALIKE, *(pair[::-1] for pair in _ALIKE)):
        if isinstance(func, ast.Name) and func.id == one:
            yield ast.Name(other, ast.Load())
        if isinstance(func, ast.Attribute) and func.attr == one:
            yield ast.Attribute(func.value, other, ast.Load())


def _other_ranges(func: ast.expr, args: list[ast.expr]) -> Iterator[ast.Call]:
    one = ast.Constant(1)
    end = 0 if len(args) == 1 else 1
    for op in (ast.Add(), ast.Sub()):
        changed = [*args]
        changed[end] = ast.BinOp(args[end], op, one)
        yield ast.Call(func, changed, [])
    if end == 0:
        yield ast.Call(func, [one, *args], [])
