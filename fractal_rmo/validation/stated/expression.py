"""Expressions that somebody else wrote, let through form by form.

They run in a jail and may become a test of a person's own folder, so they are
held to what a property needs: data, comparisons, arithmetic, short
comprehensions, calls of named functions and of harmless methods of built-in
data.  No attribute of anything else, no name that is not given, nothing that
grows without bound.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from keyword import iskeyword

from fractal_rmo.validation.stated.refusing import PropertyRefusedError

LONGEST, _MOST_NODES, _DEEPEST, _MOST_LOOPS, _MOST_POWERS = 400, 150, 25, 3, 2
_WIDEST, _LONGEST_TEXT, MOST_EXPONENT = 10**12, 100, 64
BUILTINS = frozenset((
    "abs", "all", "any", "bool", "chr", "dict", "divmod", "enumerate", "float", "frozenset", "int",
    "isinstance", "len", "list", "max", "min", "ord", "range", "repr", "reversed", "round", "set",
    "sorted", "str", "sum", "tuple", "zip",
))  # fmt: skip
MATHS = frozenset((
    "ceil", "comb", "fabs", "factorial", "floor", "gcd", "hypot", "isclose", "isfinite", "isinf",
    "isnan", "lcm", "prod", "sqrt",
))  # fmt: skip
_METHODS = frozenset((
    "capitalize", "casefold", "copy", "count", "difference", "endswith", "find", "get", "index",
    "intersection", "is_integer", "isalnum", "isalpha", "isdecimal", "isdigit", "isdisjoint",
    "islower", "isnumeric", "isspace", "issubset", "issuperset", "isupper", "items", "join",
    "keys", "lower", "lstrip", "partition", "replace", "rfind", "rpartition", "rstrip", "split",
    "splitlines", "startswith", "strip", "swapcase", "symmetric_difference", "title", "union",
    "upper", "values",
))  # fmt: skip
_PLAIN = (
    *(ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd, ast.BinOp, ast.Add),
    *(ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.BitAnd, ast.BitOr),
    *(ast.BitXor, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In),
    *(ast.NotIn, ast.Is, ast.IsNot, ast.IfExp, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Load),
    *(ast.Store, ast.Subscript, ast.Slice, ast.ListComp, ast.SetComp, ast.DictComp),
    *(ast.GeneratorExp,),
)
"""Forms that say nothing by themselves; the others are looked at one by one."""


@dataclass(frozen=True)
class Expression:
    """An expression that was let through, as Python writes it, and what of the code it calls."""

    text: str
    functions: tuple[str, ...]
    uses_math: bool


def read_expression(text: str, parameters: Mapping[str, int | None]) -> Expression:
    """The expression in a text; raises ``PropertyRefusedError``.

    ``parameters`` are the names that are given, with the largest whole number
    that each may be, None where that is not known.
    """
    if not text.strip() or len(text) > LONGEST:
        raise PropertyRefusedError(f"An expression has 1 to {LONGEST} characters.")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        reader = _Reader(parameters)
        reader.read(tree, reader.names)
        return Expression(ast.unparse(tree), tuple(sorted(reader.called)), reader.uses_math)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise PropertyRefusedError(f"'{text[:80]}' is no expression.") from error


class _Reader:
    """Walks one expression, with the names that are known at each place."""

    def __init__(self, parameters: Mapping[str, int | None]) -> None:
        self._most = parameters
        self.names = frozenset(parameters)
        self.called: set[str] = set()
        self.uses_math = False
        self._nodes = self._loops = self._powers = 0

    def read(self, node: ast.AST, names: Collection[str], depth: int = 0) -> None:
        """Look at a node and what it holds; raises ``PropertyRefusedError``."""
        self._nodes += 1
        if self._nodes > _MOST_NODES or depth > _DEEPEST:
            raise PropertyRefusedError("The expression is too large.")
        match node:
            case ast.Constant():
                _check_constant(node)
            case ast.Name(id=name, ctx=ast.Load()):
                if name not in names and name not in BUILTINS:
                    raise PropertyRefusedError(f"Nothing is known under the name '{name[:40]}'.")
            case ast.Call():
                self._read_call(node, names, depth)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                self._read_loops(node, names, depth)
            case ast.BinOp(op=ast.Pow()):
                self._check_power(node)
                self._read_inside(node, names, depth)
            case _ if isinstance(node, _PLAIN):
                self._read_inside(node, names, depth)
            case _:
                raise PropertyRefusedError(f"'{type(node).__name__}' has no place in a property.")

    def _read_inside(self, node: ast.AST, names: Collection[str], depth: int) -> None:
        for inner in ast.iter_child_nodes(node):
            self.read(inner, names, depth + 1)

    def _read_call(self, node: ast.Call, names: Collection[str], depth: int) -> None:
        match node.func:
            case ast.Name(id=name):
                if name not in BUILTINS:
                    self._call_by_name(name, names)
            case ast.Attribute(value=ast.Name(id="math"), attr=name) if name in MATHS:
                self.uses_math = True
            case ast.Attribute(value=owner, attr=name) if name in _METHODS:
                self.read(owner, names, depth + 1)
            case _:
                raise PropertyRefusedError(f"'{ast.unparse(node.func)[:60]}' may not be called.")
        for inner in (*node.args, *(keyword.value for keyword in node.keywords)):
            self.read(inner, names, depth + 1)
        if any(k.arg is None or k.arg.startswith("_") for k in node.keywords):
            raise PropertyRefusedError("Arguments are given one by one.")

    def _call_by_name(self, name: str, names: Collection[str]) -> None:
        if name in names:
            raise PropertyRefusedError(f"'{name}' is a value and no function.")
        if name.startswith("_") or name in _NEVER:
            raise PropertyRefusedError(f"'{name[:40]}' may not be called.")
        self.called.add(name)

    def _read_loops(
        self,
        node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
        names: Collection[str],
        depth: int,
    ) -> None:
        self._loops += len(node.generators)
        if self._loops > _MOST_LOOPS or len(node.generators) > 2:
            raise PropertyRefusedError("The expression has too many loops.")
        known = frozenset(names)
        for loop in node.generators:
            if loop.is_async:
                raise PropertyRefusedError("A property waits for nothing.")
            self.read(loop.iter, known, depth + 1)
            bound = frozenset(_bound(loop.target))
            if bound & known:
                raise PropertyRefusedError("A loop gives another meaning to a name.")
            known |= bound
            for test in loop.ifs:
                self.read(test, known, depth + 1)
        parts = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        for part in parts:
            self.read(part, known, depth + 1)

    def _check_power(self, node: ast.BinOp) -> None:
        self._powers += 1
        exponent = node.right
        most = None
        if isinstance(exponent, ast.Constant) and isinstance(exponent.value, int | float):
            most = exponent.value
        elif isinstance(exponent, ast.Name):
            most = self._most.get(exponent.id)
        if self._powers > _MOST_POWERS or most is None or most > MOST_EXPONENT:
            raise PropertyRefusedError(
                f"An exponent is a number or a parameter of at most {MOST_EXPONENT}."
            )


_NEVER = frozenset((
    "eval", "exec", "compile", "open", "input", "print", "globals", "locals", "vars", "dir",
    "getattr", "setattr", "delattr", "hasattr", "type", "object", "super", "help", "breakpoint",
    "exit", "quit", "memoryview", "classmethod", "staticmethod", "property", "callable", "id",
    "hash", "iter", "next", "map", "filter", "format", "pow", "bytes", "bytearray", "complex",
    "slice", "issubclass", "aiter", "anext", "ascii", "bin", "hex", "oct",
))  # fmt: skip
"""Names that Python knows and no property needs: never taken for functions of the code."""


def is_free(name: str) -> bool:
    """Whether a value may have this name."""
    taken = iskeyword(name) or name.startswith("_") or name in BUILTINS or name == "math"
    return name.isidentifier() and not taken


def _bound(target: ast.expr) -> Iterator[str]:
    """The names of a loop."""
    if isinstance(target, ast.Name) and is_free(target.id):
        yield target.id
    elif isinstance(target, ast.Tuple):
        for inner in target.elts:
            yield from _bound(inner)
    else:
        raise PropertyRefusedError("A loop goes over plain names.")


def _check_constant(node: ast.Constant) -> None:
    value = node.value
    is_small = (
        value is None
        or (isinstance(value, int | float) and abs(value) <= _WIDEST)
        or (isinstance(value, str) and len(value) <= _LONGEST_TEXT)
    )
    if not is_small:
        raise PropertyRefusedError("The expression holds a constant that is too large, or odd.")
