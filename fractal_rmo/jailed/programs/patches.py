"""Mutants and controls as code that waits to take a function's place.

A file is read and parsed once.  Of a mutant only the definition that it
changes is parsed and compiled, at the lines where it stands, so that nothing
but the mutant tells its code from the function's own.
"""

from __future__ import annotations

import ast
import random
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.programs.disguising import disguised

_Def = ast.FunctionDef | ast.AsyncFunctionDef
_Placed = tuple[ast.ClassDef | None, _Def]
_NEWLINE = re.compile(r"\r\n?|\n")


@dataclass(frozen=True)
class Patch:
    """What a function is to be: its code, and the arguments with the defaults it writes out.

    ``text`` is the file with it, for an import that is still to come; None
    where such an import may read the file as it is.
    """

    path: str
    function: str
    code: CodeType
    args: ast.arguments
    text: str | None


class Patches:
    """Makes patches of the files of the code."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._files: dict[str, _File] = {}

    def mutant(self, mutant: Mapping[str, Any], disguise: random.Random | None = None) -> Patch:
        """The function with an edit of ``make_mutants`` in it.

        A ``disguise`` makes the bytecode another that does the same: see
        ``disguising``.  Raises ``LookupError`` when the file has no such
        function, and what compiling raises.
        """
        file = self._file(mutant["path"])
        return file.patch(mutant, file.placed(mutant), disguise, mutated(file.text, mutant))

    def control(self, mutant: Mapping[str, Any], disguise: random.Random) -> Patch:
        """The mutant's function as it is, in other bytecode that does the same.

        What behaves otherwise after that looks at itself.
        """
        file = self._file(mutant["path"])
        nothing = {**mutant, "end": mutant["start"], "text": ""}
        return file.patch(mutant, file.placed(nothing), disguise, None)

    def _file(self, path: str) -> _File:
        if path not in self._files:
            self._files[path] = _File(self._box.code / path)
        return self._files[path]


def mutated(text: str, mutant: Mapping[str, Any]) -> str:
    """The text of the file with the edit in it."""
    replacement: str = mutant["text"]
    return text[: mutant["start"]] + replacement + text[mutant["end"] :]


class _File:
    """One file, parsed once."""

    def __init__(self, file: Path) -> None:
        self.text = file.read_bytes().decode("utf-8").removeprefix("\ufeff")
        self._name = str(file)
        self._tree = _parsed(self.text)
        self._starts = [0, *(found.end() for found in _NEWLINE.finditer(self.text))]
        self._futures = [s for s in self._tree.body if _is_future(s)]
        self._with_cell: dict[tuple[str, int], bool] = {}

    def placed(self, mutant: Mapping[str, Any]) -> _Placed:
        """The class, if any, and the mutated definition, at their lines."""
        owner, node = _found(self._tree, mutant)
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        begin, end = self._starts[first - 1], len(self.text)
        if node.end_lineno and node.end_lineno < len(self._starts):
            end = self._starts[node.end_lineno]
        if not begin <= mutant["start"] <= mutant["end"] <= end:  # only the whole file tells
            return _found(_parsed(mutated(self.text, mutant)), mutant)
        edit = {**mutant, "start": mutant["start"] - begin, "end": mutant["end"] - begin}
        head = "\n" * (first - 1)
        if owner:
            head = "\n" * (first - 2) + f"class {owner.name}:\n"
        return _found(_parsed(head + mutated(self.text[begin:end], edit)), mutant)

    def patch(
        self,
        mutant: Mapping[str, Any],
        placed: _Placed,
        disguise: random.Random | None,
        text: str | None,
    ) -> Patch:
        """The definition compiled, in a disguise where one is given."""
        owner, node = placed
        if disguise:
            disguised(node, disguise)
        if self._has_class_cell(mutant):
            _keep_class_cell(node)
        code = self._compiled(mutant, owner, node)
        return Patch(mutant["path"], mutant["function"], code, node.args, text)

    def _has_class_cell(self, mutant: Mapping[str, Any]) -> bool:
        """Whether the function as it is refers to its class without naming it."""
        key = mutant["function"], mutant["line"]
        if key not in self._with_cell:
            code = self._compiled(mutant, *_found(self._tree, mutant))
            self._with_cell[key] = "__class__" in code.co_freevars
        return self._with_cell[key]

    def _compiled(
        self, mutant: Mapping[str, Any], owner: ast.ClassDef | None, node: _Def
    ) -> CodeType:
        body = [*self._futures, _shell(owner, node)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = compile(ast.Module(body, []), self._name, "exec", dont_inherit=True)
        return next(c for c in codes_in(module) if c.co_qualname == mutant["function"])


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """The code objects that a code object makes functions of, however deep."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from codes_in(constant)


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _found(tree: ast.Module, mutant: Mapping[str, Any]) -> _Placed:
    """The class, if any, and the definition that the mutant changes; raises ``LookupError``."""
    for owner, definition in _definitions(tree):
        name = f"{owner.name}.{definition.name}" if owner else definition.name
        if definition.lineno == mutant["line"] and name == mutant["function"]:
            return owner, definition
    raise LookupError(f"no {mutant['function']} at line {mutant['line']}")


def _definitions(tree: ast.Module) -> Iterator[_Placed]:
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
