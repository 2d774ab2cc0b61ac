"""Source files as the analyzers read them: parsed once, with snippets."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from fractal_rmo.domain.finding import AnalyzerRole, Finding, Severity
from fractal_rmo.domain.source import SourceTree

Function = ast.FunctionDef | ast.AsyncFunctionDef
_SNIPPET = 120


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
        """A finding at a node, with its line as the snippet."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        snippet = snippet_at(self.text, line)
        return Finding(role, severity, rule, message, tool, self.path, line, column, snippet)

    def functions(self) -> Iterator[Function]:
        """Every function and method."""
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                yield node


def snippet_at(text: str, line: int) -> str:
    """The 1-based line without its indentation, at most 120 characters."""
    lines = text.splitlines()
    return lines[line - 1].strip()[:_SNIPPET] if 0 < line <= len(lines) else ""


def parsed_files(tree: SourceTree) -> list[Parsed]:
    """The files that parse; what the others hold is the syntax analyzer's to say."""
    found = ((path, text, parse(text)) for path, text in tree.python_files())
    return [Parsed(path, text, module) for path, text, module in found if module is not None]


@lru_cache(maxsize=64)
def parse(text: str) -> ast.Module | None:
    """The module's tree, or None; five analyzers share one parse."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def own_nodes(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function without those of the functions and classes inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*_SCOPES, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
