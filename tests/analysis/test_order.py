from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fractal_rmo.analysis.order import find_ring, order_by_dependencies
from fractal_rmo.domain.action import ActionItem, Priority
from fractal_rmo.domain.errors import ErrorCode, InputError


def item(name: str, *needs: str, priority: Priority = Priority.LOW) -> ActionItem:
    return ActionItem(name, "t", priority, dependencies=needs)


def ids(items: tuple[ActionItem, ...]) -> list[str]:
    return [item.id for item in items]


@st.composite
def acyclic(draw: st.DrawFn) -> list[ActionItem]:
    """Items in any order, each depending on some of those of smaller rank (and on strangers)."""
    count = draw(st.integers(0, 12))
    ranked = [
        item(
            str(number),
            *draw(st.lists(st.sampled_from([str(n) for n in range(number)] + ["stranger"]))),
            priority=draw(st.sampled_from(Priority)),
        )
        for number in range(count)
    ]
    return draw(st.permutations(ranked))


@given(acyclic())
def test_each_item_comes_after_what_it_depends_on(items: list[ActionItem]) -> None:
    ordered = order_by_dependencies(items)
    assert sorted(ids(ordered)) == sorted(item.id for item in items)
    place = {name: number for number, name in enumerate(ids(ordered))}
    for found in items:
        assert all(place[n] < place[found.id] for n in found.dependencies if n in place)


@given(acyclic())
def test_the_most_urgent_free_item_is_always_next_and_ties_stay_as_given(
    items: list[ActionItem],
) -> None:
    waiting, given_ids = list(items), {item.id for item in items}
    for taken in order_by_dependencies(items):
        open_ids = {item.id for item in waiting}
        free = [w for w in waiting if not open_ids & given_ids & set(w.dependencies)]
        assert taken == min(free, key=lambda item: item.priority.rank)  # min takes the first
        waiting.remove(taken)


@given(acyclic())
def test_ordering_twice_changes_nothing(items: list[ActionItem]) -> None:
    ordered = order_by_dependencies(items)
    assert order_by_dependencies(ordered) == ordered


def test_equal_items_stay_as_given() -> None:
    assert ids(order_by_dependencies([item("z"), item("a"), item("m")])) == ["z", "a", "m"]


@pytest.mark.parametrize(
    "ring", [[item("a", "a")], [item("a", "b"), item("b", "c"), item("c", "a"), item("d", "a")]]
)
def test_a_ring_is_named(ring: list[ActionItem]) -> None:
    with pytest.raises(InputError, match=r"a -> ") as caught:
        order_by_dependencies(ring)
    assert caught.value.code is ErrorCode.BAD_DOCUMENT
    assert "d" not in caught.value.detail.partition("ring:")[2]


def test_an_id_used_twice_is_refused_rather_than_lost() -> None:
    with pytest.raises(InputError, match="2 action items have the id 'a'"):
        order_by_dependencies([item("a"), item("a")])


def test_on_a_ring_each_depends_on_the_next() -> None:
    graph = {"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}
    ring = find_ring(graph)
    assert sorted(ring) == ["a", "b", "c"]
    assert all(after in graph[one] for one, after in zip(ring, [*ring[1:], ring[0]], strict=True))
    assert find_ring({"a": ["b"]}) == []
