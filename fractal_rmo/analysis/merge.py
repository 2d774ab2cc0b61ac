"""The coordinator: many reports into one ordered list of actions, whatever their order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from fractal_rmo.analysis.order import order_by_dependencies
from fractal_rmo.domain.action import ActionItem
from fractal_rmo.domain.errors import InputError
from fractal_rmo.domain.finding import (
    AnalysisReport,
    AnalyzerRole,
    Conflict,
    Finding,
    MergedAnalysis,
    Severity,
)

_FIRST = "validate_syntax"
_LAST = "validate"


def merge(reports: Iterable[AnalysisReport], feedback: Sequence[str] = ()) -> MergedAnalysis:
    """Unite equal findings and items, settle conflicts, order by dependency.

    A failed report counts as missing.  ``feedback`` (what validation said of
    earlier rounds) goes into the parameters of the ``repair`` items.
    """
    heard = {report.role: report for report in reports if not report.failed}
    present = tuple(role for role in AnalyzerRole if role in heard)
    findings = {finding for report in heard.values() for finding in report.findings}
    items, conflicts = _unite([i for role in present for i in heard[role].action_items])
    items = [_with_feedback(item, feedback) for item in _linked(items)]
    ordered, cycle = _order(items)
    return MergedAnalysis(
        action_items=ordered,
        findings=tuple(sorted(findings, key=_place)),
        conflicts=(*conflicts, *cycle),
        present=present,
        missing=tuple(role for role in AnalyzerRole if role not in heard),
    )


def _place(finding: Finding) -> tuple[int, str, int, int, str, str]:
    severity = list(Severity).index(finding.severity)
    return (severity, finding.path, finding.line, finding.column, finding.rule, finding.message)


def _unite(items: Iterable[ActionItem]) -> tuple[list[ActionItem], list[Conflict]]:
    """One item an id: sources and dependencies united, the more urgent priority kept."""
    groups: dict[str, list[ActionItem]] = defaultdict(list)
    for item in items:
        groups[item.id].append(item)
    united, conflicts = [], []
    for identity, group in sorted(groups.items()):
        ranked = sorted(group, key=lambda item: (item.priority.rank, item.sources, item.reason))
        best, worst = ranked[0], ranked[-1]
        if worst.priority is not best.priority:
            reason = "the more urgent priority is kept: waiting costs more than an early check"
            subject = f"priority of {best.type} {identity}"
            conflicts.append(Conflict(subject, best.priority, worst.priority, reason))
        sources = tuple(sorted({source for item in group for source in item.sources}))
        needs = tuple(sorted({need for item in group for need in item.dependencies}))
        united.append(replace(best, sources=sources, dependencies=needs))
    return united, conflicts


def _linked(items: Sequence[ActionItem]) -> list[ActionItem]:
    """Syntax is checked before anything else, and the proof comes after everything else."""
    first = {item.id for item in items if item.type == _FIRST}
    others = {item.id for item in items if item.type != _LAST}
    linked = []
    for item in items:
        needs = set(item.dependencies) | (others if item.type == _LAST else first)
        linked.append(replace(item, dependencies=tuple(sorted(needs - {item.id}))))
    return linked


def _with_feedback(item: ActionItem, feedback: Sequence[str]) -> ActionItem:
    if item.type != "repair" or not feedback:
        return item
    return replace(item, parameters={**item.parameters, "feedback": list(feedback)})


def _order(items: Sequence[ActionItem]) -> tuple[tuple[ActionItem, ...], tuple[Conflict, ...]]:
    try:
        return order_by_dependencies(items), ()
    except InputError as error:
        free = [replace(item, dependencies=()) for item in items]
        conflict = Conflict("dependencies", "priority order", "the ring", error.detail)
        return order_by_dependencies(free), (conflict,)
