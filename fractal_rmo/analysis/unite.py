"""Equal advice made one, and rings of dependencies opened: the parts of the merge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from fractal_rmo.analysis.items import canonical, identity
from fractal_rmo.analysis.order import find_ring, graph_of
from fractal_rmo.domain.action import ActionItem, Priority
from fractal_rmo.domain.finding import Conflict

FIRST = "validate_syntax"
LAST = "validate"
_URGENT = "The more urgent priority is kept: waiting costs more than an early check."
_RING = "A ring has no first item; its most urgent item stops waiting."
_FRAME = "Syntax is checked before everything else, and the proof comes last."

Settled = tuple[list[ActionItem], list[Conflict]]


def named_by_content(items: Iterable[ActionItem]) -> list[ActionItem]:
    """Items under the ids that their content gives them; dependencies follow.

    A stated id may stand for several contents: a dependency on it waits for all.
    """
    known = [(item, identity(item.type, item.parameters)) for item in items]
    meant: dict[str, set[str]] = defaultdict(set)
    for item, name in known:
        meant[item.id].add(name)
    return [
        replace(item, id=name, dependencies=_names(item.dependencies, meant))
        for item, name in known
    ]


def _names(stated: Iterable[str], meant: dict[str, set[str]]) -> tuple[str, ...]:
    return tuple(sorted({name for need in stated for name in meant.get(need, {need})}))


def united(items: Iterable[ActionItem]) -> Settled:
    """One item an id: sources and dependencies together, the most urgent priority kept."""
    groups: dict[str, list[ActionItem]] = defaultdict(list)
    for item in items:
        groups[item.id].append(item)
    conflicts = [conflict for _, group in sorted(groups.items()) for conflict in _disputes(group)]
    return [_one(group) for _, group in sorted(groups.items())], conflicts


def _one(group: list[ActionItem]) -> ActionItem:
    best = min(group, key=_rank)
    sources = {source for item in group for source in item.sources}
    needs = {need for item in group for need in item.dependencies}
    # waiting for its own double is no ring: the two are one by now
    needs.discard(best.id)
    return replace(best, sources=tuple(sorted(sources)), dependencies=tuple(sorted(needs)))


def _rank(item: ActionItem) -> tuple[int, str, str]:
    return item.priority.rank, item.reason, canonical(item.parameters)


def _disputes(group: list[ActionItem]) -> list[Conflict]:
    stated = sorted({item.priority for item in group}, key=lambda priority: priority.rank)
    subject = f"priority of {group[0].type} {group[0].id}"
    return [Conflict(subject, stated[0].value, other.value, _URGENT) for other in stated[1:]]


def framed(items: Sequence[ActionItem]) -> Settled:
    """Every item waits for the syntax check, and the proof waits for every item.

    A stated dependency that says the opposite is dropped and recorded.
    """
    stage = {item.id: _stage(item) for item in items}
    conflicts, kept = [], []
    for item in items:
        early = [need for need in item.dependencies if stage.get(need, 0) > stage[item.id]]
        conflicts += [_dropped(item.id, need, _FRAME) for need in early]
        frame = {name for name in stage if stage[name] < stage[item.id]}
        needs = (set(item.dependencies) - set(early)) | frame
        kept.append(replace(item, dependencies=tuple(sorted(needs))))
    return kept, conflicts


def _stage(item: ActionItem) -> int:
    return {FIRST: 0, LAST: 2}.get(item.type, 1)


def opened(items: Sequence[ActionItem]) -> Settled:
    """Items without rings: one dependency is dropped and recorded until none is left."""
    by_id = {item.id: item for item in items}
    conflicts = []
    while ring := find_ring(graph_of([*by_id.values()])):
        first = min(ring, key=lambda name: (by_id[name].priority.rank, name))
        need = ring[(ring.index(first) + 1) % len(ring)]
        left = tuple(other for other in by_id[first].dependencies if other != need)
        by_id[first] = replace(by_id[first], dependencies=left)
        conflicts.append(_dropped(first, need, _RING))
    return [*by_id.values()], conflicts


def _dropped(name: str, need: str, reason: str) -> Conflict:
    return Conflict(f"dependencies of {name}", "the others", need, reason)


def repair_with(feedback: Sequence[str], items: Sequence[ActionItem]) -> list[ActionItem]:
    """Items whose repairs know what validation said; a repair is added if there is none."""
    if not feedback:
        return list(items)
    said = {"feedback": list(feedback)}
    told = [
        replace(item, parameters={**item.parameters, **said}) if item.type == "repair" else item
        for item in items
    ]
    if not any(item.type == "repair" for item in items):  # its analyzer may be the missing one
        reason = "Validation asked for another attempt."
        told.append(ActionItem("repair", "repair", Priority.HIGH, said, reason=reason))
    return told
