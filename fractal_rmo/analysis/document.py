"""Reports as JSON in the specification's message format, and back without loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fractal_rmo.analysis.items import plain
from fractal_rmo.domain.action import ActionItem, Priority
from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.finding import (
    AnalysisReport,
    AnalyzerRole,
    Conflict,
    Finding,
    MergedAnalysis,
    Severity,
)

Document = Mapping[str, Any]
_Read = TypeVar("_Read")


def to_document(report: AnalysisReport, analyzer_id: str, task_id: str) -> dict[str, Any]:
    """``{"analyzer_id", "task_id", "analysis": {"confidence", "issues_found", ...}}``."""
    return {
        "analyzer_id": analyzer_id,
        "task_id": task_id,
        "analysis": {
            "role": report.role.value,
            "confidence": report.confidence,
            "issues_found": [_finding_out(finding) for finding in report.findings],
            "recommendations": list(report.recommendations),
            "action_items": [_item_out(item) for item in report.action_items],
            "metrics": plain(report.metrics),
            "failed": report.failed,
        },
    }


def from_document(document: Document) -> AnalysisReport:
    """The report that ``to_document`` wrote; raises ``InputError`` (BAD_DOCUMENT) for others."""
    return _read("an analyzer's report", _report_in, document)


def merged_to_document(merged: MergedAnalysis) -> dict[str, Any]:
    """The coordinator's answer as JSON."""
    return {
        "action_items": [_item_out(item) for item in merged.action_items],
        "findings": [_finding_out(finding) for finding in merged.findings],
        "conflicts": [_fields(conflict) for conflict in merged.conflicts],
        "present": [role.value for role in merged.present],
        "missing": [role.value for role in merged.missing],
    }


def merged_from_document(document: Document) -> MergedAnalysis:
    """The answer that ``merged_to_document`` wrote; raises ``InputError`` for others."""
    return _read("a merged analysis", _merged_in, document)


def _read(what: str, reader: Callable[[Document], _Read], document: Document) -> _Read:
    try:
        return reader(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        detail = f"This is not {what}: {type(error).__name__} {error}."
        raise InputError(ErrorCode.BAD_DOCUMENT, detail) from error


def _report_in(document: Document) -> AnalysisReport:
    analysis = document["analysis"]
    return AnalysisReport(
        role=AnalyzerRole(analysis["role"]),
        confidence=float(analysis["confidence"]),
        findings=tuple(_finding_in(finding) for finding in analysis["issues_found"]),
        recommendations=tuple(analysis["recommendations"]),
        action_items=tuple(_item_in(item) for item in analysis["action_items"]),
        metrics=dict(analysis["metrics"]),
        failed=analysis["failed"],
    )


def _merged_in(document: Document) -> MergedAnalysis:
    return MergedAnalysis(
        action_items=tuple(_item_in(item) for item in document["action_items"]),
        findings=tuple(_finding_in(finding) for finding in document["findings"]),
        conflicts=tuple(Conflict(**conflict) for conflict in document["conflicts"]),
        present=tuple(AnalyzerRole(role) for role in document["present"]),
        missing=tuple(AnalyzerRole(role) for role in document["missing"]),
    )


def _fields(value: Finding | Conflict | ActionItem) -> dict[str, Any]:
    # not dataclasses.asdict: it copies every value deeply, and all of these are frozen
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _finding_out(finding: Finding) -> dict[str, Any]:
    return _fields(finding) | {"role": finding.role.value, "severity": finding.severity.value}


def _finding_in(document: Document) -> Finding:
    role, severity = AnalyzerRole(document["role"]), Severity(document["severity"])
    return Finding(**{**document, "role": role, "severity": severity})


def _item_out(item: ActionItem) -> dict[str, Any]:
    return _fields(item) | {
        "priority": item.priority.value,
        "parameters": plain(item.parameters),
        "dependencies": list(item.dependencies),
        "sources": list(item.sources),
    }


def _item_in(document: Document) -> ActionItem:
    return ActionItem(
        **{
            **document,
            "priority": Priority(document["priority"]),
            "parameters": dict(document["parameters"]),
            "dependencies": tuple(document["dependencies"]),
            "sources": tuple(document["sources"]),
        }
    )
