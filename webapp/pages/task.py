"""One task: its swarm, its ladder, its findings, its patch, and its end or its way there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from fractal_rmo.domain.dead import StepFacts, put_back
from fractal_rmo.domain.errors import LifecycleError
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.step import ROLES, Stage, StepState
from fractal_rmo.domain.views import (
    StepRow,
    TaskView,
    answers_from_cache,
    candidates_tried,
    choice_of,
    models_named,
)
from fractal_rmo.services import submit as services
from fractal_rmo.services.dead import requeue as put_step_back
from fractal_rmo.services.documents import diff
from fractal_rmo.services.performed import notes_of, strings
from webapp.pages import fanout
from webapp.pages.ladder import earlier_rounds, ladder
from webapp.tools import tools


def page(task_id: str) -> ResponseReturnValue:
    """Everything about the task."""
    view = tools().tasks.show(task_id)
    return render_template("task.html", view=view, **shown(view))


def live(task_id: str) -> ResponseReturnValue:
    """The part of the page that changes while the task runs."""
    view = tools().tasks.show(task_id)
    return render_template("_live.html", view=view, **shown(view))


def cancel(task_id: str) -> ResponseReturnValue:
    """End the task; one that has ended meanwhile shows how."""
    with contextlib.suppress(LifecycleError):
        tools().tasks.cancel(task_id)
    return redirect(url_for("pages.task", task_id=task_id), 303)


def retry(task_id: str) -> ResponseReturnValue:
    """Begin the task anew; one that runs already goes on."""
    with contextlib.suppress(LifecycleError):
        services.retry(task_id, tools())
    return redirect(url_for("pages.task", task_id=task_id), 303)


def requeue(task_id: str, step_id: str) -> ResponseReturnValue:
    """Put a dead step back; one that somebody else has put back goes on."""
    with contextlib.suppress(LifecycleError):
        put_step_back(step_id, tools())
    return redirect(url_for("pages.task", task_id=task_id), 303)


def shown(view: TaskView) -> dict[str, Any]:
    """What the templates need to know of a task beside the task itself."""
    rungs = ladder(view)
    return {
        "drawings": fanout.drawings(view),
        "rungs": rungs,
        "asking": [rung for rung in rungs if rung.questions],
        "rounds": earlier_rounds(view),
        "reports": list(_reports(view)),
        "merged": _merged(view),
        "patch": diff(view.code, view.result),
        "choice": choice_of(view.steps),
        "tried": _tried(view),
        "from_cache": answers_from_cache(view.steps),
        "models": models_named(view.steps),
        "trying": _trying(view),
        "errors": [step for step in view.steps if step.error and step.state is not StepState.DEAD],
        "dead": list(_dead(view)),
        "advice": list(_advice(view)),
    }


def _dead(view: TaskView) -> Iterator[tuple[StepRow, str]]:
    """Each step that was given up, and why it cannot be put back, "" where it can."""
    facts = [
        StepFacts(step.id, Stage(step.stage), step.round, step.state, step.attempts)
        for step in view.steps
    ]
    for step in view.steps:
        if step.state is not StepState.DEAD:
            continue
        try:
            put_back(step.id, view.row.ending, view.row.round, facts)
        except LifecycleError as error:
            yield step, error.detail
        else:
            yield step, ""


def _reports(view: TaskView) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """(role, analysis) of each analyzer's latest report."""
    latest = {s.action: s.output.get("analysis") for s in view.steps if s.stage == Stage.ANALYZE}
    for role in ROLES:
        analysis = latest.get(role)
        if isinstance(analysis, Mapping):
            yield role, analysis


def _merged(view: TaskView) -> Mapping[str, Json]:
    """What the coordinator made of them, most recently."""
    found = [s.output for s in view.steps if s.stage == Stage.MERGE and s.output]
    return found[-1] if found else {}


def _advice(view: TaskView) -> Iterator[tuple[int, str, list[str]]]:
    """(round, who, sentences) of each note and plan that a model was asked for."""
    for step in view.steps:
        for analyzer, lines in notes_of(step.output).items():
            yield step.round, analyzer, lines
        if plan := strings(step.output.get("plan")):
            yield step.round, "plan", plan


def _tried(view: TaskView) -> int:
    return candidates_tried(s for s in view.steps if s.stage == Stage.EXECUTE)


def _trying(view: TaskView) -> str:
    """What is being done at this moment."""
    running = [step for step in view.steps if step.state is StepState.RUNNING]
    if running and running[-1].progress.get("trying"):
        return str(running[-1].progress["trying"])
    if running:
        return ", ".join(step.action or step.stage for step in running)
    return "" if view.row.ending else "waiting for a worker"
