"""Watching a task to its end."""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import TYPE_CHECKING

import click

from fractal_rmo.cli.group import INFRASTRUCTURE, NOT_PROVEN, PROVEN
from fractal_rmo.domain.budget import Budget
from fractal_rmo.domain.errors import ErrorCode, InfrastructureError
from fractal_rmo.domain.lifecycle import Ending
from fractal_rmo.domain.views import TaskStatus, TaskView
from fractal_rmo.services.follow import status_of

if TYPE_CHECKING:
    from fractal_rmo.services.tools import Tools

_LOOK_EVERY_S = 0.2
_PATIENCE_S = 10.0
_DATABASE_S = 30.0


def budget(**asked: float | None) -> Budget:
    """What was asked for, and else the configured limits of one task."""
    from fractal_rmo.config.load import settings
    from fractal_rmo.services.submit import budget as allowed

    given = {name: value for name, value in asked.items() if value is not None}
    return allowed(given, settings().limits)


def say(sentence: str) -> None:
    """A sentence beside the result, on the error stream."""
    click.echo(sentence, err=True)


def connect() -> Tools:
    """The cluster's ports; says so when servers had to be started for them."""
    from fractal_rmo.bootstrap.tools import client

    return client(say)


def follow(task_id: str, *, as_json: bool, ended: threading.Event | None = None) -> int:
    """Watch a task until it or the watching has ``ended``, print it, return the exit code."""
    _watch(task_id, ended or threading.Event())
    view = connect().tasks.show(task_id)
    print_view(view, as_json=as_json)
    return exit_code(view)


def _watch(task_id: str, ended: threading.Event) -> None:
    from fractal_rmo.cli.progress import Line
    from fractal_rmo.cli.views import now_at

    started = time.monotonic()
    warned = False
    with Line(sys.stderr) as line:
        while True:
            status = _look(task_id)
            if status.row.ending or ended.is_set():
                return
            line.show(*now_at(status))
            if not warned and time.monotonic() - started > _PATIENCE_S and _untouched(status):
                warned = True
                say("no worker has taken the task up yet; it is kept")
            ended.wait(_LOOK_EVERY_S)


def _look(task_id: str) -> TaskStatus:
    """How far the task is; a database that is being started again is waited for."""
    ends = time.monotonic() + _DATABASE_S
    while True:
        try:
            return status_of(task_id, connect())
        except InfrastructureError as error:
            if error.code is not ErrorCode.DATABASE_DOWN or time.monotonic() > ends:
                raise
            time.sleep(1)


def _untouched(status: TaskStatus) -> bool:
    return all(step.attempts == 0 for step in status.steps)


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
    from fractal_rmo.cli.views import print_task
    from fractal_rmo.services.documents import view_document

    if as_json:
        click.echo(json.dumps(view_document(view), default=dict))
    else:
        print_task(view)
