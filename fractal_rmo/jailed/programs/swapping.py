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
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.programs.patches import Patch, codes_in


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

    def swap(self, patch: Patch) -> None:
        """Make the patch what the code does from now on.

        A file that was not imported yet will be read as patched.
        """
        living = self._found.get((patch.path, patch.function), [])
        if living:
            for each in living:
                if each.__code__.co_firstlineno == patch.code.co_firstlineno:
                    _exchange(each, patch.args, patch.code)
            self._put_inner(patch.path, patch.code)
        elif patch.text is not None:
            _read_as(str(self._box.code / patch.path), patch.text)

    def _put_inner(self, path: str, code: CodeType) -> None:
        """Give functions that the old code made, at import, what the new one would make.

        Decorators leave such functions.  Several of one name on one line, as
        lambdas may be, cannot be told apart and stay.
        """
        codes = list(codes_in(code))
        inner = Counter((c.co_qualname, c.co_firstlineno) for c in codes)
        for new in codes:
            for each in self._found.get((path, new.co_qualname), ()):
                old = each.__code__
                same = old.co_freevars == new.co_freevars
                alone = inner[new.co_qualname, new.co_firstlineno] == 1
                if same and alone and old.co_firstlineno == new.co_firstlineno:
                    each.__code__ = new


def _exchange(function: FunctionType, args: ast.arguments, code: CodeType) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a generator may have lost its yield
        function.__code__ = code
    if function.__defaults__:
        function.__defaults__ = tuple(map(_default, args.defaults, function.__defaults__))
    named = {a.arg: d for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True)}
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
