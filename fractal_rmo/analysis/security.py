"""The security analyzer: bandit in-process, and patterns that it has no rule for."""

from __future__ import annotations

import io
import logging
import warnings
from functools import lru_cache
from typing import Any

from fractal_rmo.analysis.items import MAX_ITEMS, item, worst_first
from fractal_rmo.analysis.reading import Parsed, bounded, parsed_files, printable, snippet_at
from fractal_rmo.analysis.unsafe import unsafe
from fractal_rmo.domain.action import ActionItem, Priority
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole, Finding, Severity
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.source import SourceTree

ROLE = AnalyzerRole.SECURITY
_NOISE = frozenset({"B101"})
"""``assert`` is how tests speak, and no risk in itself."""
_PRIORITIES = {Severity.HIGH: Priority.HIGH, Severity.MEDIUM: Priority.MEDIUM}
_NOT_SCANNED = "not-scanned"


def analyze(tree: SourceTree, _tests: SourceTree) -> AnalysisReport:
    """Report risks; suppression comments have no effect."""
    raw = [finding for file in parsed_files(tree) for finding in risks(file)]
    findings = worst_first(raw)
    unseen = list[Json](f.path for f in findings if f.rule == _NOT_SCANNED)
    grave = [finding for finding in findings if finding.severity in _PRIORITIES]
    return AnalysisReport(
        ROLE,
        confidence=0.4 if unseen else 0.8,
        findings=tuple(findings),
        recommendations=tuple(sorted({finding.message for finding in grave})),
        action_items=tuple(_review(finding) for finding in grave[:MAX_ITEMS]),
        metrics={"risks": len(raw) - len(unseen), "by_severity": _count(raw), "unseen": unseen},
    )


def risks(file: Parsed) -> list[Finding]:
    """What bandit and the patterns say of one file."""
    return [*_by_bandit(file), *bounded(ROLE, file, unsafe(ROLE, file))]


def _count(findings: list[Finding]) -> dict[str, Json]:
    levels = [finding.severity for finding in findings if finding.rule != _NOT_SCANNED]
    return {level.value: levels.count(level) for level in Severity if level in levels}


def _review(finding: Finding) -> ActionItem:
    place, urgent = f"{finding.path}:{finding.line}", _PRIORITIES[finding.severity]
    return item("review_security", urgent, ROLE, finding.message, rule=finding.rule, place=place)


@lru_cache(maxsize=1)
def _bandit() -> Any:
    """Bandit's manager with all its tests loaded, which takes most of a short scan."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plugin loader uses what is deprecated
        from bandit.core.config import BanditConfig
        from bandit.core.manager import BanditManager

        # what it cannot scan is a finding of ours, not a line on standard error
        logging.getLogger("bandit").setLevel(logging.CRITICAL + 1)
        return BanditManager(BanditConfig(), "file", quiet=True)


def _by_bandit(file: Parsed) -> list[Finding]:
    """What the manager does with a file from the disk, done with a text in memory."""
    manager = _bandit()
    from bandit.core.node_visitor import BanditNodeVisitor

    data = file.text.encode()
    visitor = BanditNodeVisitor(
        "code.py", io.BytesIO(data), manager.b_ma, manager.b_ts, False, {}, manager.metrics
    )
    # Looking for suppression comments takes quadratic time on long literals, and we allow none.
    visitor.tester._get_nosecs_from_contexts = _no_suppression  # pylint: disable=protected-access
    try:
        visitor.process(data)
    except Exception as error:  # noqa: BLE001 - a plugin can stumble in any way; too deep is one
        message = f"Bandit could not scan the file: {type(error).__name__}."
        return [file.finding(ROLE, file.tree, _NOT_SCANNED, message, Severity.INFO, "bandit")]
    return [
        _finding(file, found) for found in visitor.tester.results if found.test_id not in _NOISE
    ]


def _no_suppression(_context: Any, test_result: Any = None) -> None:
    """No comment suppresses a test."""


def _finding(file: Parsed, issue: Any) -> Finding:
    level = issue.severity.lower()
    return Finding(
        ROLE,
        Severity(level) if level in set(Severity) else Severity.INFO,
        issue.test_id,
        printable(issue.text.partition("\n")[0])[:500],
        "bandit",
        file.path,
        issue.lineno,
        issue.col_offset + 1,
        snippet_at(file.text, issue.lineno),
    )
