"""Action items in an order in which each comes after those it depends on."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from fractal_rmo.domain.action import ActionItem
from fractal_rmo.domain.errors import ErrorCode, InputError


def order_by_dependencies(items: Sequence[ActionItem]) -> tuple[ActionItem, ...]:
    """Topological order; among those that are free the most urgent first, then by id.

    Dependencies on ids that are not among the items are ignored.  Raises
    ``InputError`` (BAD_DOCUMENT) naming a cycle.
    """
    by_id = {item.id: item for item in items}
    graph = {i: [d for d in item.dependencies if d in by_id] for i, item in by_id.items()}
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as error:
        ring = " -> ".join(error.args[1])
        raise InputError(ErrorCode.BAD_DOCUMENT, f"Action items form a ring: {ring}.") from error
    ordered: list[ActionItem] = []
    free: list[ActionItem] = []
    while sorter.is_active():
        free += [by_id[i] for i in sorter.get_ready()]
        free.sort(key=lambda item: (item.priority.rank, item.id))
        ordered.append(free.pop(0))
        sorter.done(ordered[-1].id)
    return tuple(ordered)
