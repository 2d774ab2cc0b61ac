"""Watching a task to its end."""

from __future__ import annotations

import json
import sys
import threading
import time

import click

from fractal_rmo.cli.group import INFRASTRUCTURE, NOT_PROVEN, PROVEN
from fractal_rmo.domain.budget import Budget
from fractal_rmo.domain.lifecycle import Ending
from fractal_rmo.domain.views import TaskView


def budget() -> Budget:
    """The configured limits of one task."""
    from fractal_rmo.config.load import settings

    limits = settings().limits
    return Budget(
        seconds=limits.max_task_duration,
        tokens=limits.max_tokens_per_task,
        dollars=limits.max_cost_per_task,
        retries=limits.max_retries,
    )


def follow(task_id: str, *, as_json: bool, ended: threading.Event | None = None) -> int:
    """Watch a task until it or the watching has ``ended``, print it, return the exit code."""
    from fractal_rmo.bootstrap import client
    from fractal_rmo.cli.progress import Line
    from fractal_rmo.cli.views import now_at

    started = time.monotonic()
    warned = False
    with Line(sys.stderr) as line:
        while True:
            view = client().tasks.show(task_id)
            if view.row.ending or (ended and ended.is_set()):
                break
            line.show(*now_at(view))
            if not warned and time.monotonic() - started > 10 and _untouched(view):
                warned = True
                click.echo("no worker has taken the task up yet; it is kept", err=True)
            time.sleep(0.15)
    print_view(view, as_json=as_json)
    return exit_code(view)


def _untouched(view: TaskView) -> bool:
    return all(step.attempts == 0 for step in view.steps)


def exit_code(view: TaskView) -> int:
    """0 done and proven, 1 not proven, 3 infrastructure."""
    match view.row.ending:
        case Ending.PROVEN | Ending.DELIVERED:
            return PROVEN
        case Ending.INFRASTRUCTURE:
            return INFRASTRUCTURE
        case _:
            return NOT_PROVEN


def print_view(view: TaskView, *, as_json: bool) -> None:
    """A task as a person reads it, or as JSON."""
    from fractal_rmo.cli.views import print_task, view_document

    if as_json:
        click.echo(json.dumps(view_document(view), default=dict))
    else:
        print_task(view)
