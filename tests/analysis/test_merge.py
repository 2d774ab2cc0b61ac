from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fractal_rmo.analysis.document import (
    from_document,
    merged_from_document,
    merged_to_document,
    to_document,
)
from fractal_rmo.analysis.merge import merge
from fractal_rmo.analysis.order import order_by_dependencies
from fractal_rmo.analysis.swarm import analyze
from fractal_rmo.domain.action import ActionItem, Priority
from fractal_rmo.domain.errors import InputError
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole, Finding, Severity
from fractal_rmo.domain.source import SourceTree

WORDS = st.sampled_from(["a", "b", "c", "repair", "validate", "validate_syntax"])
ITEMS = st.builds(
    ActionItem,
    id=WORDS,
    type=WORDS,
    priority=st.sampled_from(Priority),
    parameters=st.dictionaries(WORDS, st.integers() | WORDS, max_size=2),
    dependencies=st.lists(WORDS, max_size=3).map(tuple),
    sources=st.lists(WORDS, max_size=2).map(tuple),
    reason=WORDS,
)
FINDINGS = st.builds(
    Finding,
    role=st.sampled_from(AnalyzerRole),
    severity=st.sampled_from(Severity),
    rule=WORDS,
    message=WORDS,
    tool=WORDS,
    path=WORDS,
    line=st.integers(0, 5),
)
REPORTS = st.builds(
    AnalysisReport,
    role=st.sampled_from(AnalyzerRole),
    confidence=st.floats(0, 1),
    findings=st.lists(FINDINGS, max_size=3).map(tuple),
    recommendations=st.lists(WORDS, max_size=2).map(tuple),
    action_items=st.lists(ITEMS, max_size=4).map(tuple),
    failed=st.sampled_from(["", "", "", "it broke"]),
)


@given(st.lists(REPORTS, max_size=5, unique_by=lambda r: r.role), st.randoms())
def test_the_order_of_reports_does_not_matter(
    reports: list[AnalysisReport], source: random.Random
) -> None:
    shuffled = reports[:]
    source.shuffle(shuffled)
    assert merge(shuffled) == merge(reports)


@given(st.lists(REPORTS, max_size=5, unique_by=lambda r: r.role))
def test_every_role_is_present_or_missing(reports: list[AnalysisReport]) -> None:
    merged = merge(reports)
    assert sorted([*merged.present, *merged.missing]) == sorted(AnalyzerRole)
    assert set(merged.present) == {r.role for r in reports if not r.failed}


@given(REPORTS)
def test_a_report_survives_its_document(report: AnalysisReport) -> None:
    document = to_document(report, "syntax_001", "task_xyz")
    assert from_document(document) == report
    assert {"confidence", "issues_found", "recommendations", "action_items"} <= set(
        document["analysis"]
    )


@given(st.lists(REPORTS, max_size=5, unique_by=lambda r: r.role))
def test_a_merge_survives_its_document(reports: list[AnalysisReport]) -> None:
    merged = merge(reports)
    assert merged_from_document(merged_to_document(merged)) == merged


@given(st.data(), st.integers(1, 12))
def test_action_items_keep_dependency_order(data: st.DataObject, count: int) -> None:
    ranks = data.draw(st.permutations(range(count)))
    items = [
        ActionItem(
            id=str(number),
            type="t",
            priority=data.draw(st.sampled_from(Priority)),
            dependencies=tuple(str(o) for o in range(count) if ranks[o] < ranks[number] and o % 2),
        )
        for number in range(count)
    ]
    ordered = [item.id for item in order_by_dependencies(items)]
    assert sorted(ordered) == sorted(item.id for item in items)
    for item in items:
        assert all(ordered.index(need) < ordered.index(item.id) for need in item.dependencies)


def test_a_ring_is_named() -> None:
    ring = [ActionItem("a", "t", Priority.LOW, dependencies=("b",))]
    ring.append(ActionItem("b", "t", Priority.LOW, dependencies=("a",)))
    with pytest.raises(InputError, match=r"a -> b -> a|b -> a -> b"):
        order_by_dependencies(ring)


def test_two_priorities_for_one_item_keep_the_more_urgent() -> None:
    items = [ActionItem("x", "t", p, sources=(p.value,)) for p in (Priority.LOW, Priority.HIGH)]
    roles = (AnalyzerRole.SYNTAX, AnalyzerRole.LOGIC)
    merged = merge(
        [AnalysisReport(r, 1.0, action_items=(i,)) for r, i in zip(roles, items, strict=True)]
    )
    assert [item.priority for item in merged.action_items] == [Priority.HIGH]
    assert [(c.kept, c.dropped) for c in merged.conflicts] == [("high", "low")]


def test_a_real_swarm_checks_syntax_first_and_proves_last() -> None:
    tree = SourceTree({"a.py": "def f(x=[]):\n    return x\n"})
    merged = merge([analyze(role, tree, tree) for role in AnalyzerRole], ["level 3 failed"])
    kinds = [item.type for item in merged.action_items]
    assert (kinds[0], kinds[-1]) == ("validate_syntax", "validate")
    repair = next(item for item in merged.action_items if item.type == "repair")
    assert repair.parameters["feedback"] == ["level 3 failed"]
    assert merged.has_quorum
