"""Putting a mutant in the place of a living function.

The function object stays: only its code and, where the mutant is in them, its
defaults are exchanged.  So whoever holds it, a test module among them, meets
the mutant, under the same name, file and first line as before.
"""

from __future__ import annotations

import ast
import gc
import importlib.machinery
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any

from fractal_rmo.jailed.layout import Box

_Def = ast.FunctionDef | ast.AsyncFunctionDef


class Functions:
    """The functions of the code that are alive, by file and qualified name."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._found: defaultdict[tuple[str, str], list[FunctionType]] = defaultdict(list)
        for thing in gc.get_objects():
            if type(thing) is FunctionType:
                path = box.code_path(thing.__code__.co_filename)
                if path:
                    self._found[path, thing.__code__.co_qualname].append(thing)

    def swap(self, mutant: Mapping[str, Any]) -> None:
        """Make the mutant (an edit of ``make_mutants``) what the code does from now on.

        A file that was not imported yet will be read as mutated.  Raises
        ``LookupError`` when the file has no such function.
        """
        path, function = mutant["path"], mutant["function"]
        file = self._box.code / path
        text = mutated(file.read_bytes().decode("utf-8").removeprefix("\ufeff"), mutant)
        living = self._found.get((path, function), ())
        if not living:
            _read_as(str(file), text)
            return
        in_cell = any("__class__" in each.__code__.co_freevars for each in living)
        node, code = _compiled(text, str(file), function, mutant["line"], in_cell)
        for each in living:
            if each.__code__.co_firstlineno == code.co_firstlineno:
                _exchange(each, node, code)


def mutated(text: str, mutant: Mapping[str, Any]) -> str:
    """The text of the file with the edit in it."""
    replacement: str = mutant["text"]
    return text[: mutant["start"]] + replacement + text[mutant["end"] :]


def _compiled(
    text: str, filename: str, function: str, line: int, in_cell: bool
) -> tuple[_Def, CodeType]:
    """The definition at ``line`` and its code, compiled without the rest of the file."""
    tree = ast.parse(text)
    for owner, definition in _definitions(tree):
        name = f"{owner.name}.{definition.name}" if owner else definition.name
        if definition.lineno == line and name == function:
            if in_cell:
                _keep_class_cell(definition)
            kept = [s for s in tree.body if _is_future(s)] + [_shell(owner, definition)]
            module = compile(ast.Module(kept, []), filename, "exec", dont_inherit=True)
            return definition, next(c for c in _codes(module) if c.co_qualname == function)
    raise LookupError(f"no {function} at line {line}")


def _definitions(tree: ast.Module) -> Iterator[tuple[ast.ClassDef | None, _Def]]:
    """(class or None, definition) for what mutants are made of."""
    for statement in tree.body:
        if isinstance(statement, _Def):
            yield None, statement
        elif isinstance(statement, ast.ClassDef):
            yield from ((statement, s) for s in statement.body if isinstance(s, _Def))


def _shell(owner: ast.ClassDef | None, definition: _Def) -> ast.stmt:
    """The definition in its class, without all else: only the class's name matters to its code."""
    if owner is None:
        return definition
    shell = ast.ClassDef(owner.name, bases=[], keywords=[], body=[definition], decorator_list=[])
    return ast.copy_location(shell, owner)


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _keep_class_cell(node: _Def) -> None:
    """Code can only be exchanged for code with as many free variables.

    So a mutant that lost its ``super()`` still names the class, where nothing runs.
    """
    never = ast.If(ast.Constant(False), [ast.Expr(ast.Name("__class__", ast.Load()))], [])
    node.body.append(ast.copy_location(ast.fix_missing_locations(never), node.body[-1]))


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _exchange(function: FunctionType, node: _Def, code: CodeType) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a generator may have lost its yield
        function.__code__ = code
    if function.__defaults__:
        function.__defaults__ = tuple(map(_default, node.args.defaults, function.__defaults__))
    named = {a.arg: d for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)}
    if function.__kwdefaults__:
        function.__kwdefaults__ = {
            name: _default(named.get(name), value)
            for name, value in function.__kwdefaults__.items()
        }


def _default(node: ast.expr | None, present: object) -> object:
    """The default that a definition writes out; the present one where it is computed."""
    return node.value if isinstance(node, ast.Constant) else present


def _read_as(filename: str, text: str) -> None:
    """Let the import system find ``text`` in a file."""
    loader: Any = importlib.machinery.SourceFileLoader
    read: Callable[[Any, str], bytes] = loader.get_data

    def get_data(self: Any, path: str) -> bytes:
        return text.encode() if path == filename else read(self, path)

    loader.get_data = get_data
