"""From the outbox through Redis to the learner: nothing is lost, and nothing counts twice."""

from __future__ import annotations

import queue
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine, text

from fractal_rmo.adapters.bus.redis_client import make_redis
from fractal_rmo.adapters.bus.router import CLAIM_AFTER_S, RedisRouter, channel, stream
from fractal_rmo.config.settings import Redis as RedisSettings
from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.message import Cause, Envelope, Message, MessageType, message_uuid
from fractal_rmo.domain.pattern import ErrorRecord
from fractal_rmo.domain.protocol import SHIPPED, ProtocolVersion
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.services.known import Known
from fractal_rmo.services.route import LEARNER, LEARNER_HEARS, deliver, relay, watch
from fractal_rmo.services.tools import Tools
from tests.adapters.db.desk import TASK, Desk
from tests.services.carrying import tools_over

pytestmark = pytest.mark.cluster
ROOT = Path(__file__).resolve().parents[2]
OTHER = replace(TASK, code=SourceTree({"a.py": "x = 2\n"}))


@pytest.fixture
def tools(engine: Engine, redis: Redis) -> Tools:
    return tools_over(engine, redis)


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def number(engine: Engine, query: str) -> int:
    with engine.connect() as db:
        found: int = db.execute(text(query)).scalar_one()
    return found


def entries(redis: Redis, kind: MessageType = MessageType.ERROR_REPORT) -> int:
    length: int = redis.xlen(stream(kind))
    return length


def test_a_message_leaves_once_with_its_cause(desk: Desk, redis: Redis, tools: Tools) -> None:
    desk.analyze_all_with_errors()
    assert relay(tools) == (6, 6)
    assert relay(tools) == (0, 0)
    deliveries, _ = tools.router.read("anyone", list(MessageType), 100)
    told = [delivery.envelope for delivery in deliveries if delivery.envelope]
    assert [t.message.type for t in told] == [
        MessageType.TASK_ASSIGNMENT,
        *[MessageType.ERROR_REPORT] * 5,
    ]
    assert {t.cause.correlation_id for t in told} == {desk.task}
    assert [t.cause.causation_id for t in told] == [None, *(r.step_id for r in desk.refs[:5])]
    log = desk.tasks.show(desk.task).log
    assert [(entry.id, entry.causation_id) for entry in log] == [
        (t.id, t.cause.causation_id) for t in told
    ]
    assert entries(redis) == 5


def test_ten_errors_become_a_pattern_that_is_told_once(
    engine: Engine, desk: Desk, redis: Redis, tools: Tools
) -> None:
    desk.analyze_all_with_errors()
    relay(tools)
    assert deliver(tools) == 0
    Desk(engine, task=OTHER).analyze_all_with_errors()
    relay(tools)
    assert deliver(tools) == 1
    assert deliver(tools) == 0
    (pattern,) = tools.learning.patterns()
    assert (pattern.type, pattern.support, pattern.submitters) == ("AnalyzerFailed", 10, 2)
    relay(tools)
    (delivery,), _ = tools.router.read("anyone", [MessageType.PATTERN_DISCOVERED], 10)
    assert delivery.envelope is not None
    cause = delivery.envelope.cause
    last = number(engine, "SELECT max(id) FROM messages WHERE type = 'error_report'")
    assert cause.causation_id == message_uuid(last)
    assert desk.tasks.show(cause.correlation_id).log[-1].type == "pattern_discovered"
    assert redis.xpending(stream(MessageType.ERROR_REPORT), LEARNER)["pending"] == 0


DYING_RELAY = """
import os, signal, sys
from fractal_rmo.adapters.bus.redis_client import make_redis
from fractal_rmo.adapters.bus.router import RedisRouter
from fractal_rmo.adapters.db.engine import make_engine
from fractal_rmo.adapters.db.outbox import SqlOutbox
from fractal_rmo.config.settings import Redis

redis = make_redis(sys.argv[2], Redis(), timeout_s=5.0)
router = RedisRouter(redis, redis)

def publish_and_die(envelopes):
    router.publish(envelopes)
    os.kill(os.getpid(), signal.SIGKILL)

SqlOutbox(make_engine(sys.argv[1])).drain(publish_and_die, 500)
"""


def test_a_relay_that_dies_between_publishing_and_marking_counts_nothing_twice(
    engine: Engine, desk: Desk, redis: Redis, redis_url: str, tools: Tools
) -> None:
    desk.analyze_all_with_errors()
    database = engine.url.render_as_string(hide_password=False)
    died = subprocess.run(
        [sys.executable, "-c", DYING_RELAY, database, redis_url], cwd=ROOT, check=False, timeout=60
    )
    assert died.returncode == -9
    assert entries(redis) == 5
    assert number(engine, "SELECT count(*) FROM messages WHERE sealed OR published") == 0
    deliver(tools)  # what is published may be read before it is marked
    assert tools.inbox.gathered(LEARNER) == 5
    assert relay(tools) == (6, 6)
    assert entries(redis) == 10
    deliver(tools)
    deliver(tools)
    assert tools.inbox.gathered(LEARNER) == 5
    assert number(engine, "SELECT count(*) FROM audit_log") == 6


def test_a_flush_loses_nothing(engine: Engine, desk: Desk, redis: Redis, tools: Tools) -> None:
    desk.analyze_all_with_errors()
    deliver(tools)
    relay(tools)
    redis.flushdb()
    deliver(tools)
    assert tools.inbox.gathered(LEARNER) == 5
    Desk(engine, task=OTHER).analyze_all_with_errors()
    redis.flushdb()
    relay(tools)
    assert deliver(tools) == 1


def test_what_a_stream_has_cut_off_is_found_in_the_tables(
    engine: Engine, desk: Desk, redis: Redis, tools: Tools
) -> None:
    deliver(tools)
    desk.analyze_all_with_errors()
    relay(tools)
    redis.xtrim(stream(MessageType.ERROR_REPORT), maxlen=2, approximate=False)
    deliver(tools)
    assert tools.inbox.gathered(LEARNER) == 2
    assert tools.inbox.advance(LEARNER, LEARNER_HEARS) == 1  # up to the task_assignment
    disable = "ALTER TABLE audit_log DISABLE TRIGGER USER"
    with engine.connect() as db:
        db.execute(text(disable))
        db.execute(text("UPDATE audit_log SET sealed_at = now() - interval '1 minute'"))
    deliver(tools)
    assert tools.inbox.gathered(LEARNER) == 5
    assert number(engine, "SELECT position FROM consumers") == 6
    assert number(engine, "SELECT count(*) FROM deliveries") == 0


def test_what_a_dead_member_of_the_group_held_is_taken_over(
    desk: Desk, engine: Engine, redis: Redis, redis_url: str
) -> None:
    deliver(tools_over(engine, redis))
    desk.analyze_all_with_errors()
    relay(tools_over(engine, redis))
    program = (
        "import sys\n"
        "from fractal_rmo.adapters.bus.redis_client import make_redis\n"
        "from fractal_rmo.adapters.bus.router import RedisRouter\n"
        "from fractal_rmo.config.settings import Redis\n"
        "from fractal_rmo.domain.message import MessageType\n"
        "redis = make_redis(sys.argv[1], Redis(), timeout_s=5.0)\n"
        "router = RedisRouter(redis, redis)\n"
        "print(len(router.read('learner', [MessageType.ERROR_REPORT], 100)[0]))\n"
    )
    dead = subprocess.run(
        [sys.executable, "-c", program, redis_url],
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert dead.stdout == "5\n"
    patient = tools_over(engine, redis, claim_after_s=CLAIM_AFTER_S)
    deliver(patient)
    assert patient.inbox.gathered(LEARNER) == 0
    heir = tools_over(engine, redis, claim_after_s=0.0)
    deliver(heir)
    assert heir.inbox.gathered(LEARNER) == 5
    assert redis.xpending(stream(MessageType.ERROR_REPORT), LEARNER)["pending"] == 0


def test_without_redis_the_audit_log_goes_on_and_the_rest_waits(
    engine: Engine, desk: Desk, redis: Redis, tmp_path: Path
) -> None:
    nobody = make_redis(
        f"redis+socket://{tmp_path}/no.sock?virtual_host=0", RedisSettings(), timeout_s=0.5
    )
    desk.analyze_all_with_errors()
    alone = tools_over(engine, nobody)
    assert relay(alone) == (6, 0)
    assert relay(alone) == (0, 0)
    assert deliver(alone) == 0
    back = tools_over(engine, redis)
    assert relay(back) == (0, 6)
    deliver(back)
    assert back.inbox.gathered(LEARNER) == 5


FORGED = [
    b"\xff",
    "nonsense",
    "[" * 100_000,
    "null",
    '{"id": 1}',
    (
        '{"id": 1, "type": "error_report", "correlation_id": "01a21780-995e-7baf-be85-cdeb58dd433d"'
        ', "causation_id": null, "timestamp": "2026-01-01T00:00:00+00:00",'
        ' "payload": {"role": "validator", "level": 3, "error_type": "<script>"}}'
    ),
]


@pytest.mark.parametrize("body", FORGED)
def test_what_is_no_message_is_passed_over_and_holds_nothing_up(
    desk: Desk, redis: Redis, tools: Tools, body: str | bytes
) -> None:
    redis.xadd(stream(MessageType.ERROR_REPORT), {"message": body})
    redis.xadd(stream(MessageType.ERROR_REPORT), {"another": "field"})
    desk.analyze_all_with_errors()
    relay(tools)
    deliver(tools)
    assert tools.inbox.gathered(LEARNER) == 5
    assert redis.xpending(stream(MessageType.ERROR_REPORT), LEARNER)["pending"] == 0


def test_a_message_that_nobody_stored_counts_nothing(
    desk: Desk, engine: Engine, tools: Tools
) -> None:
    payload: JsonObject = {"role": "validator", "level": 3, "error_type": "Forged"}
    assignment = number(engine, "SELECT min(id) FROM messages")
    for invented in (assignment, 10_000_000):
        message = Message(MessageType.ERROR_REPORT, payload)
        forged = Envelope(invented, message, Cause(desk.task), datetime.now(UTC))
        tools.router.publish([forged])
    deliver(tools)
    assert tools.inbox.gathered(LEARNER) == 0


def test_what_a_stream_tells_of_the_time_before_a_restore_is_not_believed(
    engine: Engine, desk: Desk, redis: Redis, tools: Tools
) -> None:
    desk.analyze_all_with_errors()
    Desk(engine, task=OTHER).analyze_all_with_errors()
    last = number(engine, "SELECT max(id) FROM messages")
    payload: JsonObject = {"role": "logic", "level": 0, "error_type": "AnalyzerFailed"}
    gone = Cause("01900000-0000-7000-8000-000000000000")
    message = Message(MessageType.ERROR_REPORT, payload)
    relay(tools)
    redis.delete(stream(MessageType.ERROR_REPORT))  # the broker has another history than the tables
    first = number(engine, "SELECT min(id) FROM messages WHERE type = 'error_report'")
    for known in range(first, last + 1):
        tools.router.publish([Envelope(known, message, gone, datetime.now(UTC))])
    assert deliver(tools) == 1
    relay(tools)
    query = "SELECT count(*) FROM messages m JOIN tasks t ON t.id = m.correlation_id"
    assert number(engine, f"{query} WHERE m.type = 'pattern_discovered'") == 1


def test_a_process_forgets_what_a_message_says_is_outdated(
    engine: Engine, redis: Redis, redis_url: str, tools: Tools
) -> None:
    known = Known(tools.protocols, tools.learning, kept_s=3600)
    assert tools.protocols.install(SHIPPED)
    assert not tools.protocols.install(SHIPPED)
    heard: queue.Queue[str] = queue.Queue()
    listener = make_redis(redis_url, RedisSettings(), timeout_s=None)

    def hear(told: Envelope) -> None:
        known.heard(told.message.type)
        heard.put(told.message.type.value)

    kinds = (MessageType.PROTOCOL_UPDATE, MessageType.PATTERN_DISCOVERED)
    watch(RedisRouter(redis, listener), kinds, hear, lambda: heard.put("connected"))
    assert [heard.get(timeout=20), heard.get(timeout=20)] == ["connected"] * 2
    assert known.protocol() == {"name": "default", "version": 1}
    tools.protocols.install(ProtocolVersion("default", 2))
    error = ErrorRecord("AnalyzerFailed", "it broke", "logic")
    assert known.patterns_like([error]) == ()
    for task in (TASK, OTHER):
        Desk(engine, task=task).analyze_all_with_errors()
    assert known.protocol()["version"] == 1
    redis.publish(channel(MessageType.PROTOCOL_UPDATE), "nonsense")
    relay(tools)
    assert heard.get(timeout=20) == "protocol_update"
    assert heard.get(timeout=20) == "protocol_update"
    assert known.protocol()["version"] == 2
    assert deliver(tools) == 1
    relay(tools)
    assert heard.get(timeout=20) == "pattern_discovered"
    assert [pattern.type for pattern in known.patterns_like([error])] == ["AnalyzerFailed"]
    assert known.patterns_like([replace(error, type="Other")]) == ()
