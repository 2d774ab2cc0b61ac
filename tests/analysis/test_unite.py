"""Action items keep the order of their dependencies, whatever graph analyzers make of them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fractal_rmo.analysis.items import identity
from fractal_rmo.analysis.merge import merge
from fractal_rmo.analysis.order import graph_of, order_by_dependencies
from fractal_rmo.analysis.unite import named_by_content, opened, united
from fractal_rmo.domain.action import ActionItem, Priority
from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole

NAMES = [f"n{number}" for number in range(8)]
STRANGERS = ["nobody", "nothing"]
NEEDS = st.lists(st.sampled_from(NAMES + STRANGERS), max_size=4).map(tuple)
ITEM = st.builds(
    lambda name, priority, needs, source: ActionItem(
        name, f"type {name}", priority, dependencies=needs, sources=(source,)
    ),
    st.sampled_from(NAMES),
    st.sampled_from(Priority),
    NEEDS,
    st.sampled_from(AnalyzerRole),
)
ADVICE = st.lists(ITEM, max_size=10)
"""Rings, self-dependencies, unknown and repeated ids: all that analyzers could say."""
GRAPHS = st.lists(ITEM, max_size=8, unique_by=lambda item: item.id)
"""The same, with each id once."""


def reached(graph: Mapping[str, list[str]], start: str) -> set[str]:
    """What ``start`` waits for, in one step or more: the tests' own way to look for rings."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        fresh = set(graph[waiting.pop()]) - seen
        seen |= fresh
        waiting += fresh
    return seen


def has_ring(items: list[ActionItem]) -> bool:
    graph = graph_of(items)
    return any(name in reached(graph, name) for name in graph)


def edges(items: list[ActionItem]) -> set[tuple[str, str]]:
    return {(item.id, need) for item in items for need in item.dependencies}


@given(GRAPHS)
def test_an_order_exists_exactly_where_no_item_waits_for_itself(items: list[ActionItem]) -> None:
    if has_ring(items):
        with pytest.raises(InputError, match="ring") as caught:
            order_by_dependencies(items)
        assert caught.value.code is ErrorCode.BAD_DOCUMENT
        return
    ordered = [item.id for item in order_by_dependencies(items)]
    for index, name in enumerate(ordered):
        needs = next(item for item in items if item.id == name).dependencies
        assert all(ordered.index(need) < index for need in needs if need in ordered)


@given(GRAPHS)
def test_opening_leaves_no_ring_and_drops_only_what_lay_on_one(items: list[ActionItem]) -> None:
    kept, conflicts = opened(items)
    assert not has_ring(kept)
    assert [item.id for item in kept] == [item.id for item in items]
    dropped = edges(items) - edges(kept)
    assert edges(kept) <= edges(items)
    graph = graph_of(items)
    assert all(name in reached(graph, name) and need in graph for name, need in dropped)
    said = {(c.subject.removeprefix("dependencies of "), c.dropped) for c in conflicts}
    assert said == dropped
    assert len(conflicts) == len(dropped)


@given(GRAPHS)
def test_opening_what_is_open_changes_nothing(items: list[ActionItem]) -> None:
    kept, _ = opened(items)
    assert opened(kept) == (kept, [])


@given(ADVICE)
def test_doubles_are_one_item_that_waits_for_what_each_waited_for(
    items: list[ActionItem],
) -> None:
    one, conflicts = united(items)
    assert [item.id for item in one] == sorted({item.id for item in items})
    for item in one:
        doubles = [other for other in items if other.id == item.id]
        needs = {need for other in doubles for need in other.dependencies} - {item.id}
        assert set(item.dependencies) == needs
        assert item.priority.rank == min(other.priority.rank for other in doubles)
        assert set(item.sources) == {source for other in doubles for source in other.sources}
        stated = {other.priority for other in doubles}
        named = [c for c in conflicts if c.subject.endswith(f" {item.id}")]
        assert len(named) == len(stated) - 1


@given(ADVICE)
def test_dependencies_follow_their_items_to_new_names(items: list[ActionItem]) -> None:
    stated = {item.id for item in items}
    for before, after in zip(items, named_by_content(items), strict=True):
        assert after.id == identity(before.type, before.parameters)
        meant = {
            identity(f"type {need}", {}) if need in stated else need for need in before.dependencies
        }
        assert set(after.dependencies) == meant


@given(st.lists(ADVICE, max_size=5))
def test_a_merged_swarm_keeps_every_dependency_that_it_does_not_say_it_dropped(
    advice: list[list[ActionItem]],
) -> None:
    reports = [
        AnalysisReport(role, 1.0, action_items=tuple(items))
        for role, items in zip(AnalyzerRole, advice, strict=False)
    ]
    merged = merge(reports)
    place = {item.id: number for number, item in enumerate(merged.action_items)}
    assert len(place) == len(merged.action_items)
    dropped = {(c.subject.removeprefix("dependencies of "), c.dropped) for c in merged.conflicts}
    stated = named_by_content([item for report in reports for item in report.action_items])
    for name, need in edges(stated):
        if need in place and name != need and (name, need) not in dropped:
            assert place[need] < place[name]
    assert {item.id for item in stated} == set(place)
