"""Assertions out of evidence, taken apart and put together anew before anybody runs them.

What a level shows as an assertion holds text that a jail sent.  Here it becomes
a test of a person's own folder, so only these forms are let through: calls of
one named function of the code, with data, compared with data or expected to
raise.  What is returned is written anew from the tree: no comment, no hidden
character of the text is left.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from keyword import iskeyword

GIVEN = "given"
"""The variable in which an assertion keeps arguments, to look at them after the call."""
_RAISES = "raises "
_ODD_FLOATS = ("inf", "-inf")
_TROUBLE = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)


class NotATestError(Exception):
    """Why something cannot be written as a test, in a sentence."""


@dataclass(frozen=True, slots=True)
class Body:
    """What one test does, statement by statement."""

    statements: tuple[ast.stmt, ...]

    def text(self) -> str:
        """As Python writes it, one statement after another."""
        return "\n".join(ast.unparse(statement) for statement in self.statements)

    @property
    def expected(self) -> str:
        """The name of the exception that is expected, "" where an answer is."""
        last = self.statements[-1]
        return _name_of(_expected(last)) if isinstance(last, ast.With) else ""

    def corrected(self, right: str) -> Body:
        """The same call with another outcome: a literal, or ``raises NAME``.

        Raises ``NotATestError`` for what is neither.
        """
        *before, last = self.statements
        if right.startswith(_RAISES):
            name = right.removeprefix(_RAISES).strip()
            if not name.isidentifier():
                raise NotATestError(f"'{name}' is no name of an exception.")
            return Body((*before, _must_raise(name, _called(last))))
        value = _expression(right)
        if not is_data(value):
            raise NotATestError(f"'{right}' is neither a literal nor 'raises' with a name.")
        return Body((*before, must_equal(_called(last), value)))


def read_body(text: str, function: str) -> Body:
    """The assertion in a text, about a function (``f`` or ``C.f``); raises ``NotATestError``."""
    names = function.split(".")
    if not is_name(function):
        raise NotATestError("The function has no name that can be written.")
    try:
        statements = tuple(ast.parse(text).body)
    except _TROUBLE:
        statements = ()
    if not statements or not all(_is_allowed(statement, names) for statement in statements):
        raise NotATestError("The answer cannot be written as a literal.")
    return Body(tuple(map(_usual, statements)))


def is_name(function: str) -> bool:
    """Whether this is ``f`` or ``C.f``, in names that a program may use."""
    return all(part.isidentifier() and not iskeyword(part) for part in function.split("."))


def read_call(text: str) -> tuple[str, str, ast.Call]:
    """(module, function, the call under the function's own name) of ``module.function(data)``.

    Raises ``NotATestError``.
    """
    call = _expression(text)
    parts = _dotted(call.func) if isinstance(call, ast.Call) else []
    if not isinstance(call, ast.Call) or len(parts) < 2 or not _are_data(call):
        raise NotATestError("The call cannot be written with literals.")
    plain = ast.Call(ast.Name(parts[-1], ast.Load()), call.args, call.keywords)
    return ".".join(parts[:-1]), parts[-1], plain


def read_value(text: str) -> ast.expr:
    """A literal; raises ``NotATestError``."""
    value = _expression(text)
    if not is_data(value):
        raise NotATestError("The answer cannot be written as a literal.")
    return value


def must_equal(left: ast.expr, right: ast.expr) -> ast.stmt:
    """``assert left == right``."""
    return _usual(ast.Assert(ast.Compare(left, [ast.Eq()], [right]), None))


def must_be(name: str, value: ast.expr) -> ast.stmt:
    """``name = value``."""
    return ast.Assign([ast.Name(name, ast.Store())], value, lineno=0)


def is_builtin_exception(name: str) -> bool:
    """Whether Python knows this exception without an import."""
    found = getattr(builtins, name, None)
    return isinstance(found, type) and issubclass(found, BaseException)


def is_data(node: ast.expr) -> bool:
    """Whether an expression only makes data: literals, infinities and frozen sets."""
    try:
        ast.literal_eval(_Plain().visit(ast.parse(ast.unparse(node), mode="eval")))
    except _TROUBLE:
        return False
    return True


class _Plain(ast.NodeTransformer):
    """The two calls that Python writes for data, as literals."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """``float('inf')`` and ``frozenset({...})``; any other call stays and is refused."""
        self.generic_visit(node)
        name, values = _name_of(node.func), node.args
        if node.keywords or len(values) > 1:
            return node
        if name == "frozenset":
            return ast.Tuple([*values], ast.Load())
        one = values[0] if values else None
        odd = isinstance(one, ast.Constant) and one.value in _ODD_FLOATS
        return ast.Constant(0.0) if name == "float" and odd else node


def _usual(statement: ast.stmt) -> ast.stmt:
    """The statement as people write it: ``is None``."""
    match statement:
        case ast.Assert(test=ast.Compare(left=left, comparators=[ast.Constant(value=None)])):
            return ast.Assert(ast.Compare(left, [ast.Is()], [ast.Constant(None)]), None)
    return statement


def _must_raise(name: str, call: ast.expr) -> ast.stmt:
    raises = ast.Attribute(ast.Name("pytest", ast.Load()), "raises", ast.Load())
    expected = ast.Call(raises, [ast.Name(name, ast.Load())], [])
    return ast.With([ast.withitem(expected)], [ast.Expr(call)], lineno=0)


def _called(statement: ast.stmt) -> ast.expr:
    """What is called, or the variable that is looked at, in an allowed last statement."""
    if isinstance(statement, ast.Assert) and isinstance(statement.test, ast.Compare):
        return statement.test.left
    inner = statement.body[0] if isinstance(statement, ast.With) else statement
    if not isinstance(inner, ast.Expr):
        raise NotATestError("There is no answer in this that could be another.")
    return inner.value


def _is_allowed(statement: ast.stmt, names: Sequence[str]) -> bool:
    match statement:
        case ast.Assert(test=ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]), msg=None):
            return (_name_of(left) == GIVEN or _is_asked(left, names)) and is_data(right)
        case ast.With(items=[_], body=[ast.Expr(value=value)]):
            return _name_of(_expected(statement)).isidentifier() and _is_asked(value, names)
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name == GIVEN and is_data(value)
        case ast.Expr(value=value):
            return _is_asked(value, names)
    return False


def _expected(statement: ast.With) -> ast.expr | None:
    """The exception in ``with pytest.raises(...)``."""
    match statement.items:
        case [ast.withitem(context_expr=ast.Call(func=func, args=[one], keywords=[]))]:
            return one if _dotted(func) == ["pytest", "raises"] else None
    return None


def _is_asked(node: ast.expr, names: Sequence[str]) -> bool:
    """A call of the function, or all that a generator of it gives."""
    match node:
        case ast.Call(func=ast.Name(id="list"), args=[ast.Call() as inner], keywords=[]):
            return _is_call(inner, names)
    return _is_call(node, names)


def _is_call(node: ast.expr, names: Sequence[str]) -> bool:
    """``f(...)``, ``C.f(...)`` or ``C(...).f(...)``, each with data."""
    if not isinstance(node, ast.Call) or not _are_data(node):
        return False
    *owner, name = names
    if not owner:
        return _name_of(node.func) == name
    if not isinstance(node.func, ast.Attribute) or node.func.attr != name:
        return False
    made = node.func.value
    return _is_call(made, owner) or [_name_of(made)] == owner


def _are_data(call: ast.Call) -> bool:
    """Whether all arguments are data, or the variable that holds them."""
    named = all(keyword.arg and is_data(keyword.value) for keyword in call.keywords)
    return named and all(map(_is_argument, call.args))


def _is_argument(node: ast.expr) -> bool:
    return _name_of(node.value) == GIVEN if isinstance(node, ast.Starred) else is_data(node)


def _expression(text: str) -> ast.expr:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except _TROUBLE:
        raise NotATestError(f"'{text[:80]}' is no Python expression.") from None


def _name_of(node: ast.expr | None) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _dotted(node: ast.expr) -> list[str]:
    """The names of ``a.b.c``; [] for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [*reversed([*parts, node.id])] if isinstance(node, ast.Name) else []


def names_at_top(text: str) -> Iterable[str]:
    """The names that a module binds by ``class``, ``def`` or ``import``, not within others."""
    try:
        body = ast.parse(text.removeprefix("\ufeff")).body
    except _TROUBLE:
        return
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
