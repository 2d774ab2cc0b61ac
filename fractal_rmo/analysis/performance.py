"""The performance analyzer: work that grows faster than it needs to."""

from __future__ import annotations

from itertools import islice

from fractal_rmo.analysis.costs import costs
from fractal_rmo.analysis.items import MAX_FIGURES, item, places, worst_first
from fractal_rmo.analysis.loops import Loop, depth, with_loops
from fractal_rmo.analysis.reading import Scope, bounded, parsed_files
from fractal_rmo.domain.action import Priority
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.source import SourceTree

ROLE = AnalyzerRole.PERFORMANCE


def analyze(tree: SourceTree, _tests: SourceTree) -> AnalysisReport:
    """Report costly patterns; the metrics hold the loop depth of each function."""
    files = parsed_files(tree)
    raw = [found for file in files for found in bounded(ROLE, file, costs(ROLE, file))]
    findings = worst_first(raw)
    depths: dict[str, Json] = {
        f"{file.path}:{function.name}": loop_depth(function)
        for file in files
        for function in islice(file.functions(), MAX_FIGURES)
    }
    advice = item("optimise", Priority.LOW, ROLE, "Cheaper ways exist.", places=places(findings))
    return AnalysisReport(
        ROLE,
        confidence=0.6,
        findings=tuple(findings),
        recommendations=tuple(sorted({finding.message for finding in findings})),
        action_items=(advice,) if findings else (),
        metrics={"loop_depth": depths, "findings": len(raw)},
    )


def loop_depth(scope: Scope) -> int:
    """How deep loops are nested in a scope; a comprehension counts one for each ``for``."""
    return max(
        (depth((*loops, node)) for node, loops in with_loops(scope) if isinstance(node, Loop)),
        default=0,
    )
