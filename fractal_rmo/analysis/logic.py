"""The logic analyzer: complexity, flow that can hardly be meant, names that do not fit."""

from __future__ import annotations

from collections.abc import Iterator

from fractal_rmo.analysis.complexity import measure, too_complex
from fractal_rmo.analysis.flow import missing_return, unreachable
from fractal_rmo.analysis.items import MAX_FIGURES, item, places, worst_first
from fractal_rmo.analysis.names import (
    has_star_import,
    undefined,
    unused_imports,
    unused_variables,
)
from fractal_rmo.analysis.reading import Parsed, bounded, parsed_files
from fractal_rmo.analysis.recursion import no_base_case
from fractal_rmo.analysis.slips import slips
from fractal_rmo.domain.action import Priority
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole, Finding, Severity
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.source import SourceTree

ROLE = AnalyzerRole.LOGIC
_SUSPICIOUS = frozenset({Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM})


def analyze(tree: SourceTree, tests: SourceTree) -> AnalysisReport:
    """Report suspicious flow and names; the metrics hold each function's complexity."""
    files = parsed_files(tree)
    measured = {file.path: measure(file) for file in files}
    raw = [finding for file in files for finding in bounded(ROLE, file, _suspicions(file))]
    raw += [f for file in files for f in too_complex(ROLE, file, measured[file.path])]
    findings = worst_first(raw)
    suspects = places(finding for finding in findings if finding.severity in _SUSPICIOUS)
    reason = "Make the failing tests pass."
    proof = list[Json](tests.files)
    return AnalysisReport(
        ROLE,
        confidence=0.7 if files else 0.2,
        findings=tuple(findings),
        recommendations=tuple(sorted({f.message for f in findings if f.severity in _SUSPICIOUS})),
        action_items=(
            item("repair", Priority.HIGH, ROLE, reason, suspects=suspects),
            item("validate", Priority.MEDIUM, ROLE, "Only execution proves.", tests=proof),
        ),
        metrics={
            "complexity": {
                path: {found.name: found.as_json() for found in functions[:MAX_FIGURES]}
                for path, functions in measured.items()
            },
            "findings": len(raw),
        },
    )


def _suspicions(file: Parsed) -> Iterator[Finding]:
    methods = file.methods()
    for function in file.functions():
        yield from missing_return(ROLE, file, function)
        yield from no_base_case(ROLE, file, function, id(function) in methods)
        yield from unused_variables(ROLE, file, function)
    yield from unreachable(ROLE, file)
    yield from slips(ROLE, file)
    yield from unused_imports(ROLE, file)
    if not has_star_import(file.tree):
        yield from undefined(ROLE, file)
