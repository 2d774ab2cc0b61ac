"""One role of the cluster as a process: ``AGENT_TYPE=analyzer python -m fractal_rmo.agent``.

Every role is a command of Celery, gunicorn or ours; this module chooses it and
lets it take this process's place.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NoReturn

from fractal_rmo.bootstrap import ensure_servers, migrate
from fractal_rmo.config.load import CHECKOUT, settings, state_root
from fractal_rmo.domain.step import ROLES


def _worker(name: str, queues: str, count: int, pool: str = "prefork") -> list[str]:
    return [
        *("celery", "-A", "workers", "worker", "--loglevel", settings().system.log_level),
        *("--hostname", f"{name}@%h", "--queues", queues),
        *("--concurrency", str(count), "--pool", pool),
    ]


def _analyzer() -> list[str]:
    queues = ",".join([*(f"analyze.{role}" for role in ROLES), "coordinate"])
    return _worker("analyzer", queues, settings().agents.analyzer.count)


def _executor() -> list[str]:
    return _worker("executor", "execute.cpu", settings().agents.executor.count)


def _validator() -> list[str]:
    return _worker("validator", "validate", settings().agents.validator.count)


def _learner() -> list[str]:
    return _worker("learner", "learn,maintenance", settings().agents.learner.count)


def _beat() -> list[str]:
    schedule = state_root() / "data" / "beat-schedule"
    level = settings().system.log_level
    return ["celery", "-A", "workers", "beat", "--loglevel", level, "--schedule", str(schedule)]


def _flower() -> list[str]:
    port = os.environ.get("FLOWER_PORT", "5555")
    return ["celery", "-A", "workers", "flower", "--address=127.0.0.1", f"--port={port}"]


def _web() -> list[str]:
    port = os.environ.get("PORT", "8080")
    return [
        *("gunicorn", "webapp:create_app()", "--bind", f"127.0.0.1:{port}"),
        *("--worker-class", "gthread", "--threads", "32", "--no-control-socket"),
    ]


COMMANDS: Mapping[str, Callable[[], list[str]]] = MappingProxyType(
    {
        "analyzer": _analyzer,
        "executor": _executor,
        "validator": _validator,
        "learner": _learner,
        "beat": _beat,
        "flower": _flower,
        "web": _web,
    }
)


def release() -> int:
    """Bring the tables up to date.

    honcho starts every line of a Procfile together and ends all when one ends;
    under it this waits to be ended instead of returning.
    """
    ensure_servers()
    migrate()
    if "HONCHO_PROCESS_NAME" in os.environ:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        signal.pause()
    return 0


def main() -> int:
    """Become the role that AGENT_TYPE names; 2 when there is no such role."""
    role = os.environ.get("AGENT_TYPE", "")
    if role == "release":
        return release()
    if role not in COMMANDS:
        known = ", ".join(["release", *COMMANDS])
        print(f"error: AGENT_TYPE is '{role}'; set it to one of: {known}.", file=sys.stderr)
        return 2
    return become(role)


def become(role: str) -> NoReturn:
    """Let the role's program take this process's place."""
    ensure_servers()
    os.environ["FRACTAL_STATE"] = str(state_root())  # it may have been relative to this folder
    # celery and gunicorn look for ``workers``, ``webapp`` and ``celeryconfig`` here
    os.chdir(CHECKOUT)
    # a deploy's SIGTERM gives running work back
    os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")
    command = COMMANDS[role]()
    os.execv(sys.executable, [sys.executable, "-m", *command])  # noqa: S606 - takes our place


if __name__ == "__main__":
    sys.exit(main())
