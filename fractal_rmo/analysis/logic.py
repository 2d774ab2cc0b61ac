"""The logic analyzer: complexity, and flow that can hardly be meant."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from fractal_rmo.analysis.items import item
from fractal_rmo.analysis.reading import Function, Parsed, own_nodes, parsed_files
from fractal_rmo.domain.action import Priority
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole, Finding, Severity
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.source import SourceTree

ROLE = AnalyzerRole.LOGIC
COMPLEX = 15
"""Cognitive complexity above which a function is reported (SonarSource's default)."""
_ENDS = (ast.Return, ast.Raise, ast.Break, ast.Continue)


def analyze(tree: SourceTree, tests: SourceTree) -> AnalysisReport:
    """Report suspicious flow; the metrics hold each function's complexity."""
    files = parsed_files(tree)
    findings = [finding for file in files for finding in _flow(file)]
    complexity = {file.path: _complexity(file) for file in files}
    findings += [finding for file in files for finding in _too_complex(file, complexity)]
    suspects: list[Json] = [f"{f.path}:{f.line}" for f in findings if f.severity != Severity.INFO]
    repair = item("repair", Priority.HIGH, ROLE, "Make the failing tests pass.", suspects=suspects)
    check = item(
        "validate", Priority.MEDIUM, ROLE, "Only execution proves.", tests=list(tests.files)
    )
    return AnalysisReport(
        ROLE,
        confidence=0.7 if files else 0.2,
        findings=tuple(findings),
        action_items=(repair, check),
        metrics={"complexity": complexity},
    )


def _complexity(file: Parsed) -> dict[str, Json]:
    """Cognitive (complexipy) and cyclomatic (lizard) complexity by function."""
    import complexipy
    import lizard

    cognitive = {f.name: f.complexity for f in complexipy.code_complexity(file.text).functions}
    measured = lizard.analyze_file.analyze_source_code("code.py", file.text)
    cyclomatic = {f.name: f.cyclomatic_complexity for f in measured.function_list}
    return {
        name: {"cognitive": value, "cyclomatic": cyclomatic.get(name.rpartition("::")[2], 1)}
        for name, value in cognitive.items()
    }


def _too_complex(file: Parsed, complexity: dict[str, dict[str, Json]]) -> Iterator[Finding]:
    for function in file.functions():
        found = complexity[file.path].get(function.name)
        value = found.get("cognitive") if isinstance(found, dict) else 0
        if isinstance(value, int) and value > COMPLEX:
            message = f"'{function.name}' has a cognitive complexity of {value} (over {COMPLEX})."
            yield file.finding(ROLE, function, "complexity", message, Severity.INFO, "complexipy")


def _flow(file: Parsed) -> Iterator[Finding]:
    for function in file.functions():
        yield from _mutable_defaults(file, function)
        yield from _mixed_returns(file, function)
        yield from _endless_recursion(file, function)
    yield from _unreachable(file)


def _mutable_defaults(file: Parsed, function: Function) -> Iterator[Finding]:
    defaults = [*function.args.defaults, *filter(None, function.args.kw_defaults)]
    for default in defaults:
        if isinstance(default, ast.List | ast.Dict | ast.Set):
            message = f"A default of '{function.name}' is shared by all its calls."
            yield file.finding(ROLE, default, "mutable-default", message, Severity.MEDIUM)


def _mixed_returns(file: Parsed, function: Function) -> Iterator[Finding]:
    """Some paths return a value, and the end of the function is reached without one."""
    nodes = list(own_nodes(function))
    generator = any(isinstance(node, ast.Yield | ast.YieldFrom) for node in nodes)
    valued = any(isinstance(node, ast.Return) and node.value is not None for node in nodes)
    if valued and not generator and not always_ends(function.body):
        message = f"'{function.name}' returns a value on some paths and None at its end."
        yield file.finding(ROLE, function, "missing-return", message, Severity.MEDIUM)


def always_ends(body: list[ast.stmt]) -> bool:
    """Whether control cannot run past the last statement of a body."""
    if not body:
        return False
    last = body[-1]
    match last:
        case ast.Return() | ast.Raise():
            return True
        case ast.If():
            return always_ends(last.body) and always_ends(last.orelse)
        case ast.With() | ast.AsyncWith():
            return always_ends(last.body)
        case ast.Try():
            handled = all(always_ends(handler.body) for handler in last.handlers)
            return always_ends(last.finalbody) or (
                handled and (always_ends(last.body) or always_ends(last.orelse))
            )
        case ast.While():
            forever = isinstance(last.test, ast.Constant) and bool(last.test.value)
            return forever and not any(isinstance(n, ast.Break) for n in ast.walk(last))
        case ast.Match():
            return _covers_all(last) and all(always_ends(case.body) for case in last.cases)
    return False


def _covers_all(statement: ast.Match) -> bool:
    last = statement.cases[-1]
    return last.guard is None and isinstance(last.pattern, ast.MatchAs) and not last.pattern.pattern


def _endless_recursion(file: Parsed, function: Function) -> Iterator[Finding]:
    """The first statements call the function itself before anything can end it."""
    for statement in function.body:
        if isinstance(statement, ast.If | ast.Try | ast.Match | ast.For | ast.While):
            return
        calls = [n for n in ast.walk(statement) if isinstance(n, ast.Call)]
        conditional = any(isinstance(n, ast.IfExp | ast.BoolOp) for n in ast.walk(statement))
        for call in calls:
            named = isinstance(call.func, ast.Name) and call.func.id == function.name
            if named and not conditional and not isinstance(statement, ast.FunctionDef):
                message = f"'{function.name}' calls itself before it can end."
                yield file.finding(ROLE, call, "no-base-case", message, Severity.HIGH)
                return


def _unreachable(file: Parsed) -> Iterator[Finding]:
    for node in ast.walk(file.tree):
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if not isinstance(body, list):
                continue
            for before, after in pairwise(body):
                if isinstance(before, _ENDS):
                    message = "This statement is never reached."
                    yield file.finding(ROLE, after, "unreachable", message, Severity.MEDIUM)
                    break
