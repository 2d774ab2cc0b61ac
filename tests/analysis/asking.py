"""One analyzer asked about a few lines of code."""

from __future__ import annotations

from fractal_rmo.analysis.swarm import analyze
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole
from fractal_rmo.domain.source import SourceTree


def ask(role: AnalyzerRole, text: str, **others: str) -> AnalysisReport:
    """The report on ``a.py`` (and ``name.py`` for the others), which must not have failed."""
    return ask_tree(role, {"a.py": text} | {f"{name}.py": code for name, code in others.items()})


def ask_tree(
    role: AnalyzerRole, files: dict[str, str], tests: dict[str, str] | None = None
) -> AnalysisReport:
    found = analyze(role, SourceTree(files), SourceTree(tests or {"test_a.py": "import a\n"}))
    assert found.failed == ""
    return found


def rules(found: AnalysisReport) -> list[tuple[str, int]]:
    return [(finding.rule, finding.line) for finding in found.findings]
