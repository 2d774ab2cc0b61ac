"""The rings of a graph."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet


def rings(graph: Mapping[str, AbstractSet[str]]) -> Iterator[list[str]]:
    """One shortest ring for each knot of nodes that reach each other, smallest name first.

    A tree holds at most two hundred files, so a search from each node is cheap.
    """
    reach = {node: _reach(graph, node) for node in graph}
    done: set[str] = set()
    for node in sorted(graph):
        if node in reach[node] and node not in done:
            done |= {other for other in reach[node] if node in reach.get(other, ())}
            yield _shortest(graph, node)


def _reach(graph: Mapping[str, AbstractSet[str]], start: str) -> set[str]:
    """What can be reached in one step or more."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        fresh = graph.get(waiting.pop(), frozenset()) - seen
        seen |= fresh
        waiting.extend(fresh)
    return seen


def _shortest(graph: Mapping[str, AbstractSet[str]], start: str) -> list[str]:
    """The nodes of a shortest way from ``start`` back to it, which must exist."""
    paths = deque([[start]])
    seen: set[str] = set()
    while paths:
        path = paths.popleft()
        for target in sorted(graph.get(path[-1], frozenset())):
            if target == start:
                return path
            if target not in seen:
                seen.add(target)
                paths.append([*path, target])
    return [start]
