"""Agents' states and messages as REST, the pages and the command show them, hostile ones too."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace

import httpx2
import pytest
from sqlalchemy import Engine, text

from fractal_rmo.adapters.bus.redis_client import make_redis
from fractal_rmo.adapters.bus.router import RedisRouter
from fractal_rmo.adapters.db.agents import SqlAgentStore
from fractal_rmo.adapters.db.audit import SqlAuditStore
from fractal_rmo.adapters.db.engine import make_engine
from fractal_rmo.adapters.db.outbox import SqlOutbox
from fractal_rmo.adapters.embedded.paths import StatePaths
from fractal_rmo.config.settings import Redis as RedisSettings
from fractal_rmo.domain.action import ActionItem, Priority
from fractal_rmo.domain.agent import AgentState
from tests.webapp.conftest import Web

pytestmark = pytest.mark.thorough

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e[bold]"
SHOWN = "&lt;script&gt;alert(1)&lt;/script&gt;⟨U+001B⟩[31m⟨U+202E⟩[bold]"


@pytest.fixture
def database(web: Web) -> Iterator[Engine]:
    """That of the web server."""
    engine = make_engine(web.environment["DATABASE_URL"])
    yield engine
    engine.dispose()


@pytest.fixture
def task(web: Web) -> str:
    with web.client() as api:
        answer = api.post("/api/v1/tasks", json={"code": "x = 1\n", "tests": "y = 1\n"})
    found: str = answer.json()["id"]
    return found


@pytest.fixture
def state(database: Engine, task: str) -> AgentState:
    """Of an agent that met hostile text."""
    action = ActionItem(HOSTILE, HOSTILE, Priority.HIGH, {HOSTILE: HOSTILE}, reason=HOSTILE)
    blank = AgentState(f"executor:{task}", task)
    return SqlAgentStore(database).save(
        replace(blank, current_action=action, context={HOSTILE: [HOSTILE]})
    )


def tell(database: Engine, task: str) -> None:
    """A message that no schema would let pass, as another program might write it."""
    payload = json.dumps({HOSTILE: [{HOSTILE: HOSTILE}], "proven": HOSTILE, "levels": HOSTILE})
    values = {"task": task, "type": HOSTILE, "payload": payload}
    with database.connect() as db:
        db.execute(
            text(
                "INSERT INTO messages (correlation_id, type, payload)"
                " VALUES (:task, :type, CAST(:payload AS jsonb))"
            ),
            values,
        )


def test_a_report_and_the_list_of_agents_hold_the_state(
    web: Web, state: AgentState, task: str
) -> None:
    with web.client() as api:
        (shown,) = api.get(f"/api/v1/tasks/{task}/report").json()["agents"]
        listed = api.get("/api/v1/agents").json()
    assert shown["current_action"]["reason"] == HOSTILE
    assert (shown["version"], shown["agent_id"]) == (1, state.agent_id)
    assert listed["workers"] == []
    assert listed["queues"]["maintenance"] == 0
    assert shown in listed["states"]


def test_hostile_messages_and_states_do_no_harm_where_they_are_shown(
    web: Web, database: Engine, state: AgentState, task: str
) -> None:
    tell(database, task)
    with web.client(Accept="text/html") as reader:
        for path in ("/agents", f"/tasks/{task}", f"/tasks/{task}/live"):
            page = reader.get(path).text
            assert SHOWN in page, path
            assert not {"\x1b", "\u202e"} & set(page), path
            assert "<script>alert" not in page, path
    printed = [web.run("show", task), web.run("show", task, "--json"), web.run("agents")]
    for words in printed:
        assert not {"\x1b", "\u202e"} & set(words)
    assert "[bold]" in printed[2]
    (agent,) = json.loads(printed[1])["agents"]
    assert agent["agent_id"] == state.agent_id


def test_a_message_of_a_type_that_is_unknown_here_holds_no_other_up(
    web: Web, database: Engine, servers: StatePaths, task: str
) -> None:
    tell(database, task)
    redis = make_redis(servers.redis_url, RedisSettings(), timeout_s=5.0)
    router = RedisRouter(redis, redis)
    with web.client() as api:
        before = heard(api)
        for _ in range(100):  # the page's process may still be connecting
            drained = SqlOutbox(database).drain(router.publish, 500)
            assert drained.found < 500
            if heard(api) > before:
                break
            time.sleep(0.2)
            api.post("/api/v1/tasks", json={"code": "x = 1\n", "tests": "y = 1\n"})
        assert heard(api) > before
    with database.connect() as db:
        rest = db.execute(text("SELECT count(*) FROM messages WHERE NOT (sealed AND published)"))
        assert rest.scalar_one() == 0


def heard(api: httpx2.Client) -> float:
    """How many assignments the web server has counted."""
    line = next(
        line
        for line in api.get("/metrics").text.splitlines()
        if line.startswith('messages_total{type="task_assignment"}')
    )
    return float(line.split()[1])


def test_the_audit_command_names_what_does_not_hold(web: Web, database: Engine, task: str) -> None:
    SqlOutbox(database).drain(None, 500)
    audit = SqlAuditStore(database).verify()
    assert audit.broken_at == 0
    said = web.run("audit", "verify", "--expect-hash", audit.hash.upper())
    assert said == f"{audit.position} messages hold; the last hash is {audit.hash}"
    with database.connect() as db:
        db.execute(text("ALTER TABLE messages DISABLE TRIGGER USER"))
        edit = text("UPDATE messages SET payload = :payload WHERE correlation_id = :task")
        db.execute(edit, {"payload": '{"kind": "other"}', "task": task})
        position = db.execute(
            text(
                "SELECT min(position) FROM audit_log JOIN messages m ON m.id = message_id"
                " WHERE correlation_id = :task"
            ),
            {"task": task},
        ).scalar_one()
    try:
        broken = web.attempt("audit", "verify")
        assert broken.returncode == 1
        assert f"position {position} does not hold" in broken.stdout
        assert "FR210" in broken.stderr
        document = json.loads(web.attempt("audit", "verify", "--json").stdout)
        assert (document["holds"], document["broken_at"]) == (False, position)
    finally:
        with database.connect() as db:
            original = '{"kind": "fix", "level": 3}'
            db.execute(edit, {"payload": original, "task": task})
            db.execute(text("ALTER TABLE messages ENABLE TRIGGER USER"))
    assert SqlAuditStore(database).verify() == audit
