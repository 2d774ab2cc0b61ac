"""Whose name counts where code and tests bring a module of one name.

What tests hold themselves they mean to import from themselves, and they ask the code only for
what they do not hold.  A run finds the code's modules first, as it must where tests hold a copy
of the code that they test; so code in which a name is doubtful is refused before it is run.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from fractal_rmo.domain.source import SourceTree

RUNNERS = frozenset(("pytest", "_pytest", "pluggy", "iniconfig", "hypothesis"))
TOOLS = RUNNERS | {"conftest", "sitecustomize", "usercustomize"}
"""Names by which a module would change how tests are run."""
Name = tuple[str, ...]
"""A module's dotted name, or a folder's, in its parts."""


def doubtful_name(code: SourceTree, given: SourceTree, tests: SourceTree) -> str:
    """Why a file of ``code`` is not clearly meant by its name, in a sentence; "" where all are.

    ``given`` is the code that came with the tests.  A file of it may have the name of one of the
    tests where both came alike: the tests hold a copy of what they test, and the code's counts.
    A file that was not given may take no name that the tests mean otherwise.
    """
    theirs = _Tests(tests)
    brought = {name[0] for path in code.files for name in _names(path)}
    for path, text in code.files.items():
        for name in _names(path):
            if path in given.files:
                why = theirs.why_not_given(path, name, (given.files[path], text))
            else:
                why = theirs.why_not_new(path, name, text, brought)
            if why:
                return f"'{path}' {why}"
    return ""


@dataclass(frozen=True)
class _Tests:
    """The names by which tests find their own modules, and what they import."""

    tree: SourceTree

    def why_not_given(self, path: str, name: Name, texts: Collection[str]) -> str:
        """How a given file is in the way of another one that the tests hold."""
        if path.endswith(".py") and name[0] in RUNNERS:
            return f"would take the place of '{name[0]}', by which tests are run."
        own = self._beside.get(name, "")
        is_meant = any(asked[: len(name)] == name for asked in self._asked)
        if not self._says_something(own) or not is_meant or self.tree.files[own] in texts:
            return ""
        module = ".".join(name)
        return f"and '{own}' of the tests are both '{module}', and differ: rename one of them."

    def why_not_new(self, path: str, name: Name, text: str, brought: Collection[str]) -> str:
        """How a file that was not given is in the way; ``brought`` are the code's own names."""
        if path.endswith(".py"):
            if name[0] in TOOLS:
                return f"would take the place of '{name[0]}', by which tests are run."
            if own := self._hidden_by(path, name, text):
                return f"would hide '{own}' of the tests."
            if self._means_pythons(name[0], brought):
                return f"would hide the module '{name[0]}' of Python."
        for end in range(1, len(name) + 1):
            folder = name[:end]
            if folder in self._folders and not self._asks_code_for(folder):
                return f"would lie in the folder '{'/'.join(folder)}' of the tests."
        return ""

    @cached_property
    def _own(self) -> Mapping[Name, str]:
        """Paths by every name that a run finds them by."""
        return self._seen_from(path for path, _ in self.tree.python_files())

    @cached_property
    def _beside(self) -> Mapping[Name, str]:
        """Paths by the names that plain pytest finds them by, from where its test files lie."""
        return self._seen_from(path for path, _ in self.tree.python_files() if _is_run(path))

    def _seen_from(self, files: Iterable[str]) -> Mapping[Name, str]:
        bases = {(), *(self._base(path) for path in files)}
        return {
            _module(path)[len(base) :]: path
            for base in sorted(bases, reverse=True)
            for path, _ in self.tree.python_files()
            if tuple(path.split("/"))[: len(base)] == base
        }

    def _base(self, path: str) -> Name:
        """The folder from which a file is imported: the first one above that is no package."""
        base = tuple(path.split("/")[:-1])
        while base and f"{'/'.join(base)}/__init__.py" in self.tree.files:
            base = base[:-1]
        return base

    @cached_property
    def _folders(self) -> Collection[Name]:
        packages = {name for name, path in self._own.items() if _is_package(path)}
        return packages | {name[:end] for name in self._own for end in range(1, len(name))}

    @cached_property
    def _asked(self) -> Collection[Name]:
        """What they import: modules, and what may be one or lie in one."""
        return {
            name
            for path, text in self.tree.python_files()
            for node in _walk(text)
            for name in _imported(node, path)
        }

    def _asks_code_for(self, folder: Name) -> bool:
        """Whether they import something of this folder that they do not hold."""
        below = (name for name in self._asked if name[: len(folder)] == folder)
        return not all(self._holds(name) for name in below)

    def _holds(self, name: Name) -> bool:
        """Whether the name is a module of theirs, or something in one."""
        return any(self._says_something(self._own.get(n, "")) for n in (name, name[:-1]))

    def _says_something(self, own: str) -> bool:
        """Whether it is a file of theirs, and not just the mark of a package."""
        return bool(own and (not _is_package(own) or self.tree.files[own].strip()))

    def _hidden_by(self, path: str, name: Name, text: str) -> str:
        """The module of theirs whose place a new one would take; "" for none."""
        above = (self._own.get(name[:end], "") for end in range(1, len(name)))
        if hidden := next((own for own in above if own and not _is_package(own)), ""):
            return hidden
        own = self._own.get(name, "")
        if self._says_something(own) and self.tree.files[own] != text:
            return own
        below = (own for n, own in self._own.items() if n[: len(name)] == name and n != name)
        return "" if _is_package(path) else next(below, "")

    def _means_pythons(self, module: str, brought: Collection[str]) -> bool:
        """Whether they import it beside other modules of the code: those are what they test."""
        asked = {name[0] for name in self._asked if name and not self._holds(name)}
        return module in asked & sys.stdlib_module_names and bool(
            asked & set(brought) - sys.stdlib_module_names
        )


def _names(path: str) -> Iterator[Name]:
    """The names by which a file of the code is found."""
    name = _module(path)
    if name:
        yield name
    if name[0:1] == ("src",) and len(name) > 1:
        yield name[1:]


def _module(path: str) -> Name:
    parts = tuple(path.removesuffix(".py").split("/"))
    return parts[:-1] if _is_package(path) else parts


def _is_run(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name == "conftest.py" or name.startswith("test_") or name.endswith("_test.py")


def _is_package(path: str) -> bool:
    return path.rpartition("/")[2] == "__init__.py"


def _walk(text: str) -> Iterator[ast.AST]:
    with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        yield from ast.walk(ast.parse(text.removeprefix("\ufeff")))


def _imported(node: ast.AST, path: str) -> Iterator[Name]:
    if isinstance(node, ast.Import):
        yield from (tuple(alias.name.split(".")) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        package = tuple(path.split("/"))[: -node.level] if node.level else ()
        module = (*package, *(node.module.split(".") if node.module else ()))
        yield from ((*module, alias.name) for alias in node.names)
