"""The security analyzer: bandit, in-process."""

from __future__ import annotations

import io
import logging
from functools import lru_cache
from typing import Any

from fractal_rmo.analysis.items import item
from fractal_rmo.analysis.reading import parse, snippet_at
from fractal_rmo.domain.action import ActionItem, Priority
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole, Finding, Severity
from fractal_rmo.domain.source import SourceTree

ROLE = AnalyzerRole.SECURITY
_NOISE = frozenset({"B101"})
"""``assert`` is how tests speak, and no risk in itself."""


def analyze(tree: SourceTree, _tests: SourceTree) -> AnalysisReport:
    """Report risks; suppression comments have no effect."""
    findings = [
        finding
        for path, text in tree.python_files()
        if parse(text) is not None
        for finding in _risks(path, text)
    ]
    return AnalysisReport(
        ROLE,
        confidence=0.8,
        findings=tuple(findings),
        recommendations=tuple(sorted({finding.message for finding in findings})),
        action_items=tuple(_review(f) for f in findings if f.severity is Severity.HIGH),
        metrics={"risks": len(findings)},
    )


def _review(finding: Finding) -> ActionItem:
    place = f"{finding.path}:{finding.line}"
    return item(
        "review_security", Priority.HIGH, ROLE, finding.message, rule=finding.rule, place=place
    )


@lru_cache(maxsize=1)
def _settings() -> Any:
    """Bandit's settings; what its loader says of optional plugins is nobody's concern here."""
    for name in ("bandit", "stevedore"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    from bandit.core.config import BanditConfig

    return BanditConfig()


def _risks(path: str, text: str) -> list[Finding]:
    from bandit.core.manager import BanditManager

    manager = BanditManager(_settings(), "file", quiet=True)
    manager.ignore_nosec = True
    # the public way reads from the disk; this is the same step on text in memory
    manager._parse_file("code.py", io.BytesIO(text.encode()), ["code.py"])  # pylint: disable=protected-access
    return [_finding(path, text, issue) for issue in manager.results if issue.test_id not in _NOISE]


def _finding(path: str, text: str, issue: Any) -> Finding:
    return Finding(
        ROLE,
        Severity(issue.severity.lower()) if issue.severity != "UNDEFINED" else Severity.INFO,
        issue.test_id,
        issue.text.splitlines()[0],
        "bandit",
        path,
        issue.lineno,
        issue.col_offset + 1,
        snippet_at(text, issue.lineno),
    )
