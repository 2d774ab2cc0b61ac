"""Reports as JSON in the specification's message format, and back without loss."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from fractal_rmo.domain.action import ActionItem, Priority
from fractal_rmo.domain.finding import (
    AnalysisReport,
    AnalyzerRole,
    Conflict,
    Finding,
    MergedAnalysis,
    Severity,
)


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
            "metrics": dict(report.metrics),
            "failed": report.failed,
        },
    }


def from_document(document: Mapping[str, Any]) -> AnalysisReport:
    """The report that ``to_document`` wrote; raises ``KeyError`` or ``ValueError`` for others."""
    analysis = document["analysis"]
    return AnalysisReport(
        role=AnalyzerRole(analysis["role"]),
        confidence=analysis["confidence"],
        findings=tuple(_finding_in(finding) for finding in analysis["issues_found"]),
        recommendations=tuple(analysis["recommendations"]),
        action_items=tuple(_item_in(item) for item in analysis["action_items"]),
        metrics=analysis["metrics"],
        failed=analysis["failed"],
    )


def merged_to_document(merged: MergedAnalysis) -> dict[str, Any]:
    """The coordinator's answer as JSON."""
    return {
        "action_items": [_item_out(item) for item in merged.action_items],
        "findings": [_finding_out(finding) for finding in merged.findings],
        "conflicts": [dataclasses.asdict(conflict) for conflict in merged.conflicts],
        "present": [role.value for role in merged.present],
        "missing": [role.value for role in merged.missing],
    }


def merged_from_document(document: Mapping[str, Any]) -> MergedAnalysis:
    """The answer that ``merged_to_document`` wrote."""
    return MergedAnalysis(
        action_items=tuple(_item_in(item) for item in document["action_items"]),
        findings=tuple(_finding_in(finding) for finding in document["findings"]),
        conflicts=tuple(Conflict(**conflict) for conflict in document["conflicts"]),
        present=tuple(AnalyzerRole(role) for role in document["present"]),
        missing=tuple(AnalyzerRole(role) for role in document["missing"]),
    )


def _finding_out(finding: Finding) -> dict[str, Any]:
    return dataclasses.asdict(finding) | {
        "role": finding.role.value,
        "severity": finding.severity.value,
    }


def _finding_in(document: Mapping[str, Any]) -> Finding:
    role, severity = AnalyzerRole(document["role"]), Severity(document["severity"])
    return Finding(**{**document, "role": role, "severity": severity})


def _item_out(item: ActionItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "type": item.type,
        "priority": item.priority.value,
        "parameters": dict(item.parameters),
        "dependencies": list(item.dependencies),
        "sources": list(item.sources),
        "reason": item.reason,
    }


def _item_in(document: Mapping[str, Any]) -> ActionItem:
    return ActionItem(
        **{
            **document,
            "priority": Priority(document["priority"]),
            "dependencies": tuple(document["dependencies"]),
            "sources": tuple(document["sources"]),
        }
    )
