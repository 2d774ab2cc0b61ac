"""One file of the code as the rules see it, with what they ask about its surroundings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.source import ParsedFile, parse
from fractal_rmo.refactoring.scopes import bindings, calls, words

LONGEST = 65_536
"""Characters of a file that is looked at: every edit is followed by parsing it again."""
_INTROSPECTION = frozenset(
    {
        "_getframe", "currentframe", "getsource", "getsourcelines", "settrace", "setprofile",
        "f_locals", "f_lineno", "f_code", "gi_frame", "cr_frame", "tb_lineno", "tb_frame",
        "__code__",
    }
)  # fmt: skip
"""Code that looks at itself may tell any two texts apart."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class View:
    """``elsewhere`` holds the names that other files could take from this one.

    It is None where that is unknown.  ``graph`` says what each function of the code may call.
    """

    file: ParsedFile
    elsewhere: frozenset[str] | None
    graph: Mapping[str, set[str]]

    @cached_property
    def bound(self) -> frozenset[str]:
        """Names that this file binds anywhere."""
        return frozenset(bindings(self.file.tree))

    @cached_property
    def dynamic(self) -> bool:
        """Whether any name may be used without being written, or come from a star import."""
        used = words(self.file.tree)
        ways = {"*", "globals", "locals", "vars", "dir", "eval", "exec", "__dict__"}
        return not ways.isdisjoint(used)

    def is_builtin(self, name: str) -> bool:
        """Whether a name means what Python means by it."""
        return name not in self.bound and "*" not in self.bound

    def indent(self, node: ast.stmt) -> str:
        """The white space before a statement."""
        start = self.file.span(node)[0]
        return self.file.text[start - len(_last_line(self.file.text[:start])) : start]


def views(code: SourceTree, tests: SourceTree) -> Iterator[View]:
    """Every file that may be edited, in order of paths."""
    trees = {("code", path): _tree(text) for path, text in code.python_files()}
    trees |= {("tests", path): _tree(text) for path, text in tests.python_files()}
    graph = calls(tree for (room, _), tree in trees.items() if room == "code" and tree)
    for path, text in code.python_files():
        if len(text) > LONGEST or not trees["code", path]:
            continue
        file = ParsedFile(path, text)
        if _INTROSPECTION.isdisjoint(words(file.tree)):
            others = [tree for key, tree in trees.items() if key != ("code", path)]
            yield View(file, _taken(others), graph)


def _tree(text: str) -> ast.Module | None:
    return parse(text) if len(text) <= LONGEST else None


def _taken(trees: Iterable[ast.Module | None]) -> frozenset[str] | None:
    """Names that these files could mean as names of another: attributes, imports, texts."""
    found: set[str] = set()
    for tree in trees:
        if tree is None:
            return None
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.ImportFrom):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(_WORD.findall(node.value))
    return None if "*" in found else frozenset(found)


def _last_line(text: str) -> str:
    return re.split(r"[\r\n]", text)[-1]
