"""Source files as the analyzers read them: parsed once, with snippets."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from fractal_rmo.domain.finding import AnalyzerRole, Finding, Severity
from fractal_rmo.domain.source import SourceTree

Function = ast.FunctionDef | ast.AsyncFunctionDef
Scope = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_SNIPPET = 120
_KEPT_CHARS = 65_536
"""Larger files are parsed anew each time: a tree takes some fifty times its text in memory."""
MAX_CHARS = 250_000
"""Only the syntax of larger files is checked: data or generated code, half a minute a megabyte."""
_LINE_END = re.compile(r"\r\n|\r|\n")
_UNSTORABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Parsed:
    """A file that parses."""

    path: str
    text: str
    tree: ast.Module

    def finding(
        self,
        role: AnalyzerRole,
        node: ast.AST,
        rule: str,
        message: str,
        severity: Severity = Severity.LOW,
        tool: str = "ast",
    ) -> Finding:
        """A finding at a node, with its line as the snippet; the column is 1-based."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        return Finding(
            role, severity, rule, message, tool, self.path, line, column,
            snippet_at(self.text, line),
        )  # fmt: skip

    def functions(self) -> Iterator[Function]:
        """Every function and method."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def scopes(self) -> Iterator[Scope]:
        """The module, then every function and method."""
        yield self.tree
        yield from self.functions()

    def methods(self) -> frozenset[int]:
        """``id`` of the functions that stand directly in a class."""
        classes = (node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))
        return frozenset(id(child) for node in classes for child in node.body)


def snippet_at(text: str, line: int) -> str:
    """The 1-based line without its indentation, printable, at most 120 characters."""
    lines = _lines(text)
    return printable(lines[line - 1].strip()[:_SNIPPET]) if 0 < line <= len(lines) else ""


@lru_cache(maxsize=4)
def _lines(text: str) -> list[str]:
    # not splitlines(): that also ends a line at form feeds, where Python's own count goes on
    return _LINE_END.split(text)


def printable(text: str) -> str:
    """The text with control characters and lone surrogates as ``?``.

    A tool quotes the *value* of a literal, so a message can hold what no source
    file can; PostgreSQL's ``jsonb`` refuses both.
    """
    return _UNSTORABLE.sub("?", text)


def source_files(tree: SourceTree) -> Iterator[tuple[str, str]]:
    """(path, text) of the Python files, without the byte-order mark that Python skips too."""
    return ((path, text.removeprefix("\ufeff")) for path, text in tree.python_files())


def parsed_files(tree: SourceTree) -> list[Parsed]:
    """The files that parse; what the others hold is the syntax analyzer's to say."""
    found = (
        (path, text, parse(text)) for path, text in source_files(tree) if len(text) <= MAX_CHARS
    )
    return [Parsed(path, text, module) for path, text, module in found if module is not None]


def parse(text: str) -> ast.Module | None:
    """The module's tree, or None; the analyzers of one process share the parse."""
    return _parse_and_keep(text) if len(text) <= _KEPT_CHARS else _parse(text)


def _parse(text: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


_parse_and_keep = lru_cache(maxsize=32)(_parse)


def own_nodes(scope: Scope) -> Iterator[ast.AST]:
    """The nodes of a scope without those of the functions and classes inside it."""
    waiting: list[ast.AST] = list(reversed(scope.body))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, SCOPES):
            waiting.extend(reversed([*ast.iter_child_nodes(node)]))


def bounded(role: AnalyzerRole, file: Parsed, found: Iterator[Finding]) -> Iterator[Finding]:
    """The findings up to where a rule meets nesting deeper than Python's own stack.

    Generated code can hold a thousand ``elif``; it costs the rest of one
    file's findings, not the report.
    """
    try:
        yield from found
    except RecursionError:
        message = "The code nests too deeply to be looked at in full."
        yield file.finding(role, file.tree, "too-deep", message, Severity.INFO)
