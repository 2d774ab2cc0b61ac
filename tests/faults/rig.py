"""A cluster that can be hurt: real servers, real workers under the real supervisor, each reachable.

The tests of faults and ``scripts/bench chaos`` share it.  Unlike ``fractal-rmo
up`` it has no web server and no Flower, and its leases are short.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import uuid4

import psutil
import redis
from celery import Celery
from sqlalchemy import Engine, text

from fractal_rmo.adapters.bus.app import make_app
from fractal_rmo.adapters.bus.canvas import CanvasDoorbell
from fractal_rmo.adapters.bus.cluster_view import CeleryClusterView
from fractal_rmo.adapters.db.engine import make_engine, run
from fractal_rmo.adapters.db.migrate import upgrade
from fractal_rmo.adapters.db.tasks import SqlTaskStore
from fractal_rmo.adapters.embedded import processes
from fractal_rmo.adapters.embedded.paths import StatePaths
from fractal_rmo.adapters.embedded.servers import ensure_running, purge
from fractal_rmo.adapters.supervisor.supervisor import Supervisor
from fractal_rmo.config.load import CHECKOUT
from fractal_rmo.domain.errors import InfrastructureError
from fractal_rmo.domain.step import QUEUES
from fractal_rmo.domain.task import Task
from tests.faults.invariants import broken, keep_journal

ROLES = ("analyzer", "executor", "validator", "learner")
QUICK = {
    "FRACTAL_LEASE_S": "4",
    "FRACTAL_HEARTBEAT_S": "1",
    "FRACTAL_SLICE_S": "1.5",
    "FRACTAL_DEAF_S": "10",
}
"""Deaths are seen sooner than by default; nothing else differs."""
_STEPS = """
SELECT id, stage, action, state, attempts, error, output FROM steps
WHERE task_id = :task AND (:stage = '' OR stage = :stage) ORDER BY round, id
"""
_Answer = TypeVar("_Answer")


class Rig:
    """Servers and workers of one folder; a context manager that leaves nothing."""

    def __init__(
        self,
        folder: Path,
        roles: Sequence[str] = (*ROLES, "beat"),
        environment: Mapping[str, str] = QUICK,
    ) -> None:
        self.paths = StatePaths(folder / "state")
        self.accepted: list[str] = []
        self.cancelled: set[str] = set()
        self.told: list[str] = []
        (folder / "Procfile").write_text("".join(map(_line, roles)))
        ours = {**os.environ, "FRACTAL_STATE": str(self.paths.root), "PYTHONPATH": str(CHECKOUT)}
        self.environment = {**ours, **environment}
        self.supervisor = Supervisor(
            folder / "Procfile", self.paths, self.environment, report=self.told.append
        )
        self._workers = {role for role in roles if role != "beat"}
        self._ending = threading.Event()
        self._keeper = threading.Thread(target=self._keep_servers, daemon=True)

    def __enter__(self) -> Self:
        ensure_running(self.paths)
        try:
            upgrade(self.paths.database_url, CHECKOUT / "migrations")
            keep_journal(self.engine)
            self.supervisor.start()
            self._keeper.start()
            self.until(lambda: self.serving() >= self._workers, 60)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        self._ending.set()
        if self._keeper.is_alive():
            self._keeper.join(30)
        self.supervisor.stop()
        self.engine.dispose()
        purge(self.paths)

    def _keep_servers(self) -> None:
        """What ``fractal-rmo up`` does: a server that died is started again."""
        while not self._ending.wait(0.2):
            with contextlib.suppress(InfrastructureError):
                ensure_running(self.paths)

    @cached_property
    def engine(self) -> Engine:
        """Connections to the cluster's database."""
        return make_engine(self.paths.database_url, 4)

    @cached_property
    def app(self) -> Celery:
        """An application that publishes to this cluster, whatever this process's settings say."""
        app = make_app()
        app.conf.update(broker_url=self.paths.redis_url, result_backend=self.paths.redis_url)
        return app

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues on which steps travel."""
        return tuple(name for name in QUEUES if name != "maintenance")

    @cached_property
    def bell(self) -> CanvasDoorbell:
        """Publishes to this cluster."""
        return CanvasDoorbell(self.app)

    @cached_property
    def tasks(self) -> SqlTaskStore:
        """The cluster's tasks."""
        return SqlTaskStore(self.engine)

    @cached_property
    def broker(self) -> redis.Redis:
        """A client of the cluster's broker."""
        return redis.Redis(
            unix_socket_path=str(self.paths.valkey_socket), socket_timeout=5, decode_responses=True
        )

    def serving(self) -> set[str]:
        """The roles whose workers answer."""
        with contextlib.suppress(InfrastructureError):
            return {row.name.partition("@")[0] for row in CeleryClusterView(self.app).workers()}
        return set()

    def until(self, condition: Callable[[], _Answer], seconds: float) -> _Answer:
        """The condition's first answer that is true; a server that is away is no answer."""
        ends = time.monotonic() + seconds
        while True:
            with contextlib.suppress(InfrastructureError):
                if found := condition():
                    return found
            assert time.monotonic() < ends, f"not within {seconds:g} s; {self.told[-5:]}"
            time.sleep(0.05)

    def submit(self, task: Task) -> str:
        """An accepted task, once the database has it; a broker that is away does not matter."""
        key = uuid4().hex  # an answer that was lost is asked for again
        task_id, refs = self.until(lambda: self.tasks.submit(task, key), 60)
        self.accepted.append(task_id)
        with contextlib.suppress(InfrastructureError):
            if refs:
                self.bell.ring_round(refs)
        return task_id

    def ask(self, query: str, **values: object) -> list[Any]:
        """The rows of a query, once the database answers."""
        rows: list[Any] = self.until(lambda: [self._rows(query, values)], 60)[0]
        return rows

    def _rows(self, query: str, values: Mapping[str, object]) -> list[Any]:
        return run(self.engine, lambda db: list(db.execute(text(query), values)))

    def steps(self, task: str, stage: str = "") -> list[Any]:
        """The steps of a task in order: stage, action, state, attempts, error, output."""
        return self.ask(_STEPS, task=task, stage=stage)

    def until_running(self, task: str, stage: str, seconds: float = 60) -> None:
        """Until a step of that stage is worked on."""
        self.until(lambda: any(s.state == "running" for s in self.steps(task, stage)), seconds)

    def ending(self, task: str) -> str | None:
        """How a task ended."""
        (found,) = self.ask("SELECT ending FROM tasks WHERE id = :task", task=task)
        ending: str | None = found[0]
        return ending

    def until_ended(self, task: str, seconds: float = 90) -> str:
        """How a task ended, once it has."""
        return self.until(lambda: self.ending(task), seconds) or ""

    def digested(self, seconds: float) -> dict[str, list[str]]:
        """The rules that are broken still when everything ought to have been digested."""
        ends = time.monotonic() + seconds
        while (found := self.broken()) and time.monotonic() < ends:
            time.sleep(0.5)
        return found

    def broken(self) -> dict[str, list[str]]:
        """The rules that are broken now."""
        (found,) = self.until(lambda: [broken(self.engine, at_rest=True)], 60)
        return found

    def pid(self, role: str) -> int:
        """The worker's first process, once it runs."""
        return self.until(lambda: self._pids().get(role), 60) or 0

    def _pids(self) -> dict[str, int]:
        return {found.name: int(found.pid) for found in self.supervisor.poll() if found.pid}

    def children(self, role: str) -> list[psutil.Process]:
        """The pool of a worker."""
        with contextlib.suppress(psutil.NoSuchProcess):
            found: list[psutil.Process] = psutil.Process(self.pid(role)).children()
            return found
        return []

    def session(self, role: str) -> list[psutil.Process]:
        """A worker and its pool; what runs in jails has sessions of its own."""
        leader = processes.identify(self.pid(role))
        members = processes.session_members(leader) if leader else []
        found = []
        for member in members:
            with contextlib.suppress(psutil.NoSuchProcess):
                found.append(psutil.Process(member.pid))
        return found


def _line(role: str) -> str:
    """``executor_b`` is a second executor under a name of its own."""
    kind = role.partition("_")[0]
    words = f"HONCHO_PROCESS_NAME={role} AGENT_TYPE={kind} python -m fractal_rmo.agent"
    return f"{role}: env {words}\n"
