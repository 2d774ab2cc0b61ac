"""The syntax analyzer: an outline of what is there, and every error of what does not parse."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from itertools import islice
from typing import Any

from fractal_rmo.analysis.items import item, places, worst_first
from fractal_rmo.analysis.reading import MAX_CHARS, parse, printable, snippet_at, source_files
from fractal_rmo.domain.action import ActionItem, Priority
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole, Finding, Severity
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.source import SourceTree

ROLE = AnalyzerRole.SYNTAX
_MAX_ERRORS = 20
_MAX_OUTLINE = 200
_MAX_TOLERANT = 100_000
"""Characters that parso reads; it is pure Python and takes seconds for a megabyte."""


def analyze(tree: SourceTree, _tests: SourceTree) -> AnalysisReport:
    """Report syntax errors by place; the metrics hold the outline of each file."""
    findings: list[Finding] = []
    outline: dict[str, Json] = {}
    for path, text in source_files(tree):
        findings += [*errors(path, text), *_size(path, text)]
        module = parse(text) if len(text) <= MAX_CHARS else None
        found = _broken_outline(text) if module is None else _outline(module)
        outline[path] = [*islice(found, _MAX_OUTLINE)]
    broken = [finding for finding in findings if finding.severity is Severity.CRITICAL]
    return AnalysisReport(
        ROLE,
        confidence=1.0,
        findings=tuple(worst_first(findings)),
        recommendations=("Correct the syntax first.",) if broken else (),
        action_items=_actions(tree, broken),
        metrics={
            "outline": outline,
            "files": len(tree),
            "broken": list[Json](sorted({finding.path for finding in broken})),
        },
    )


def _actions(tree: SourceTree, broken: list[Finding]) -> tuple[ActionItem, ...]:
    files = list[Json](path for path, _ in tree.python_files())
    reason = "Everything rests on code that parses."
    check = item("validate_syntax", Priority.HIGH, ROLE, reason, files=files)
    if not broken:
        return (check,)
    reason = "The code does not parse."
    return check, item("repair", Priority.CRITICAL, ROLE, reason, syntax=places(broken))


def errors(path: str, text: str) -> list[Finding]:
    """Every syntax error of a file, then the compiler's warnings, at most twenty of each.

    The compiler stops at its first error; parso goes on from there.
    """
    first, doubts = compiled(text)
    if first is None:
        return [_finding(path, text, doubt, "compiler", Severity.LOW) for doubt in doubts]
    more = [place for place in _tolerant(text) if place[0] != first[0]]
    found = [(first, "compiler"), *((place, "parso") for place in more)]
    return [_finding(path, text, place, tool) for place, tool in sorted(found)[:_MAX_ERRORS]]


def _size(path: str, text: str) -> list[Finding]:
    if len(text) <= MAX_CHARS:
        return []
    message = f"The file has {len(text):,} characters; beyond {MAX_CHARS:,} only syntax is checked."
    return [Finding(ROLE, Severity.INFO, "too-large", message, "size", path, 1)]


Place = tuple[int, int, str]
"""1-based line, 1-based column, message."""


def _finding(
    path: str, text: str, place: Place, tool: str, severity: Severity = Severity.CRITICAL
) -> Finding:
    line, column, message = place
    rule = "syntax" if severity is Severity.CRITICAL else "syntax-warning"
    snippet = snippet_at(text, line)
    return Finding(ROLE, severity, rule, printable(message), tool, path, line, column, snippet)


def compiled(text: str) -> tuple[Place | None, list[Place]]:
    """The compiler's error, if any, and its warnings.  Nothing is run.

    Compiling finds what parsing alone does not: ``return`` outside a function,
    two parameters of one name, ``nonlocal`` without a binding.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            compile(text, "code.py", "exec", dont_inherit=True)
        except SyntaxError as error:
            return (max(error.lineno or 1, 1), max(error.offset or 1, 1), error.msg), []
        except (ValueError, RecursionError, MemoryError, OverflowError) as error:
            return (1, 1, f"The compiler gives up: {type(error).__name__}."), []
    doubts = {(warned.lineno, 1, str(warned.message)) for warned in caught}
    return None, sorted(doubts)[:_MAX_ERRORS]


def _tolerant(text: str) -> list[Place]:
    module, grammar = _parso(text)
    if module is None:
        return []
    try:
        found = [(*issue.start_pos, issue.message) for issue in grammar.iter_errors(module)]
    except Exception:  # noqa: BLE001 - parso's normalizer fails on some junk, in many ways
        return []
    return [(line, column + 1, text.removeprefix("SyntaxError: ")) for line, column, text in found]


def _parso(text: str) -> tuple[Any, Any]:
    """The tree of parso, which bridges errors, and the grammar; (None, None) if there is none."""
    if len(text) > _MAX_TOLERANT:
        return None, None
    from parso.grammar import load_grammar

    grammar = load_grammar()
    try:
        # uncached: parso would otherwise keep every text of a long-lived worker
        return grammar.parse(text, cache=False), grammar
    except (RecursionError, ValueError):
        return None, None


def _outline(module: ast.Module) -> Iterator[str]:
    """Classes, their methods, and functions, each with its line."""
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            yield f"class {node.name} (line {node.lineno})"
            inner = [m for m in node.body if isinstance(m, ast.FunctionDef | ast.AsyncFunctionDef)]
            yield from (f"  def {method.name} (line {method.lineno})" for method in inner)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"def {node.name} (line {node.lineno})"


def _broken_outline(text: str) -> Iterator[str]:
    """What parso still recognises around the errors, in the same words."""
    module, _ = _parso(text)
    if module is None:
        return
    found = [*module.iter_classdefs(), *module.iter_funcdefs()]
    for node in sorted(found, key=lambda node: node.start_pos):
        kind = "class" if node.type == "classdef" else "def"
        yield f"{kind} {node.name.value} (line {node.start_pos[0]})"
        inner = node.iter_funcdefs() if kind == "class" else ()
        yield from (f"  def {m.name.value} (line {m.start_pos[0]})" for m in inner)
