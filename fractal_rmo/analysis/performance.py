"""The performance analyzer: work that grows faster than it needs to."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fractal_rmo.analysis.items import item
from fractal_rmo.analysis.reading import Function, Parsed, own_nodes, parsed_files
from fractal_rmo.domain.action import Priority
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole, Finding
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.source import SourceTree

ROLE = AnalyzerRole.PERFORMANCE
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
DEEP = 3
"""Nested loops from this depth on are reported."""


def analyze(tree: SourceTree, _tests: SourceTree) -> AnalysisReport:
    """Report costly patterns; the metrics hold the loop depth of each function."""
    files = parsed_files(tree)
    findings = [finding for file in files for finding in _costs(file)]
    depths: dict[str, Json] = {
        f"{file.path}:{function.name}": loop_depth(function)
        for file in files
        for function in file.functions()
    }
    places: list[Json] = [f"{finding.path}:{finding.line}" for finding in findings]
    advice = item("optimise", Priority.LOW, ROLE, "Cheaper ways exist.", places=places)
    return AnalysisReport(
        ROLE,
        confidence=0.6,
        findings=tuple(findings),
        recommendations=tuple(sorted({finding.message for finding in findings})),
        action_items=(advice,) if findings else (),
        metrics={"loop_depth": depths},
    )


def loop_depth(node: ast.AST) -> int:
    """How deep loops are nested below a node; comprehensions count a loop for each ``for``."""
    own = int(isinstance(node, _LOOPS)) + len(getattr(node, "generators", ()))
    return own + max((loop_depth(child) for child in ast.iter_child_nodes(node)), default=0)


def _costs(file: Parsed) -> Iterator[Finding]:
    for function in file.functions():
        depth = loop_depth(function)
        if depth >= DEEP:
            message = f"Loops are nested {depth} deep."
            yield file.finding(ROLE, function, "nested-loops", message)
        lists = _lists(function)
        for loop in own_nodes(function):
            if isinstance(loop, _LOOPS):
                yield from _in_loop(file, loop, lists)


def _lists(function: Function) -> set[str]:
    """Names that the function binds to a list display or ``list(...)``."""
    found = set()
    for node in own_nodes(function):
        if isinstance(node, ast.Assign) and _is_list(node.value):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def _is_list(value: ast.expr) -> bool:
    called = isinstance(value, ast.Call) and isinstance(value.func, ast.Name)
    return isinstance(value, ast.List | ast.ListComp) or (called and _name(value) == "list")


def _name(value: ast.expr) -> str:
    return value.func.id if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) else ""


def _in_loop(file: Parsed, loop: ast.AST, lists: set[str]) -> Iterator[Finding]:
    for node in ast.walk(loop):
        match node:
            case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[ast.Name(id=name)]):
                if name in lists:
                    message = "A list is searched from its start in each turn of a loop."
                    yield file.finding(ROLE, node, "list-membership", message)
            case ast.AugAssign(op=ast.Add(), value=ast.Constant(value=str()) | ast.JoinedStr()):
                message = "A string is built piece by piece in a loop."
                yield file.finding(ROLE, node, "string-building", message)
            case ast.Call(func=ast.Attribute(attr="insert"), args=[ast.Constant(value=0), _]):
                message = "Inserting at the start of a list moves all of it."
                yield file.finding(ROLE, node, "insert-at-start", message)
