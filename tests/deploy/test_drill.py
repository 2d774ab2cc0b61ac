"""A deployment without containers: external servers, two hosts, a rolling restart under load."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from celery import Celery
from sqlalchemy import Engine, text

from fractal_rmo.adapters.bus.cluster_view import CeleryClusterView
from fractal_rmo.adapters.db.engine import make_engine
from fractal_rmo.config.load import CHECKOUT
from fractal_rmo.domain.step import QUEUES
from tests.cluster.test_flower import flower
from tests.deploy.servers import can_speak_tls, deployed, postgres, redis, running, tls_redis

pytestmark = pytest.mark.cluster
ROLES = ("analyzer", "executor", "executor_llm", "validator", "learner")
BY_HAND = ("analyzer", "executor", "validator", "learner")
EXAMPLE = CHECKOUT / "examples" / "off_by_one"
TASKS = 60
LOAD = """
import sys, threading, time
from pathlib import Path
from fractal_rmo.bootstrap.tools import client
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Provider, Task
from fractal_rmo.domain.verdict import Level
from fractal_rmo.domain.views import TaskQuery
from fractal_rmo.services.submit import submit
from tests.cluster.test_faults import SLOW, TESTS
folder, least = Path("examples/off_by_one"), int(sys.argv[1])
names = ("solution.py", "test_solution.py")
code, tests = (SourceTree({name: (folder / name).read_text()}) for name in names)
task = Task("drill", code, tests, level=Level.SYNTAX, provider=Provider.SIMULATED)
search = Task("search", SourceTree({"solution.py": SLOW}), SourceTree({"test_solution.py": TESTS}))
tools, enough, sent = client(), threading.Event(), 0
threading.Thread(target=lambda: (sys.stdin.read(), enough.set()), daemon=True).start()
while sent < least or not enough.is_set():
    if len(tools.tasks.find(TaskQuery(ending="running"))) < 10:  # always something in flight
        for _ in range(10):
            submit(search if sent % 20 == 0 else task, tools)
            sent += 1
    time.sleep(0.1)
print(sent)
"""
COUNTS = """
SELECT count(*) AS tasks,
       count(*) FILTER (WHERE ending = 'proven') AS proven,
       count(*) FILTER (WHERE ending IS NULL) AS lost,
       (SELECT count(*) FROM steps) AS steps,
       (SELECT count(*) FROM steps WHERE state <> 'done') AS not_done,
       (SELECT count(*) FROM steps WHERE attempts > 1) AS repeated,
       (SELECT max(attempts) FROM steps) AS attempts,
       (SELECT count(*) FROM (SELECT 1 FROM verdicts GROUP BY task_id, round, level
                              HAVING count(*) > 1) AS twice) AS judged_twice
FROM tasks
"""


@dataclass(frozen=True)
class Deployment:
    """External servers, and what each host is told about them."""

    folder: Path
    environment: dict[str, str]
    view: CeleryClusterView
    engine: Engine

    @contextmanager
    def host(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        """Every role on one machine, by honcho."""
        program = [sys.executable, "-m", "honcho", "start"]
        environment = {**self.environment, "FRACTAL_HOSTNAME": name}
        log = self.folder / f"{name}.log"
        with running(program, log, environment=environment) as process:
            self.until_serving({f"{role}.1@{name}" for role in ROLES}, log)
            yield process

    @contextmanager
    def worker(self, role: str, host: str) -> Iterator[subprocess.Popen[bytes]]:
        """One worker on another machine, by hand."""
        program = [sys.executable, "-m", "fractal_rmo.agent"]
        environment = {**self.environment, "FRACTAL_HOSTNAME": host, "AGENT_TYPE": role}
        log = self.folder / f"{role}@{host}.log"
        with running(program, log, environment=environment) as process:
            self.until_serving({f"{role}@{host}"}, log)
            yield process

    def until_serving(self, names: Collection[str], log: Path) -> None:
        found: list[str] = []
        for _ in range(60):
            found = [row.name for row in self.view.workers()]
            if set(names) <= set(found):
                return
        raise AssertionError(f"{found}; {log.read_text()[-3000:]}")

    def counts(self) -> dict[str, int]:
        with self.engine.connect() as db:
            return dict(db.execute(text(COUNTS)).mappings().one())

    def until_all_ended(self) -> dict[str, int]:
        for _ in range(240):
            found = self.counts()
            if not found["lost"]:
                return found
            time.sleep(0.5)
        raise AssertionError(found)


@contextmanager
def deployment(
    folder: Path, database_url: str, redis_url: str, authority: Path | None = None
) -> Iterator[Deployment]:
    environment = deployed(folder, database_url, redis_url)
    app = Celery("drill", broker=redis_url, set_as_current=False)
    app.conf.broker_transport_options = {"global_keyprefix": "fractal:"}
    if authority:
        environment["REDIS_TLS_CA"] = str(authority)
        app.conf.broker_use_ssl = {"ssl_ca_certs": str(authority)}
    engine = make_engine(database_url.replace("postgres://", "postgresql+psycopg2://"))
    try:
        yield Deployment(folder, environment, CeleryClusterView(app), engine)
    finally:
        engine.dispose()


@pytest.mark.slow
def test_external_servers_and_honcho_are_a_deployment(tmp_path: Path) -> None:
    with ExitStack() as ends:
        database = ends.enter_context(postgres(tmp_path))
        ours = ends.enter_context(_with_tls_where_possible(tmp_path, database, ends))
        ends.enter_context(ours.host("east"))
        submit = ("submit", str(EXAMPLE), "--tests", str(EXAMPLE), "--wait", "--json")
        done = subprocess.run(
            [sys.executable, "-m", "fractal_rmo.cli.main", *submit],
            cwd=CHECKOUT, env=ours.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["proven_level"] == 3
        with urllib.request.urlopen(f"http://127.0.0.1:{ours.environment['PORT']}/health") as said:
            assert json.load(said)["status"] == "ok"
        flower(ours.environment, "/api/workers?refresh=1")  # who came after it is asked then
        lengths = flower(ours.environment, "/api/queues/length")["active_queues"]
        assert {queue["name"]: queue["messages"] for queue in lengths} == dict.fromkeys(QUEUES, 0)
        assert not list((tmp_path / "state").glob("*/postgres"))  # nothing embedded was started


def _with_tls_where_possible(
    folder: Path, database: str, ends: ExitStack
) -> AbstractContextManager[Deployment]:
    if not can_speak_tls():
        return deployment(folder, database, ends.enter_context(redis(folder)))
    broker = ends.enter_context(tls_redis(folder))
    return deployment(folder, database, broker.url, broker.authority)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_rolling_restart_loses_no_task(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ExitStack() as ends:
        database, broker = (ends.enter_context(make(tmp_path)) for make in (postgres, redis))
        ours = ends.enter_context(deployment(tmp_path, database, broker))
        east = ends.enter_context(ExitStack())
        east.enter_context(ours.host("east"))
        west = {role: ends.enter_context(ExitStack()) for role in BY_HAND}
        for role, worker in west.items():
            worker.enter_context(ours.worker(role, "west"))
        with load(ours) as submitted:
            for role, worker in west.items():
                worker.close()  # SIGTERM, and the end of the process
                worker.enter_context(ours.worker(role, "west"))
            east.close()
            east.enter_context(ours.host("east"))
        found = ours.until_all_ended()
    with capsys.disabled():
        print(f"\nrolling restart: {found}")
    assert found["tasks"] == found["proven"] == submitted[0] >= TASKS
    assert (found["not_done"], found["judged_twice"]) == (0, 0)
    assert found["attempts"] <= 3


@contextmanager
def load(ours: Deployment) -> Iterator[list[int]]:
    """Tasks in flight for as long as the block runs; then the list holds how many there were."""
    submitted: list[int] = []
    with subprocess.Popen(
        [sys.executable, "-c", LOAD, str(TASKS)],
        cwd=CHECKOUT, env=ours.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as feeder:  # fmt: skip
        try:
            yield submitted
            answer, _ = feeder.communicate(timeout=120)  # which closes its input
            submitted.append(int(answer))
        finally:
            feeder.kill()
