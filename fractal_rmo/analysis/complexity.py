"""How hard each function is to follow: cognitive and cyclomatic complexity."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from fractal_rmo.analysis.reading import Function, Parsed
from fractal_rmo.domain.finding import AnalyzerRole, Finding, Severity
from fractal_rmo.domain.jsonvalue import Json

COMPLEX = 15
"""Cognitive complexity above which a function is reported (SonarSource's default)."""
_MAX_MEASURED = 200_000
"""Characters; lizard is pure Python and takes seconds for a megabyte."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A function with what the tools say of it; None where a tool passes it over."""

    name: str
    node: Function
    cognitive: int | None
    cyclomatic: int | None
    lines: int

    def as_json(self) -> dict[str, Json]:
        """The figures that exist, for the metrics."""
        figures = {"cognitive": self.cognitive, "cyclomatic": self.cyclomatic, "lines": self.lines}
        return {name: value for name, value in figures.items() if value is not None}


def measure(file: Parsed) -> list[Measured]:
    """Every function and method of a file, by its qualified name.

    The tools are joined with the syntax tree by line, since their names differ
    and a file may hold a name twice.
    """
    cognitive, cyclomatic = _cognitive(file.text), _cyclomatic(file.text)
    return [
        Measured(
            name,
            node,
            cognitive.get(_first_line(node)),
            cyclomatic.get(node.lineno),
            (node.end_lineno or node.lineno) - node.lineno + 1,
        )
        for name, node in _named(file.tree)
    ]


def too_complex(role: AnalyzerRole, file: Parsed, measured: list[Measured]) -> Iterator[Finding]:
    """The functions above ``COMPLEX``."""
    for found in measured:
        if found.cognitive is not None and found.cognitive > COMPLEX:
            message = (
                f"'{found.name}' has a cognitive complexity of {found.cognitive} (over {COMPLEX})."
            )
            yield file.finding(role, found.node, "complexity", message, Severity.INFO, "complexipy")


def _cognitive(text: str) -> dict[int, int]:
    """The figure of complexipy by first line, decorators included; it has no inner functions."""
    import complexipy

    try:
        return {f.line_start: f.complexity for f in complexipy.code_complexity(text).functions}
    except ValueError:  # its parser refuses nesting and syntax that Python's accepts
        return {}


def _cyclomatic(text: str) -> dict[int, int]:
    """The figure of lizard by the line of the ``def``."""
    if len(text) > _MAX_MEASURED:
        return {}
    import lizard

    found = lizard.analyze_file.analyze_source_code("code.py", text).function_list
    return {f.start_line: f.cyclomatic_complexity for f in found}


def _first_line(node: Function) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _named(module: ast.Module) -> Iterator[tuple[str, Function]]:
    """(qualified name, function) of all functions, outer before inner."""
    waiting: list[tuple[str, ast.AST]] = [("", module)]
    while waiting:
        prefix, node = waiting.pop()
        inner = prefix
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{prefix}{node.name}."
            if not isinstance(node, ast.ClassDef):
                yield f"{prefix}{node.name}", node
        children = [(inner, child) for child in ast.iter_child_nodes(node)]
        waiting.extend(reversed(children))
