"""The syntax analyzer: an outline of what parses, and every error of what does not."""

from __future__ import annotations

import ast

from fractal_rmo.analysis.items import item
from fractal_rmo.analysis.reading import parse, snippet_at
from fractal_rmo.domain.action import ActionItem, Priority
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole, Finding, Severity
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.source import SourceTree

ROLE = AnalyzerRole.SYNTAX
_MAX_ERRORS = 20


def analyze(tree: SourceTree, _tests: SourceTree) -> AnalysisReport:
    """Report syntax errors by place; the metrics hold the outline of each file."""
    findings: list[Finding] = []
    outline: dict[str, Json] = {}
    for path, text in tree.python_files():
        module = parse(text)
        if module is None:
            findings += errors(path, text)
        else:
            outline[path] = [*_outline(module)]
    return AnalysisReport(
        ROLE,
        confidence=1.0,
        findings=tuple(findings),
        recommendations=("Correct the syntax first.",) if findings else (),
        action_items=_actions(findings),
        metrics={"outline": outline, "files": len(tree)},
    )


def _actions(findings: list[Finding]) -> tuple[ActionItem, ...]:
    places: list[Json] = [f"{finding.path}:{finding.line}" for finding in findings]
    check = item("validate_syntax", Priority.HIGH, ROLE, "Everything rests on code that parses.")
    if not places:
        return (check,)
    reason = "The code does not parse."
    return check, item("repair_syntax", Priority.CRITICAL, ROLE, reason, places=places)


def errors(path: str, text: str) -> list[Finding]:
    """Every syntax error of a file: parso goes on where the compiler stops."""
    found = dict((*_tolerant(text), *_compiler(text)))  # the compiler's words win on its line
    return [
        Finding(ROLE, Severity.CRITICAL, "syntax", message, "parso", path, line, 1,
                snippet_at(text, line))
        for line, message in sorted(found.items())[:_MAX_ERRORS]
    ]  # fmt: skip


def _compiler(text: str) -> list[tuple[int, str]]:
    try:
        ast.parse(text)
    except SyntaxError as error:
        return [(error.lineno or 1, error.msg)]
    except (ValueError, RecursionError, MemoryError) as error:
        return [(1, f"cannot be parsed: {type(error).__name__}")]
    return []


def _tolerant(text: str) -> list[tuple[int, str]]:
    from parso.grammar import load_grammar

    try:
        grammar = load_grammar()
        issues = grammar.iter_errors(grammar.parse(text))
        return [(issue.start_pos[0], issue.message) for issue in issues]
    except (RecursionError, ValueError):
        return []


def _outline(module: ast.Module) -> list[str]:
    lines = []
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            lines.append(f"class {node.name} (line {node.lineno})")
            inner = [m for m in node.body if isinstance(m, ast.FunctionDef | ast.AsyncFunctionDef)]
            lines += [f"  def {method.name} (line {method.lineno})" for method in inner]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines.append(f"def {node.name} (line {node.lineno})")
    return lines
