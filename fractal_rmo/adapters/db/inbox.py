"""``ports.messages.Inbox`` on PostgreSQL.

Positions of the audit log are given under its lock, so they become visible in
their order and without gaps, which message ids do not: a position is an offset
that nothing can slip in behind.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, Engine, RowMapping, text

from fractal_rmo.adapters.db.engine import run, transact
from fractal_rmo.adapters.db.outbox import envelope
from fractal_rmo.domain.message import Envelope, MessageType

_JOIN = text("INSERT INTO consumers (name) VALUES (:consumer) ON CONFLICT DO NOTHING")
_LOCK = text("SELECT position FROM consumers WHERE name = :consumer FOR NO KEY UPDATE")
_TAKE = text("""
WITH taken AS (
    INSERT INTO deliveries (consumer, message_id)
    SELECT c.name, m.id FROM messages m, consumers c
    WHERE c.name = :consumer AND m.id = ANY(:ids) AND m.type = ANY(:kinds)
      AND NOT EXISTS (SELECT FROM audit_log a
                      WHERE a.message_id = m.id AND a.position <= c.position)
    ON CONFLICT DO NOTHING RETURNING message_id
), gathering AS (
    UPDATE consumers SET gathered = gathered + (SELECT count(*) FROM taken)
    WHERE name = :consumer
)
SELECT m.id, m.correlation_id, m.causation_id, m.type, m.payload, m.created_at
FROM messages m WHERE m.id = (SELECT max(message_id) FROM taken)
""")
_GATHERED = text("SELECT gathered FROM consumers WHERE name = :consumer")
_ACTED = text("UPDATE consumers SET gathered = 0 WHERE name = :consumer AND gathered = :count")
_OWED = """
FROM audit_log a JOIN messages m ON m.id = a.message_id AND m.type = ANY(:kinds)
WHERE a.position > coalesce((SELECT position FROM consumers WHERE name = :consumer), 0)
  AND NOT EXISTS (SELECT FROM deliveries d WHERE d.consumer = :consumer AND d.message_id = m.id)
"""
_MISSED = text(f"""
SELECT m.id, m.correlation_id, m.causation_id, m.type, m.payload, m.created_at
{_OWED} AND a.sealed_at <= now() - :older * interval '1 second'
ORDER BY a.position LIMIT :limit
""")
_FIRST_OWED = text("SELECT min(a.position) - 1" + _OWED)
_LAST = text("SELECT coalesce(max(position), 0) FROM audit_log")
_ADVANCE = text("UPDATE consumers SET position = :position WHERE name = :consumer")
_FORGET = text("""
DELETE FROM deliveries d USING audit_log a
WHERE d.consumer = :consumer AND a.message_id = d.message_id AND a.position <= :position
""")


class SqlInbox:
    """A message is taken once by each consumer, whoever delivers it and however often."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(
        self, consumer: str, kinds: Collection[MessageType], ids: Collection[int]
    ) -> Envelope | None:
        """See the port."""
        values = {"consumer": consumer, "kinds": _names(kinds), "ids": list(ids)}

        def work(db: Connection) -> RowMapping | None:
            db.execute(_JOIN, values)
            db.execute(_LOCK, values)  # else the position could pass by while this looks at it
            return db.execute(_TAKE, values).mappings().first()

        last = transact(self._engine, work)
        return None if last is None else envelope(last)

    def gathered(self, consumer: str) -> int:
        """See the port."""
        values = {"consumer": consumer}
        return run(self._engine, lambda db: db.execute(_GATHERED, values).scalar()) or 0

    def acted(self, consumer: str, count: int) -> None:
        """See the port."""
        values = {"consumer": consumer, "count": count}
        run(self._engine, lambda db: db.execute(_ACTED, values))

    def missed(
        self, consumer: str, kinds: Collection[MessageType], older_s: float, limit: int
    ) -> Sequence[Envelope]:
        """See the port."""
        values = {"consumer": consumer, "kinds": _names(kinds), "older": older_s, "limit": limit}
        found = run(self._engine, lambda db: db.execute(_MISSED, values).mappings().all())
        return [envelope(row) for row in found]

    def advance(self, consumer: str, kinds: Collection[MessageType]) -> int:
        """See the port."""
        values = {"consumer": consumer, "kinds": _names(kinds)}

        def work(db: Connection) -> int:
            before = db.execute(_LOCK, values).scalar()
            if before is None:
                return 0
            # the end first: what is sealed between the two questions is owed, and must be seen
            last: int = db.execute(_LAST).scalar_one()
            owed = db.execute(_FIRST_OWED, values).scalar()
            position = last if owed is None else min(last, owed)
            if position > before:
                moved = {"consumer": consumer, "position": position}
                db.execute(_ADVANCE, moved)
                db.execute(_FORGET, moved)
            return position

        return transact(self._engine, work)


def _names(kinds: Collection[MessageType]) -> list[str]:
    return [kind.value for kind in kinds]
