"""``fractal-rmo up``: the whole cluster in the foreground, with a demonstration if asked for."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import click

from fractal_rmo.cli.follow import budget, follow
from fractal_rmo.cli.group import PROVEN
from fractal_rmo.cli.read import read_tree
from fractal_rmo.domain.errors import InfrastructureError
from fractal_rmo.domain.task import Task

_LOOK_EVERY_S = 2.0


def serve(path: Path, tests: Path | None, *, demo: bool, once: bool) -> int:
    """Start everything, run the demonstration, serve until Ctrl-C; returns the exit code.

    Stops whatever it started, the embedded servers included.
    """
    from fractal_rmo.bootstrap import make_supervisor, stop_servers

    task = _task(path, tests) if demo else None
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    started = time.monotonic()
    supervisor = make_supervisor(_say)
    supervisor.start()  # what is refused here belongs to somebody else, and is left alone
    try:
        _say(f"processes started after {time.monotonic() - started:.1f} s")
        threading.Thread(target=_keep_servers, args=(ended,), daemon=True).start()
        code = _demonstrate(task, ended) if task else PROVEN
        if not once:
            _say("serving; Ctrl-C stops everything")
            ended.wait()
        return code
    finally:
        ended.set()
        _say("stopping")
        supervisor.stop()
        stop_servers()


def _keep_servers(ended: threading.Event) -> None:
    """Start an embedded server again that has died; the processes find it where it was."""
    from fractal_rmo.bootstrap import ensure_servers

    while not ended.wait(_LOOK_EVERY_S):
        try:
            ensure_servers()
        except InfrastructureError as error:
            _say(str(error))


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)


def _task(path: Path, tests: Path | None) -> Task:
    return Task(
        description=f"The example {path}",
        code=read_tree(path, tests=False),
        tests=read_tree(tests or path, tests=True),
        budget=budget(),
    )


def _demonstrate(task: Task, ended: threading.Event) -> int:
    from fractal_rmo.bootstrap import client
    from fractal_rmo.services.submit import submit

    task_id = submit(task, client())
    _say(f"submitted {', '.join(task.code.files)} as task {task_id}")
    return follow(task_id, as_json=False, ended=ended)
