"""``fractal-rmo up``: the whole cluster in the foreground, with a demonstration if asked for."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

from fractal_rmo.adapters.source_files import read_tests, read_tree
from fractal_rmo.cli.follow import budget, connect, follow, say
from fractal_rmo.cli.group import PROVEN
from fractal_rmo.domain.errors import FractalError, InfrastructureError
from fractal_rmo.domain.task import Task

_LOOK_EVERY_S = 2.0
INTERRUPTED = 130


def serve(path: Path, tests: Path | None, *, demo: bool, once: bool) -> int:
    """Start everything, run the demonstration, serve until Ctrl-C; returns the exit code.

    Stops whatever it started, the embedded servers included.
    """
    from fractal_rmo.bootstrap.servers import ensure_servers, make_supervisor, stop_servers

    task = _task(path, tests) if demo else None
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: ended.set())
    were_down = ensure_servers()
    supervisor = make_supervisor(say)
    try:
        supervisor.start()
        code = _serve(task, ended, once=once)
    except BaseException:
        if were_down:  # else they belong to whoever started them
            stop_servers()
        raise
    finally:
        ended.set()
        supervisor.stop()
    say("stopping")
    stop_servers()
    return code


def one_time_link() -> str:
    """A new link to the web server of this machine."""
    from fractal_rmo.bootstrap.secrets import web_secrets
    from fractal_rmo.services.sign_in import new_link

    found = new_link(web_secrets().secret_key, time.time())
    return f"http://127.0.0.1:{os.environ.get('PORT', '8080')}/open/{found}"


def _serve(task: Task | None, ended: threading.Event, *, once: bool) -> int:
    say("the processes are started")
    threading.Thread(target=_keep_servers, args=(ended,), daemon=True).start()
    code = _demonstrate(task, ended) if task and not ended.is_set() else PROVEN
    if once:
        return INTERRUPTED if ended.is_set() else code
    say(f"open once in a browser, within 15 minutes: {one_time_link()}")
    say("serving; Ctrl-C stops everything ('fractal-rmo open' prints another link)")
    ended.wait()
    return code


def _keep_servers(ended: threading.Event) -> None:
    """Start an embedded server again that has died; the processes find it where it was."""
    from fractal_rmo.bootstrap.servers import ensure_servers

    while not ended.wait(_LOOK_EVERY_S):
        try:
            ensure_servers()
        except InfrastructureError as error:
            say(str(error))


def _task(path: Path, tests: Path | None) -> Task:
    return Task(
        description=f"The example {path}",
        code=read_tree(path, tests=False),
        tests=read_tests(tests or path, path),
        budget=budget(),
    )


def _demonstrate(task: Task, ended: threading.Event) -> int:
    from fractal_rmo.services.submit import submit

    tools = connect()
    task_id = submit(task, tools)
    say(f"submitted {', '.join(task.code.files)} as task {task_id}")
    code = follow(task_id, as_json=False, ended=ended)
    if ended.is_set():
        with contextlib.suppress(FractalError):  # it may have ended by itself
            tools.tasks.cancel(task_id)
    return code
