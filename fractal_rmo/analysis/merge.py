"""The coordinator: many reports into one ordered list of actions, whatever their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fractal_rmo.analysis.items import worst_first
from fractal_rmo.analysis.order import order_by_dependencies
from fractal_rmo.analysis.unite import framed, named_by_content, opened, repair_with, united
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole, MergedAnalysis


def merge(reports: Iterable[AnalysisReport], feedback: Sequence[str] = ()) -> MergedAnalysis:
    """Unite equal findings and items, settle conflicts, order by dependency.

    A failed report counts as missing.  ``feedback`` (what validation said of
    earlier rounds) goes into the parameters of the ``repair`` items.  The ids
    of the answer are those of the content, not those that a report stated.
    """
    heard = [report for report in reports if not report.failed]
    roles = {report.role for report in heard}
    stated = [item for report in heard for item in report.action_items]
    items, disputes = united(named_by_content(repair_with(feedback, stated)))
    items, misplaced = framed(items)
    items, rings = opened(items)
    return MergedAnalysis(
        action_items=order_by_dependencies(items),
        findings=tuple(worst_first((f for report in heard for f in report.findings), limit=None)),
        conflicts=(*disputes, *misplaced, *rings),
        present=tuple(role for role in AnalyzerRole if role in roles),
        missing=tuple(role for role in AnalyzerRole if role not in roles),
    )
