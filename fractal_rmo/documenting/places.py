"""Where docstrings may be written: public functions and methods, and what stands there now."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.source import ParsedFile, parse

LONGEST = 262_144
"""Characters of a file that is looked at."""
READS_ITSELF = frozenset(
    (
        *("__doc__", "getdoc", "getcomments", "getsource", "getsourcelines", "_getframe"),
        *("currentframe", "settrace", "setprofile", "co_consts", "f_lineno", "tb_lineno"),
    )
)
"""Names by which code may read docstrings or its own lines, so that writing some would be seen."""


@dataclass(frozen=True, slots=True)
class Place:
    """A function at the top of a file, or a method of a class there; ``name`` is qualified."""

    file: ParsedFile
    name: str
    node: ast.FunctionDef

    @property
    def documented(self) -> str | None:
        """The docstring's value as it is, None where there is none."""
        return ast.get_docstring(self.node, clean=False)

    @property
    def is_open(self) -> bool:
        """Whether there is something to write: no docstring, or one without an example."""
        return ">>>" not in (self.documented or "")

    def __str__(self) -> str:
        return f"{self.file.path}, line {self.node.lineno}: {self.name}"


def places(code: SourceTree) -> Iterator[Place]:
    """Every public function and method of the code, in order of files and lines."""
    for path, text in code.python_files():
        if len(text) <= LONGEST and parse(text) is not None:
            yield from _of_file(ParsedFile(path, text))


def reads_itself(code: SourceTree) -> str:
    """The file whose code reads docstrings or its own lines; "" for none."""
    for path, text in code.python_files():
        tree = parse(text) if len(text) <= LONGEST else None
        for node in ast.walk(tree) if tree else ():
            names = (getattr(node, "attr", ""), getattr(node, "id", ""), getattr(node, "name", ""))
            if not READS_ITSELF.isdisjoint(map(str, names)):
                return path
    return ""


def _of_file(file: ParsedFile) -> Iterator[Place]:
    for node in file.tree.body:
        if isinstance(node, ast.FunctionDef) and _is_public(node.name):
            yield Place(file, node.name, node)
        elif isinstance(node, ast.ClassDef) and _is_public(node.name):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and _is_public(inner.name):
                    yield Place(file, f"{node.name}.{inner.name}", inner)


def _is_public(name: str) -> bool:
    return not name.startswith("_")
