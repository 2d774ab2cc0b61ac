"""The swarm's steps: five analyzers, then the merge."""

from __future__ import annotations

from collections.abc import Sequence

from fractal_rmo.analysis.document import from_document, merged_to_document, to_document
from fractal_rmo.analysis.merge import merge
from fractal_rmo.analysis.swarm import analyze
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole, MergedAnalysis
from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.message import Message, MessageType
from fractal_rmo.domain.outcome import StepOutcome
from fractal_rmo.domain.pattern import ErrorRecord
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import Claim, Stage
from fractal_rmo.domain.task import Provider
from fractal_rmo.services.hold import Hold
from fractal_rmo.services.tools import Tools


def analyze_step(claim: Claim, _hold: Hold, _tools: Tools) -> StepOutcome:
    """One analyzer's report.  It never raises: a failed report is a value."""
    role = AnalyzerRole(claim.ref.action)
    simulated = claim.provider is Provider.SIMULATED
    report = AnalysisReport(role, 1.0) if simulated else analyze(role, claim.code, claim.tests)
    failed = ErrorRecord("AnalyzerFailed", report.failed, role.value) if report.failed else None
    return StepOutcome(
        output=to_document(report, f"{role}_001", claim.ref.task_id),
        releases=Stage.MERGE,
        errors=(failed,) if failed else (),
    )


def analyze_here(code: SourceTree, tests: SourceTree) -> MergedAnalysis:
    """What the five say, merged, in this process and without a task."""
    return merge([analyze(role, code, tests) for role in AnalyzerRole])


def merge_step(claim: Claim, _hold: Hold, _tools: Tools) -> StepOutcome:
    """Ordered action items out of at least three of five reports."""
    reports = [
        from_document(output)
        for name, output in claim.outputs.items()
        if name.startswith("analyze/")
    ]
    merged = merge(reports, feedback=feedback(claim))
    if not merged.has_quorum:
        return _no_quorum(merged)
    document = merged_to_document(merged)
    return StepOutcome(
        output=document,
        moves=(TaskState.EXECUTING,),
        messages=_messages(claim, merged),
        releases=Stage.EXECUTE,
    )


def feedback(claim: Claim) -> Sequence[str]:
    """What validation said of earlier rounds, oldest first."""
    return [str(entry["feedback"]) for entry in claim.earlier if entry.get("feedback")]


def _no_quorum(merged: MergedAnalysis) -> StepOutcome:
    missing = ", ".join(merged.missing)
    return StepOutcome(
        moves=(TaskState.FAILED,),
        ending=Ending.INFRASTRUCTURE,
        summary=f"Too few analyzers reported; missing: {missing}.",
    )


def _messages(claim: Claim, merged: MergedAnalysis) -> tuple[Message, ...]:
    said: JsonObject = {
        "round": claim.round,
        "action_items": len(merged.action_items),
        "missing": [role.value for role in merged.missing],
    }
    asked: JsonObject = {"round": claim.round, "actions": [i.type for i in merged.action_items]}
    return (
        Message(MessageType.ANALYSIS_COMPLETE, said),
        Message(MessageType.EXECUTION_REQUEST, asked),
    )
