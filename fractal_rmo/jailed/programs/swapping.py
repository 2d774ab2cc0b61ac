"""Putting a mutant in the place of a living function.

The function object stays: only its code and, where the mutant is in them, its
defaults are exchanged.  So whoever holds it, a test module among them, meets
the mutant, under the same name, file and first line as before.
"""

# pylint: disable=unidiomatic-typecheck  # asking for more would run code of the object

from __future__ import annotations

import ast
import gc
import importlib.machinery
import random
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.programs.disguising import disguised

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

    def swap(self, mutant: Mapping[str, Any], disguise: random.Random | None = None) -> None:
        """Make the mutant (an edit of ``make_mutants``) what the code does from now on.

        A file that was not imported yet will be read as mutated.  Raises
        ``LookupError`` when the file has no such function.  A ``disguise``
        makes the bytecode another that does the same: see ``disguising``.
        """
        text = mutated(self._text(mutant), mutant)
        if not self._living(mutant):
            _read_as(str(self._box.code / mutant["path"]), text)
            return
        self._put(mutant, _tree(text), disguise)

    def swap_alike(self, mutant: Mapping[str, Any], disguise: random.Random) -> None:
        """Give the mutant's function other bytecode that does the same: a control.

        What behaves otherwise after that looks at itself.  A file that was not
        imported yet stays as it is.
        """
        if self._living(mutant):
            self._put(mutant, _tree(self._text(mutant)), disguise)

    def _text(self, mutant: Mapping[str, Any]) -> str:
        path: str = mutant["path"]
        return (self._box.code / path).read_bytes().decode("utf-8").removeprefix("\ufeff")

    def _living(self, mutant: Mapping[str, Any]) -> list[FunctionType]:
        return self._found.get((mutant["path"], mutant["function"]), [])

    def _put(
        self, mutant: Mapping[str, Any], tree: ast.Module, disguise: random.Random | None
    ) -> None:
        living = self._living(mutant)
        owner, definition = _definition(tree, mutant)
        if disguise:
            disguised(definition, disguise)
        if any("__class__" in each.__code__.co_freevars for each in living):
            _keep_class_cell(definition)
        kept = [s for s in tree.body if _is_future(s)] + [_shell(owner, definition)]
        filename = str(self._box.code / mutant["path"])
        module = compile(ast.Module(kept, []), filename, "exec", dont_inherit=True)
        code = next(c for c in _codes(module) if c.co_qualname == mutant["function"])
        for each in living:
            if each.__code__.co_firstlineno == code.co_firstlineno:
                _exchange(each, definition, code)
        self._put_inner(mutant["path"], code)

    def _put_inner(self, path: str, code: CodeType) -> None:
        """Give functions that the old code made, at import, what the new one would make.

        Decorators leave such functions.  Several of one name on one line, as
        lambdas may be, cannot be told apart and stay.
        """
        inner = Counter((c.co_qualname, c.co_firstlineno) for c in _codes(code))
        for new in _codes(code):
            for each in self._found.get((path, new.co_qualname), ()):
                old = each.__code__
                same = old.co_freevars == new.co_freevars
                alone = inner[new.co_qualname, new.co_firstlineno] == 1
                if same and alone and old.co_firstlineno == new.co_firstlineno:
                    each.__code__ = new


def mutated(text: str, mutant: Mapping[str, Any]) -> str:
    """The text of the file with the edit in it."""
    replacement: str = mutant["text"]
    return text[: mutant["start"]] + replacement + text[mutant["end"] :]


def _tree(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _definition(tree: ast.Module, mutant: Mapping[str, Any]) -> tuple[ast.ClassDef | None, _Def]:
    """The class, if any, and the definition that the mutant changes; raises ``LookupError``."""
    for owner, definition in _definitions(tree):
        name = f"{owner.name}.{definition.name}" if owner else definition.name
        if definition.lineno == mutant["line"] and name == mutant["function"]:
            return owner, definition
    raise LookupError(f"no {mutant['function']} at line {mutant['line']}")


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
