"""One file of the code as the rules see it, with what they ask about its surroundings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
        "f_locals", "f_lineno", "f_code", "f_back", "extract_stack", "gi_frame", "cr_frame",
        "tb_lineno", "tb_frame", "__code__",
    }
)  # fmt: skip
"""Code that looks at itself or at who called it may tell any two texts apart, in any file."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class View:
    """``code`` are the trees of all files of the code, ``others`` of all files but this one.

    Those of the tests are among the others; None stands for a file that is too
    long to be read or does not parse.
    """

    file: ParsedFile
    code: Sequence[ast.Module | None]
    others: Sequence[ast.Module | None]

    @cached_property
    def graph(self) -> Mapping[str, set[str]] | None:
        """What each function and class of the code may call, by name; None where unknown."""
        read = [tree for tree in self.code if tree is not None]
        return calls(read) if len(read) == len(self.code) else None

    @cached_property
    def elsewhere(self) -> frozenset[str] | None:
        """Names that other files could take from this one; None where that is unknown."""
        return _taken(self.others)

    @cached_property
    def words(self) -> set[str]:
        """All names and attributes of this file."""
        return words(self.file.tree)

    @cached_property
    def bound(self) -> frozenset[str]:
        """Names that this file binds anywhere."""
        return frozenset(bindings(self.file.tree))

    @cached_property
    def dynamic(self) -> bool:
        """Whether any name may be used without being written, or come from a star import."""
        ways = {"*", "globals", "locals", "vars", "dir", "eval", "exec", "__dict__"}
        return not ways.isdisjoint(self.words)

    def is_builtin(self, name: str) -> bool:
        """Whether a name means what Python means by it."""
        return name not in self.bound and "*" not in self.bound

    def indent(self, node: ast.stmt) -> str:
        """The white space before a statement."""
        start = self.file.span(node)[0]
        return self.file.text[start - len(_last_line(self.file.text[:start])) : start]


def views(code: SourceTree, tests: SourceTree) -> Iterator[View]:
    """Every file that may be edited, in order of paths; none of code that looks at itself."""
    trees = {("code", path): _tree(text) for path, text in code.python_files()}
    trees |= {("tests", path): _tree(text) for path, text in tests.python_files()}
    ours = [tree for (room, _), tree in trees.items() if room == "code"]
    if not _INTROSPECTION.isdisjoint(words(*filter(None, ours))):
        return
    for path, text in code.python_files():
        if trees["code", path]:
            others = [tree for key, tree in trees.items() if key != ("code", path)]
            yield View(ParsedFile(path, text), ours, others)


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
