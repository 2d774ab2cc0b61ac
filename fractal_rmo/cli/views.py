"""Tasks of the cluster as text."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from fractal_rmo.cli.show import choice_lines, levels_table, print_diff, print_questions, safe
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.lifecycle import Ending
from fractal_rmo.domain.protocol import ProtocolRow
from fractal_rmo.domain.step import StepState
from fractal_rmo.domain.views import (
    StepLine,
    StepRow,
    TaskRow,
    TaskStatus,
    TaskView,
    answers_from_cache,
    candidates_tried,
    choice_of,
    models_named,
)


def now_at(status: TaskStatus) -> tuple[str, str, int]:
    """(stage, what is being tried, how many so far) of a running task."""
    running = [step for step in status.steps if step.state is StepState.RUNNING]
    step = running[-1] if running else None
    progress: Mapping[str, Json] = step.progress if step else {}
    number = progress.get("tried") or progress.get("run") or 0
    label = progress.get("trying") or _where(status, running)
    return status.row.state, str(label), number if isinstance(number, int) else 0


def _where(status: TaskStatus, running: Sequence[StepRow]) -> str:
    if running:
        return ", ".join(step.action or step.stage for step in running)
    return f"round {status.row.round}, waiting for a worker"


def print_task(view: TaskView) -> None:
    """The diff, the table of levels, and how it ended."""
    from rich.console import Console

    from fractal_rmo.editing.diff import unified_diff
    from fractal_rmo.services.documents import open_questions

    console = Console(soft_wrap=True)
    if view.result:
        print_diff(unified_diff(view.code, view.result), console)
    for path, text in view.written_tests.files.items():
        console.print(f"{path}, which a language model wrote:", markup=False, highlight=False)
        console.print(safe(text), markup=False, highlight=False)
    last = [verdict for round_, verdict in view.verdicts if round_ == view.row.round]
    if last:
        console.print(levels_table(last))
    if found := open_questions(view):
        console.print("open questions, to be answered on the task's page:")
        print_questions(found, sys.stdout)
    for step in view.steps:
        if step.error:
            console.print(safe(f"{step.stage} {step.action}: {step.error}"), markup=False)
        if step.state is StepState.DEAD and view.row.ending is Ending.INFRASTRUCTURE:
            console.print(f"'fractal-rmo requeue {step.id}' puts it back", highlight=False)
    choice = choice_lines(choice_of(view.steps))
    for sentence in filter(None, (*choice, view.summary, _models(view), _missing(view))):
        console.print(safe(sentence), markup=False, highlight=False)
    console.print(closing(view), markup=False, highlight=False)
    sys.stdout.flush()


def _models(view: TaskView) -> str:
    """Which models wrote what, and what another task had asked before."""
    named = [f"{what} by {', '.join(who)}" for what, who in models_named(view.steps).items()]
    if cached := answers_from_cache(view.steps):
        named.append(f"{cached} answer{'s' if cached != 1 else ''} from the cache, for nothing")
    return f"language models: {'; '.join(named)}" if named else ""


def _missing(view: TaskView) -> str:
    """Who of the swarm did not report, if anybody."""
    missing: list[str] = []
    for step in view.steps:
        if step.stage == "merge" and step.output.get("missing"):
            named = step.output.get("missing")
            missing = [str(role) for role in named] if isinstance(named, list) else []
    return f"analyzers that did not report: {', '.join(missing)}" if missing else ""


def closing(view: TaskView) -> str:
    """One line: state or ending, level, effort, and how to see it again."""
    row = view.row
    tried = candidates_tried(step for step in view.steps if step.stage == "execute")
    tiers = ", ".join(sorted({v.tier for _, v in view.verdicts if v.tier})) or "not needed"
    effort = f"{tried} candidates tried, {row.elapsed_s:.1f} s, sandbox: {tiers}"
    if row.tokens:
        effort = f"{row.tokens:,} tokens, ${row.dollars:.4f}, {effort}"
    words = {
        "proven": f"proven to level {row.proven_level}",
        "delivered": "delivered",
        None: f"{row.state}, round {row.round}",
    }
    ending = row.ending.value if row.ending else None
    said = words.get(
        ending, f"{(ending or '').replace('_', ' ').upper()}, level {row.proven_level}"
    )
    return f"{said} ({effort}); task {row.id}"


def rows_table(rows: Sequence[TaskRow]) -> str:
    """A list of tasks as a table."""
    names = ("id", "kind", "state", "ending", "proven", "asked", "round", "seconds")
    return _table(
        names,
        [
            (
                *(row.id, row.kind, row.state, row.ending or ""),
                *(row.proven_level, row.level, row.round, f"{row.elapsed_s:.1f}"),
            )
            for row in rows
        ],
    )


def agents_table(found: Mapping[str, Any]) -> str:
    """What ``services.agents`` tells, as two tables."""
    workers = [
        (w["name"], w["size"], " ".join(w["queues"]), " ".join(n["task"] for n in w["doing"]))
        for w in found["workers"]
    ]
    states = [
        (
            *(s["agent_id"], (s["current_action"] or {"type": ""})["type"]),
            *(len(s["completed_actions"]), len(s["error_history"]), s["version"]),
        )
        for s in found["states"]
    ]
    return _table(("worker", "at once", "queues", "now"), workers) + _table(
        ("agent", "now", "done", "errors", "version"), states
    )


def _table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(*names)
    for row in rows:
        table.add_row(*(escape(safe(str(cell))) for cell in row))
    buffer = io.StringIO()
    Console(file=buffer, width=120).print(table)
    return buffer.getvalue()


def print_steps(lines: Sequence[StepLine], file: TextIO) -> None:
    """Each step with its task, and below it what each failed attempt said."""
    for line in lines:
        step = line.step
        place = " ".join(filter(None, (step.stage, step.action)))
        ended = f", which ended as {line.ending}" if line.ending else ""
        attempts = f"{step.attempts} attempt{'s' if step.attempts != 1 else ''}"
        head = f"{step.id} {step.state}: {place}, round {step.round}, {attempts}"
        file.write(f"{head}; task {line.task_id}{ended}\n")
        for entry in step.evidence:
            said = safe(str(entry.get("said"))).replace("\n", "\n      ")
            when, attempt = (safe(str(entry.get(name))) for name in ("at", "attempt"))
            file.write(f"    {when}, attempt {attempt}: {said}\n")


def protocols_table(rows: Sequence[ProtocolRow]) -> str:
    """A list of versions as a table."""
    names = ("version", "status", "made from", "rules set", "tasks replayed", "E")
    lines = []
    for row in rows:
        last: Mapping[str, Any] = row.looks[-1] if row.looks else {"pairs": 0, "e_value": 1.0}
        parent = f"{row.protocol.name}/{row.parent}" if row.parent else ""
        made = len(rules_set(row))
        figures = (last["pairs"], f"{last['e_value']:.3g}")
        lines.append((row.protocol, row.status, parent, made, *figures))
    return _table(names, lines)


def rules_set(row: ProtocolRow) -> Sequence[Mapping[str, Any]]:
    """The rules that a version adds or changes."""
    found = row.protocol.edits.get("set")
    return [rule for rule in found if isinstance(rule, dict)] if isinstance(found, list) else []


def print_protocol(row: ProtocolRow, file: TextIO) -> None:
    """Rules, origin and looks of a version."""
    file.write(f"{row.protocol}: {row.status}, of {row.created_at}\n")
    origin = row.protocol.edits.get("origin")
    if isinstance(origin, dict):
        told = ", ".join(f"{name} {value}" for name, value in origin.items())
        file.write(f"made from {row.protocol.name}/{row.parent} by {told}\n")
    slots = ("operator", "shape", "symptom", "weight", "mended", "tried", "submitters")
    lines = [[rule.get(slot, "any") for slot in slots] for rule in rules_set(row)]
    file.write(_table(slots, lines) if lines else "no rule is changed\n")
    for look in row.looks:
        figures = f"E {look['e_value']:.4g} of {look['threshold']:g}, mirror {look['mirror']:.4g}"
        file.write(f"{look['phase']}: {look['pairs']} tasks, {figures}: {look['decision']}\n")
