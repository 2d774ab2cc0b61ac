"""The swarm as a drawing: the task fans out to five analyzers and comes together again.

Only geometry and words are made here; a template writes them as SVG, once for
a wide screen and once for a narrow one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from fractal_rmo.domain.lifecycle import TaskState
from fractal_rmo.domain.step import ASKING, ROLES, Stage, StepState
from fractal_rmo.domain.views import StepRow, TaskView, candidates_tried
from webapp.pages.ladder import asked
from webapp.pages.text import seconds

_STATES = {
    StepState.WAITING: ("·", "waiting"),
    StepState.QUEUED: ("…", "queued"),
    StepState.RUNNING: ("▸", "running"),
    StepState.DONE: ("✓", "done"),
    StepState.DEAD: ("✕", "lost"),
    StepState.DROPPED: ("○", "dropped"),
}


class Box(NamedTuple):
    """A rectangle in the drawing's units."""

    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> int:
        """Half way down."""
        return self.y + self.height // 2

    @property
    def right(self) -> int:
        """The right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The lower edge."""
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Node:
    """One box: ``state`` is a step's state, ``note`` what it came to."""

    name: str
    state: str
    mark: str
    note: str
    box: Box


@dataclass(frozen=True, slots=True)
class Edge:
    """A line; ``state`` is that of the node it leads to."""

    path: str
    state: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing in its own units; ``returns`` counts the ways back through learning."""

    shape: str
    width: int
    height: int
    nodes: Sequence[Node]
    edges: Sequence[Edge]
    returns: int
    back: str = ""


def drawings(view: TaskView) -> tuple[Drawing, Drawing]:
    """The same swarm for wide and for narrow screens."""
    steps = [_analyzer(view, role) for role in ROLES] + [_later(view, s) for s in _LATER]
    return _wide(view, steps), _narrow(view, steps)


class _Said(NamedTuple):
    name: str
    state: str
    mark: str
    note: str

    def at(self, box: Box) -> Node:
        return Node(self.name, self.state, self.mark, self.note, box)


_LATER = (Stage.MERGE, Stage.EXECUTE, Stage.VALIDATE)


def _analyzer(view: TaskView, role: str) -> _Said:
    step = _last(s for s in view.steps if s.stage == Stage.ANALYZE and s.action == role)
    if step is None or step.state is not StepState.DONE:
        return _said(role, step)
    analysis = step.output.get("analysis")
    report = analysis if isinstance(analysis, dict) else {}
    if report.get("failed"):
        return _Said(role, "dead", "✕", "no report")
    found = len(list(report.get("issues_found") or ()))
    return _said(role, step, f"{found} finding{'' if found == 1 else 's'}")


def _later(view: TaskView, stage: Stage) -> _Said:
    steps = [s for s in view.steps if s.stage == stage and s.round == view.row.round]
    step = _last(steps)
    if step is None:
        return _said(stage.value, step)
    step = replace(step, elapsed_s=sum(s.elapsed_s or 0 for s in steps))
    said = _said(stage.value, step, _came_to(view, stage, steps))
    failed = stage is Stage.VALIDATE and any(
        verdict.stops for round_, verdict in view.verdicts if round_ == view.row.round
    )
    return said._replace(state="failed", mark="✕") if failed else said


def _came_to(view: TaskView, stage: Stage, steps: Sequence[StepRow]) -> str:
    if stage is Stage.MERGE:
        items = steps[-1].output.get("action_items")
        return f"{len(items)} items" if isinstance(items, (list, tuple)) else ""
    if steps[-1].output.get("status") == "unchanged":
        return "unchanged"
    if stage is Stage.EXECUTE:
        done = steps[-1].state is StepState.DONE
        return f"{candidates_tried(steps)} tried" if done else _turn(steps)
    if not asked(view.row):
        return "nothing to prove" if steps[-1].state is StepState.DONE else ""
    proven = steps[-1].output.get("proven_level", view.row.proven_level)
    return f"level {proven} of {view.row.level}" if steps[-1].state is StepState.DONE else ""


def _turn(steps: Sequence[StepRow]) -> str:
    """What a step of execution does while it runs."""
    if steps[-1].action.startswith(ASKING):
        return "asks a model"
    if steps[-1].action.startswith("judge-"):
        return "runs the tests"
    return f"slice {len(steps)}" if len(steps) > 1 else ""


def _said(name: str, step: StepRow | None, note: str = "") -> _Said:
    state = step.state if step else StepState.WAITING
    mark, word = _STATES[state]
    if step is None or state in (StepState.WAITING, StepState.QUEUED, StepState.DROPPED):
        return _Said(name, state.value, mark, word)
    spent = seconds(step.elapsed_s) if state is StepState.DONE else word
    return _Said(name, state.value, mark, " · ".join(filter(None, (note, spent))))


def _last(steps: Iterable[StepRow]) -> StepRow | None:
    found = list(steps)
    return found[-1] if found else None


def _task(view: TaskView) -> _Said:
    mark = (
        "▸"
        if view.row.ending is None
        else "✓"
        if view.row.ending.state is TaskState.COMPLETE
        else "■"
    )
    return _Said("task", "task", mark, f"round {view.row.round}")


def _wide(view: TaskView, steps: Sequence[_Said]) -> Drawing:
    task = Box(4, 116, 124, 64)
    swarm = [Box(200, 4 + 60 * n, 204, 48) for n in range(len(ROLES))]
    later = [Box(476, 116, 140, 64), Box(668, 116, 168, 64), Box(888, 116, 148, 64)]
    nodes = [_task(view).at(task)]
    nodes += [said.at(box) for said, box in zip(steps, (*swarm, *later), strict=True)]
    edges = [Edge(_curve(task, n.box), n.state) for n in nodes[1:6]]
    edges += [Edge(_curve(n.box, later[0]), nodes[6].state) for n in nodes[1:6]]
    edges += [Edge(_curve(a.box, b.box), b.state) for a, b in pairwise(nodes[6:])]
    back = f"M{later[2].x + 74} {later[2].bottom} v46 H{later[0].x + 70} v-46"
    return Drawing("wide", 1040, 296, nodes, edges, _returns(view), back)


def _returns(view: TaskView) -> int:
    """How often this attempt went back through learning; a retry is an attempt of its own."""
    began = max((s.round for s in view.steps if s.stage == Stage.ANALYZE), default=1)
    return sum(s.stage == Stage.LEARN and s.round >= began for s in view.steps)


def _curve(start: Box, end: Box) -> str:
    half = (start.right + end.x) // 2
    bend = f"C{half} {start.middle} {half} {end.middle}"
    return f"M{start.right} {start.middle} {bend} {end.x} {end.middle}"


def _narrow(view: TaskView, steps: Sequence[_Said]) -> Drawing:
    task = Box(2, 2, 340, 44)
    swarm = [Box(34, 66 + 52 * n, 276, 44) for n in range(len(ROLES))]
    later = [Box(2, 350 + 68 * n, 340, 48) for n in range(len(_LATER))]
    nodes = [_task(view).at(task)]
    nodes += [said.at(box) for said, box in zip(steps, (*swarm, *later), strict=True)]
    edges = [Edge(f"M16 {task.bottom} V{n.box.middle} H{n.box.x}", n.state) for n in nodes[1:6]]
    merge = nodes[6]
    edges += [
        Edge(f"M{n.box.right} {n.box.middle} H328 V{merge.box.y}", merge.state) for n in nodes[1:6]
    ]
    edges += [Edge(f"M172 {a.box.bottom} V{b.box.y}", b.state) for a, b in pairwise(nodes[6:])]
    return Drawing("narrow", 344, 536, nodes, edges, _returns(view))
