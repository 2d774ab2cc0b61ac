"""Action items in an order in which each comes after those it depends on."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from fractal_rmo.domain.action import ActionItem
from fractal_rmo.domain.errors import ErrorCode, InputError


def order_by_dependencies(items: Sequence[ActionItem]) -> tuple[ActionItem, ...]:
    """Topological order; among those that are free the most urgent first, then as given.

    Dependencies on ids that are not among the items are ignored.  Raises
    ``InputError`` (BAD_DOCUMENT) naming a cycle, or an id that is used twice.
    """
    position = _positions(items)
    sorter = TopologicalSorter(graph_of(items))
    try:
        sorter.prepare()
    except CycleError as error:
        ring = " -> ".join(error.args[1])
        raise InputError(ErrorCode.BAD_DOCUMENT, f"Action items form a ring: {ring}.") from error
    ordered: list[ActionItem] = []
    free: list[tuple[int, int]] = []
    while sorter.is_active():
        for name in sorter.get_ready():
            heapq.heappush(free, (items[position[name]].priority.rank, position[name]))
        ordered.append(items[heapq.heappop(free)[1]])
        sorter.done(ordered[-1].id)
    return tuple(ordered)


def graph_of(items: Sequence[ActionItem]) -> dict[str, list[str]]:
    """Ids to the ids among the items that come first."""
    known = {item.id for item in items}
    return {item.id: [need for need in item.dependencies if need in known] for item in items}


def find_ring(graph: Mapping[str, Sequence[str]]) -> list[str]:
    """The ids on one ring, each depending on the next; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        # graphlib names each one before what depends on it, and the first one again at the end
        return [*reversed(error.args[1])][:-1]
    return []


def _positions(items: Sequence[ActionItem]) -> dict[str, int]:
    for name, uses in Counter(item.id for item in items).items():
        if uses > 1:  # one of them would vanish from the result
            raise InputError(ErrorCode.BAD_DOCUMENT, f"{uses} action items have the id '{name}'.")
    return {item.id: number for number, item in enumerate(items)}
