"""The five analyzers by role.  A report that fails is a value, never an exception."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from fractal_rmo.analysis import dependency, logic, performance, security, syntax
from fractal_rmo.analysis.reading import printable
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole
from fractal_rmo.domain.source import SourceTree

Analyzer = Callable[[SourceTree, SourceTree], AnalysisReport]
ANALYZERS: Mapping[AnalyzerRole, Analyzer] = MappingProxyType(
    {
        AnalyzerRole.SYNTAX: syntax.analyze,
        AnalyzerRole.LOGIC: logic.analyze,
        AnalyzerRole.DEPENDENCY: dependency.analyze,
        AnalyzerRole.SECURITY: security.analyze,
        AnalyzerRole.PERFORMANCE: performance.analyze,
    }
)


def analyze(role: AnalyzerRole, tree: SourceTree, tests: SourceTree) -> AnalysisReport:
    """One role's report on the code; ``failed`` says why there is none."""
    try:
        return ANALYZERS[role](tree, tests)
    except Exception as error:  # noqa: BLE001 - a chord's header must never raise
        sentence = printable(f"{type(error).__name__}: {error}"[:500])
        return AnalysisReport(role, confidence=0.0, failed=sentence)


def warm() -> None:
    """Load the libraries that analyzers import on first use."""
    for text in ("def f(x):\n    return x\n", "def f(:\n"):  # parso reads only what is broken
        for role in AnalyzerRole:
            analyze(role, SourceTree({"probe.py": text}), SourceTree())
