"""``ports.messages.Outbox`` on PostgreSQL: stored, sealed and published, in this order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, text

from fractal_rmo.adapters.db import codec
from fractal_rmo.adapters.db.audit import content_digest
from fractal_rmo.adapters.db.engine import transact
from fractal_rmo.domain.audit import GENESIS, chain_hash
from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.message import Cause, Envelope, Message, MessageType
from fractal_rmo.domain.pattern import ErrorRecord
from fractal_rmo.ports.messages import Drained, Publish
from fractal_rmo.services.message_schemas import check

_TELL = text("""
INSERT INTO messages (correlation_id, causation_id, type, payload)
VALUES (:correlation, :causation, :type, CAST(:payload AS jsonb))
""")
_CHAIN_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('audit_log'))")
_CHAIN_END = text("SELECT position, hash FROM audit_log ORDER BY position DESC LIMIT 1")
_OPEN = text("""
SELECT id, correlation_id, causation_id, type, payload, created_at, sealed, published
FROM messages WHERE NOT sealed OR (NOT published AND :publishing) ORDER BY id LIMIT :limit
""")
_SEAL = text("""
INSERT INTO audit_log (position, message_id, content_sha256, previous_hash, hash)
SELECT l.position, l.message_id, l.content_sha256, l.previous_hash, l.hash
FROM jsonb_to_recordset(CAST(:links AS jsonb))
     AS l(position bigint, message_id bigint, content_sha256 text, previous_hash text, hash text)
""")
_MARK = text("""
UPDATE messages SET sealed = true, published = published OR :publishing WHERE id = ANY(:ids)
""")
_TYPES = frozenset(kind.value for kind in MessageType)


def message_rows(
    messages: Iterable[Message], errors: Iterable[ErrorRecord] = ()
) -> list[dict[str, Any]]:
    """Messages as they are stored, and one ERROR_REPORT for each error that is logged.

    Raises ``FractalError`` (BAD_DOCUMENT) for a payload that does not fit.
    """
    return [
        {"type": message.type.value, "payload": message.payload}
        for message in map(check, (*messages, *map(error_report, errors)))
    ]


def error_report(error: ErrorRecord) -> Message:
    """What is told of an error: where it was met and of which type it is, not its words."""
    said: JsonObject = {"role": error.role, "level": error.level, "error_type": error.type}
    return Message(MessageType.ERROR_REPORT, said)


def tell(db: Connection, message: Message, cause: Cause) -> None:
    """Store one message beside other effects of the same transaction."""
    (stored,) = message_rows([message])
    values = {"correlation": cause.correlation_id, "causation": cause.causation_id}
    values |= {"type": stored["type"], "payload": codec.to_json(stored["payload"])}
    db.execute(_TELL, values)


def envelope(row: RowMapping) -> Envelope:
    """The message of a row."""
    caused_by = row["causation_id"]
    return Envelope(
        id=row["id"],
        message=Message(MessageType(row["type"]), row["payload"]),
        cause=Cause(str(row["correlation_id"]), str(caused_by) if caused_by else None),
        timestamp=row["created_at"].astimezone(UTC),
    )


class SqlOutbox:
    """Safe to drain twice at once: the chain's lock lets one at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def drain(self, publish: Publish | None, limit: int) -> Drained:
        """See the port."""
        return transact(self._engine, partial(_drain, publish=publish, limit=limit))


def _drain(db: Connection, publish: Publish | None, limit: int) -> Drained:
    db.execute(_CHAIN_LOCK)
    publishing = publish is not None
    rows = db.execute(_OPEN, {"publishing": publishing, "limit": limit}).mappings().all()
    if not rows:
        return Drained()
    links = _links(db, [row for row in rows if not row["sealed"]])
    # a newer version's type is only sealed: who knows it finds it in the tables
    unpublished = [envelope(r) for r in rows if not r["published"] and r["type"] in _TYPES]
    if publish is not None and unpublished:
        publish(unpublished)
    if links:
        db.execute(_SEAL, {"links": codec.to_json(links)})
    db.execute(_MARK, {"publishing": publishing, "ids": [row["id"] for row in rows]})
    return Drained(len(rows), len(links), len(unpublished) if publishing else 0)


def _links(db: Connection, unsealed: Sequence[RowMapping]) -> list[dict[str, Any]]:
    """The next links of the chain, one for each message."""
    last = db.execute(_CHAIN_END).first()
    position, previous = (last[0], last[1]) if last else (0, GENESIS)
    links = []
    for message in unsealed:
        position += 1
        digest = content_digest(message)
        link = {
            "position": position,
            "message_id": message["id"],
            "content_sha256": digest,
            "previous_hash": previous,
            "hash": chain_hash(previous, digest),
        }
        links.append(link)
        previous = link["hash"]
    return links
