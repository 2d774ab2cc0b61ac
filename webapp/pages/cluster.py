"""The installation: who works in it, and whether all of it answers."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence

from flask import current_app, render_template
from flask.typing import ResponseReturnValue

from fractal_rmo.bootstrap.health import free_space
from fractal_rmo.bootstrap.jails import sandbox_tiers
from fractal_rmo.domain.errors import FractalError
from fractal_rmo.domain.step import QUEUES
from fractal_rmo.domain.views import WorkerRow
from webapp.events import MOST_STREAMS
from webapp.system import health_document
from webapp.tools import tools

_DOES = {
    "analyzer": "Runs the five analyzers and the coordinator that merges their reports.",
    "executor": "Searches for a repair, candidate by candidate, in the sandbox.",
    "executor_llm": "Waits for language models; without one it has nothing to do.",
    "validator": "Proves results on the ladder, in the sandbox.",
    "learner": "Turns errors into patterns, sweeps and mends the queue.",
}


_MOST = 50
"""States that the page shows; REST gives more."""


def agents() -> ResponseReturnValue:
    """The workers and their queues, as they answer now."""
    workers, depths, trouble = _asked()
    states = [] if health_document()["trouble"] else tools().agents.working(_MOST)
    return render_template(
        "agents.html",
        workers=workers,
        depths=depths,
        trouble=trouble,
        does=_DOES,
        served={queue for worker in workers for queue in worker.queues},
        queues=QUEUES,
        states=states,
    )


def _asked() -> tuple[Sequence[WorkerRow], Mapping[str, int], str]:
    try:
        cluster = tools().cluster
        return cluster.workers(), cluster.queue_depths(), ""
    except FractalError as error:
        return (), {}, f"{error.detail} {error.remedy}"


def status() -> ResponseReturnValue:
    """Servers, sandbox, space and streams of this machine."""
    health = health_document()
    workers, _, silence = ((), {}, "not asked") if health["trouble"] else _asked()
    return render_template(
        "status.html",
        health=health,
        workers=workers,
        silence=silence,
        tiers=sandbox_tiers(),  # probed once a process
        space=free_space(),
        streams=current_app.extensions["watcher"].open_streams,
        most_streams=MOST_STREAMS,
        python=platform.python_version(),
        flask=importlib.metadata.version("flask"),
    )
