"""The hash chain finds every change that is made past the program."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from fractal_rmo.adapters.db import audit as audit_module
from fractal_rmo.adapters.db.audit import SqlAuditStore, content_digest
from fractal_rmo.domain.audit import GENESIS, Audit, chain_hash
from tests.adapters.db.desk import PROVEN, Desk

pytestmark = pytest.mark.cluster


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


@pytest.fixture
def chain(desk: Desk) -> SqlAuditStore:
    """Six messages, sealed."""
    desk.analyze_all_with_errors()
    assert desk.outbox.drain(None, 100).sealed == 6
    return SqlAuditStore(desk.engine)


def execute(desk: Desk, *statements: str) -> None:
    with desk.engine.connect() as db:
        for statement in statements:
            db.execute(text(statement))


def tamper(desk: Desk, *statements: str) -> None:
    """As somebody does who owns the tables."""
    for table in ("messages", "audit_log"):
        execute(desk, f"ALTER TABLE {table} DISABLE TRIGGER USER")
    execute(desk, *(statement.replace("THIRD", THIRD) for statement in statements))


def test_the_chain_covers_every_message_once(desk: Desk) -> None:
    desk.steps.finish(desk.reach_validation(), PROVEN)
    with ThreadPoolExecutor(2) as pool:
        drained = list(pool.map(lambda _: desk.outbox.drain(None, 100), range(2)))
    with desk.engine.connect() as db:
        messages = db.execute(text("SELECT * FROM messages ORDER BY id")).mappings().all()
        links = db.execute(text("SELECT hash FROM audit_log ORDER BY position")).scalars().all()
    expected, previous = [], GENESIS
    for message in messages:
        previous = chain_hash(previous, content_digest(message))
        expected.append(previous)
    assert sorted(each.sealed for each in drained) == [0, len(expected)]
    assert list(links) == expected
    assert SqlAuditStore(desk.engine).verify() == Audit(len(expected), expected[-1])


def test_an_empty_log_holds(engine: Engine) -> None:
    assert SqlAuditStore(engine).verify() == Audit(0, GENESIS)
    assert SqlAuditStore(engine).verify(expected_position=1).broken_at == 1


def test_the_clock_of_the_session_changes_nothing(chain: SqlAuditStore, desk: Desk) -> None:
    database = desk.engine.url.database
    execute(desk, f"ALTER DATABASE {database} SET timezone = 'Asia/Kathmandu'")
    desk.engine.dispose()
    assert chain.verify().broken_at == 0


def test_batches_are_one_chain(chain: SqlAuditStore, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = chain.verify()
    for size in (1, 2, 3, 6):
        monkeypatch.setattr(audit_module, "_BATCH", size)
        assert chain.verify() == whole


THIRD = "(SELECT message_id FROM audit_log WHERE position = 3)"
SWAP = """
UPDATE audit_log a SET message_id = -b.message_id, content_sha256 = b.content_sha256
FROM audit_log b WHERE (a.position, b.position) IN ((3, 4), (4, 3))
"""
TAMPERING = {
    "payload": (3, "not what was sealed", [
        "UPDATE messages SET payload = jsonb_set(payload, '{level}', '1') WHERE id = THIRD"
    ]),
    "type": (3, "not what was sealed", ["UPDATE messages SET type = 'x' WHERE id = THIRD"]),
    "time": (3, "not what was sealed", [
        "UPDATE messages SET created_at = created_at + interval '1 us' WHERE id = THIRD"
    ]),
    "correlation": (3, "not what was sealed", [
        "UPDATE messages SET correlation_id = gen_random_uuid() WHERE id = THIRD"
    ]),
    "causation": (3, "not what was sealed", [
        "UPDATE messages SET causation_id = NULL WHERE id = THIRD"
    ]),
    "deleted message": (3, "is missing", ["DELETE FROM messages WHERE id = THIRD"]),
    "deleted link": (3, "the next one is at 4", ["DELETE FROM audit_log WHERE position = 3"]),
    "deleted with its link": (3, "the next one is at 4", [
        "DELETE FROM messages WHERE id = THIRD", "DELETE FROM audit_log WHERE position = 3"
    ]),
    "deleted, the rest moved up": (3, "does not follow", [
        "DELETE FROM messages WHERE id = THIRD", "DELETE FROM audit_log WHERE position = 3",
        "UPDATE audit_log SET position = -position WHERE position > 3",
        "UPDATE audit_log SET position = -position - 1 WHERE position < 0",
    ]),
    "first link deleted": (1, "the next one is at 2", ["DELETE FROM audit_log WHERE position = 1"]),
    "reordered": (3, "hash is not", [
        SWAP, "UPDATE audit_log SET message_id = -message_id WHERE message_id < 0"
    ]),
    "reordered with hashes": (3, "does not follow", [
        "UPDATE audit_log SET position = position + 100 WHERE position IN (3, 4)",
        "UPDATE audit_log SET position = 3 WHERE position = 104",
        "UPDATE audit_log SET position = 4 WHERE position = 103",
    ]),
    "edited and sealed anew": (4, "does not follow", []),
    "a link's hash": (3, "hash is not", [
        "UPDATE audit_log SET hash = repeat('f', 64) WHERE position = 3"
    ]),
    "end cut off": (6, "was sealed into it", ["DELETE FROM audit_log WHERE position = 6"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", TAMPERING)
def test_tampering_is_found_where_it_begins(chain: SqlAuditStore, desk: Desk, kind: str) -> None:
    position, words, statements = TAMPERING[kind]
    tamper(desk, *statements)
    if kind == "edited and sealed anew":
        forge(desk, 3)
    found = chain.verify()
    assert (found.broken_at, found.position) == (position, position - 1)
    assert words in found.trouble


def forge(desk: Desk, position: int) -> None:
    """Edit a message and make its own link fit again."""
    values: dict[str, object] = {"position": position}
    with desk.engine.connect() as db:
        link = db.execute(_LINK, values).mappings().one()
        values |= {"message": link["message_id"]}
        message = db.execute(_EDIT, values).mappings().one()
        digest = content_digest(message)
        values |= {"digest": digest, "hash": chain_hash(link["previous_hash"], digest)}
        db.execute(_RESEAL, values)


_LINK = text("SELECT message_id, previous_hash FROM audit_log WHERE position = :position")
_EDIT = text("UPDATE messages SET type = 'x' WHERE id = :message RETURNING *")
_RESEAL = text("""
UPDATE audit_log SET content_sha256 = :digest, hash = :hash WHERE position = :position
""")


def test_a_whole_end_that_is_gone_is_known_by_an_earlier_run(
    chain: SqlAuditStore, desk: Desk
) -> None:
    before = chain.verify()
    assert chain.verify(before.hash, before.position) == before
    assert chain.verify(before.hash) == before
    assert chain.verify(before.hash, before.position - 1).broken_at == before.position - 1
    tamper(
        desk,
        "DELETE FROM messages WHERE id IN (SELECT message_id FROM audit_log WHERE position > 4)",
        "DELETE FROM audit_log WHERE position > 4",
    )
    assert chain.verify().broken_at == 0
    assert chain.verify(expected_position=before.position).broken_at == 5
    assert chain.verify(before.hash).trouble == "the expected hash is not there"


def test_a_chain_that_has_grown_still_holds_the_earlier_hash(
    chain: SqlAuditStore, desk: Desk
) -> None:
    before = chain.verify()
    Desk(desk.engine)
    desk.outbox.drain(None, 100)
    after = chain.verify(before.hash, before.position)
    assert (after.position, after.broken_at) == (before.position + 1, 0)


NOT_APPENDING = (
    "UPDATE messages SET payload = '{}'",
    "UPDATE messages SET created_at = now()",
    "UPDATE messages SET sealed = false",
    "DELETE FROM messages",
    "TRUNCATE messages",
    "UPDATE audit_log SET hash = ''",
    "DELETE FROM audit_log",
    "TRUNCATE audit_log",
)


def test_the_database_refuses_what_is_not_appending(chain: SqlAuditStore, desk: Desk) -> None:
    for statement in NOT_APPENDING:
        with pytest.raises(DBAPIError, match="append-only"):
            execute(desk, statement)
    assert chain.verify().position == 6
