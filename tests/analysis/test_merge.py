from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fractal_rmo.analysis.items import identity
from fractal_rmo.analysis.merge import merge
from fractal_rmo.analysis.order import find_ring, graph_of
from fractal_rmo.analysis.swarm import analyze
from fractal_rmo.domain.action import ActionItem, Priority
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole, MergedAnalysis
from fractal_rmo.domain.source import SourceTree
from tests.analysis.documents import SWARMS, TEXTS

FEEDBACK = st.lists(TEXTS, max_size=2)


def merged(*items: ActionItem, feedback: tuple[str, ...] = ()) -> MergedAnalysis:
    """Each item from another analyzer."""
    reports = [
        AnalysisReport(role, 1.0, action_items=(item,))
        for role, item in zip(AnalyzerRole, items, strict=False)
    ]
    return merge(reports, feedback)


def kinds(analysis: MergedAnalysis) -> list[str]:
    return [item.type for item in analysis.action_items]


@pytest.mark.thorough
@given(SWARMS, FEEDBACK, st.randoms())
def test_the_order_of_reports_does_not_matter(
    reports: list[AnalysisReport], feedback: list[str], source: random.Random
) -> None:
    shuffled = reports[:]
    source.shuffle(shuffled)
    assert merge(shuffled, feedback) == merge(reports, feedback)


@pytest.mark.thorough
@given(SWARMS, FEEDBACK)
def test_saying_it_twice_changes_nothing(
    reports: list[AnalysisReport], feedback: list[str]
) -> None:
    assert merge([*reports, *reports], feedback) == merge(reports, feedback)


@pytest.mark.thorough
@given(SWARMS, FEEDBACK)
def test_ids_are_those_of_the_content(reports: list[AnalysisReport], feedback: list[str]) -> None:
    items = merge(reports, feedback).action_items
    assert [item.id for item in items] == [identity(i.type, i.parameters) for i in items]
    assert len({item.id for item in items}) == len(items)


@pytest.mark.thorough
@given(SWARMS)
def test_nothing_that_was_asked_for_is_lost(reports: list[AnalysisReport]) -> None:
    heard = [report for report in reports if not report.failed]
    analysis = merge(reports)
    asked = {identity(i.type, i.parameters) for r in heard for i in r.action_items}
    assert {item.id for item in analysis.action_items} == asked
    assert set(analysis.findings) == {finding for r in heard for finding in r.findings}


@pytest.mark.thorough
@given(SWARMS)
def test_every_role_is_present_or_missing(reports: list[AnalysisReport]) -> None:
    analysis = merge(reports)
    assert sorted([*analysis.present, *analysis.missing]) == sorted(AnalyzerRole)
    assert set(analysis.present) == {r.role for r in reports if not r.failed}


@pytest.mark.thorough
@given(SWARMS)
def test_the_answer_is_ordered_with_syntax_first_and_the_proof_last(
    reports: list[AnalysisReport],
) -> None:
    items = merge(reports).action_items
    assert find_ring(graph_of(items)) == []
    stages = [{"validate_syntax": 0, "validate": 2}.get(item.type, 1) for item in items]
    assert stages == sorted(stages)


def test_two_priorities_for_one_item_keep_the_more_urgent() -> None:
    priorities = (Priority.LOW, Priority.HIGH, Priority.MEDIUM)
    analysis = merged(*(ActionItem("x", "t", p, sources=(p.value,)) for p in priorities))
    [item] = analysis.action_items
    assert (item.priority, item.sources) == (Priority.HIGH, ("high", "low", "medium"))
    assert [(c.kept, c.dropped) for c in analysis.conflicts] == [
        ("high", "medium"),
        ("high", "low"),
    ]
    assert all(conflict.reason for conflict in analysis.conflicts)


def test_one_advice_under_two_ids_is_one_item() -> None:
    one = ActionItem("x", "t", Priority.LOW, {"a": [1, {"b": 2, "c": 3}]})
    other = replace(one, id="y", parameters={"a": (1, {"c": 3, "b": 2})})
    last = ActionItem("z", "u", Priority.HIGH, dependencies=("y",))
    analysis = merged(one, other, last)
    assert kinds(analysis) == ["t", "u"]
    assert analysis.action_items[1].dependencies == (analysis.action_items[0].id,)


def test_two_items_under_one_id_are_both_kept() -> None:
    items = [ActionItem("x", kind, Priority.LOW) for kind in ("t", "u")]
    last = ActionItem("z", "v", Priority.CRITICAL, dependencies=("x",))
    assert kinds(merged(*items, last))[-1] == "v"


def test_a_ring_is_opened_at_its_most_urgent_item_and_the_rest_is_kept() -> None:
    analysis = merged(
        ActionItem("a", "a", Priority.LOW, dependencies=("b",)),
        ActionItem("b", "b", Priority.HIGH, dependencies=("c",)),
        ActionItem("c", "c", Priority.LOW, dependencies=("a",)),
    )
    assert kinds(analysis) == ["b", "a", "c"]
    [conflict] = analysis.conflicts
    first, _, last = analysis.action_items
    assert (conflict.subject, conflict.dropped) == (f"dependencies of {first.id}", last.id)
    assert "ring" in conflict.reason


def test_a_proof_that_is_to_come_first_is_recorded() -> None:
    proof = ActionItem("p", "validate", Priority.CRITICAL)
    work = ActionItem("w", "repair", Priority.LOW, dependencies=("p",))
    check = ActionItem("s", "validate_syntax", Priority.LOW, dependencies=("w",))
    analysis = merged(proof, work, check)
    assert kinds(analysis) == ["validate_syntax", "repair", "validate"]
    assert len(analysis.conflicts) == 2


def test_a_failed_report_counts_as_missing_unless_the_role_tried_again() -> None:
    broken = AnalysisReport(AnalyzerRole.LOGIC, 0.0, failed="it broke")
    assert AnalyzerRole.LOGIC in merge([broken]).missing
    assert AnalyzerRole.LOGIC in merge([broken, AnalysisReport(AnalyzerRole.LOGIC, 1.0)]).present


@pytest.mark.parametrize("kind", ["repair", "optimise"])
def test_feedback_reaches_a_repair_even_if_its_analyzer_is_missing(kind: str) -> None:
    analysis = merged(ActionItem("x", kind, Priority.LOW, {"n": 1}), feedback=("no", "still no"))
    [repair] = [item for item in analysis.action_items if item.type == "repair"]
    assert repair.parameters["feedback"] == ["no", "still no"]


def test_without_feedback_no_repair_is_added() -> None:
    assert not merge([]).action_items


def test_a_real_swarm_checks_syntax_first_and_proves_last() -> None:
    tree = SourceTree({"a.py": "import numpy\n\ndef f(x=[]):\n    return eval(x)\n"})
    analysis = merge([analyze(role, tree, tree) for role in AnalyzerRole], ["level 3 failed"])
    assert (kinds(analysis)[0], kinds(analysis)[-1]) == ("validate_syntax", "validate")
    assert {"repair", "review_security", "resolve_dependency"} <= set(kinds(analysis))
    repair = next(item for item in analysis.action_items if item.type == "repair")
    assert repair.parameters["feedback"] == ["level 3 failed"]
    assert analysis.has_quorum
