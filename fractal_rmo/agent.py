"""One role of the cluster as a process: ``AGENT_TYPE=analyzer python -m fractal_rmo.agent``.

Every role is a command of Celery, gunicorn or ours; this module chooses it and
lets it take this process's place.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NoReturn

from fractal_rmo.bootstrap.data import migrate
from fractal_rmo.bootstrap.secrets import web_secrets
from fractal_rmo.bootstrap.servers import ensure_servers
from fractal_rmo.config.load import CHECKOUT, settings, state_root
from fractal_rmo.domain.errors import (
    ErrorCode,
    FractalError,
    InfrastructureError,
    SettingsError,
)
from fractal_rmo.domain.step import ROLES

_LOOK_EVERY_S = 2.0
_WEB_THREADS = 128
"""An open event stream holds a thread for as long as someone watches."""
_WEB_GRACE_S = 8
"""Below the 10 s after which ``fractal-rmo up`` ends a process by force, and a platform's 30 s."""


def _worker(role: str, queues: str, count: int, pool: str = "prefork") -> list[str]:
    # two of a role on one machine need two names; honcho numbers its processes
    name = os.environ.get("HONCHO_PROCESS_NAME", role)
    return [
        *("celery", "-A", "workers", "worker", "--loglevel", settings().system.log_level),
        *("--hostname", f"{name}@{settings().system.hostname}", "--queues", queues),
        *("--concurrency", str(count), "--pool", pool),
        # nothing here asks another worker anything; listening would cost each start a second
        *("--without-gossip", "--without-mingle"),
    ]


def _analyzer() -> list[str]:
    queues = ",".join([*(f"analyze.{role}" for role in ROLES), "coordinate"])
    return _worker("analyzer", queues, settings().agents.analyzer.count)


def _executor() -> list[str]:
    return _worker("executor", "execute.cpu", settings().agents.executor.count)


def _executor_llm() -> list[str]:
    # threads: the work to come waits for a model, and nothing is forked around its clients
    return _worker("executor_llm", "execute.llm", settings().agents.executor_llm.count, "threads")


def _validator() -> list[str]:
    return _worker("validator", "validate", settings().agents.validator.count)


def _learner() -> list[str]:
    return _worker("learner", "learn,maintenance", settings().agents.learner.count)


def _beat() -> list[str]:
    schedule = state_root() / "data" / "beat-schedule"
    level = settings().system.log_level
    return ["celery", "-A", "workers", "beat", "--loglevel", level, "--schedule", str(schedule)]


def _flower() -> list[str]:
    """On loopback: Flower answers ``/metrics`` and ``/healthcheck`` without its login.

    Raises ``SettingsError`` (BAD_SETTING) where a login is needed and not set.
    """
    _require_login(os.environ.get("FLOWER_BASIC_AUTH", ""))
    port = os.environ.get("FLOWER_PORT", "5555")
    return ["celery", "-A", "workers", "flower", "--address=127.0.0.1", f"--port={port}"]


def _require_login(logins: str) -> None:
    """Flower itself reads the variable: ``user:password``, several with commas between."""
    if not logins and settings().system.environment == "development":
        return
    if not all(all(login.partition(":")[::2]) for login in logins.split(",")):
        raise SettingsError(
            ErrorCode.BAD_SETTING,
            "Flower does not start without a login: set FLOWER_BASIC_AUTH to user:password.",
        )


def _web() -> list[str]:
    """Raises ``SettingsError`` (NEEDS_SECRETS) here, not as a traceback of gunicorn's worker."""
    web_secrets()
    port = os.environ.get("PORT", "8080")
    host = settings().web.host
    return [
        *("gunicorn", "webapp:create_app()", "--bind", f"{_in_url(host)}:{port}"),
        # one process, whatever WEB_CONCURRENCY says: its figures and its watcher live in it
        *(
            "--workers",
            "1",
            "--limit-request-line",
            "8190",
            "--worker-class",
            "gthread",
            "--threads",
            str(_WEB_THREADS),
        ),
        *("--graceful-timeout", str(_WEB_GRACE_S), "--no-control-socket"),
    ]


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


COMMANDS: Mapping[str, Callable[[], list[str]]] = MappingProxyType(
    {
        "analyzer": _analyzer,
        "executor": _executor,
        "executor_llm": _executor_llm,
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
    under it this keeps the embedded servers running instead of returning.
    """
    ensure_servers()
    migrate()
    if "HONCHO_PROCESS_NAME" in os.environ:
        _keep_servers()
    return 0


def _keep_servers() -> NoReturn:
    """Until SIGTERM, start an embedded server again that has died; the others find it there."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        time.sleep(_LOOK_EVERY_S)
        try:
            ensure_servers()
        except InfrastructureError as error:
            print(error, file=sys.stderr)


def main() -> int:
    """Become the role that AGENT_TYPE names; 2 when it, or a setting, cannot be used."""
    try:
        return _start(os.environ.get("AGENT_TYPE", ""))
    except FractalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, SettingsError) else 3


def _start(role: str) -> int:
    if role == "release":
        return release()
    if role not in COMMANDS:
        known = ", ".join(["release", *COMMANDS])
        print(f"error: AGENT_TYPE is '{role}'; set it to one of: {known}.", file=sys.stderr)
        return 2
    return become(role)


def become(role: str) -> NoReturn:
    """Let the role's program take this process's place."""
    command = COMMANDS[role]()  # first: a setting that is refused starts nothing
    ensure_servers()
    os.environ["FRACTAL_STATE"] = str(state_root())  # it may have been relative to this folder
    # celery and gunicorn look for ``workers`` and ``webapp`` here
    os.chdir(CHECKOUT)
    # a deploy's SIGTERM gives running work back
    os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")
    os.execv(sys.executable, [sys.executable, "-m", *command])  # noqa: S606 - takes our place


if __name__ == "__main__":
    sys.exit(main())
