"""The hash chain over all messages: how a link is made, and how the chain is checked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, RowMapping, text

from fractal_rmo.adapters.db import codec
from fractal_rmo.adapters.db.engine import run
from fractal_rmo.domain.audit import GENESIS, Audit, chain_hash

CONTENT = ("id", "correlation_id", "causation_id", "type", "payload", "created_at")
"""The columns of a message that its digest covers."""
_BATCH = 5000
_LINKS = text("""
SELECT a.position, a.message_id, a.content_sha256, a.previous_hash, a.hash,
       m.id, m.correlation_id, m.causation_id, m.type, m.payload, m.created_at
FROM audit_log a LEFT JOIN messages m ON m.id = a.message_id
WHERE a.position > :after ORDER BY a.position LIMIT :limit
""")
_LOOSE = text("""
SELECT min(m.id) FROM messages m
WHERE m.sealed AND NOT EXISTS (SELECT FROM audit_log a WHERE a.message_id = m.id)
""")


def content_digest(row: RowMapping | Mapping[str, Any]) -> str:
    """The SHA-256 of a message's content as canonical JSON, with its time in UTC."""
    shown = {key: row[key] if key == "payload" else _text(row[key]) for key in sorted(CONTENT)}
    return hashlib.sha256(codec.to_json(shown).encode()).hexdigest()


def _text(value: object) -> str:
    return str(value.astimezone(UTC) if isinstance(value, datetime) else value)


class SqlAuditStore:
    """Reads the chain in batches, so that its length does not matter."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def verify(self, expected_hash: str = "", expected_position: int = 0) -> Audit:
        """See the port."""
        position, last = 0, GENESIS
        met = not expected_hash
        for link in self._links():
            if trouble := _trouble(link, position, last):
                return Audit(position, last, position + 1, trouble)
            position, last = position + 1, link["hash"]
            met = met or (last == expected_hash and expected_position in (0, position))
        return self._ended(Audit(position, last), expected_position, met=met)

    def _ended(self, audit: Audit, expected_position: int, *, met: bool) -> Audit:
        """The audit, with what only the end of the chain shows."""
        behind = audit.position + 1
        if audit.position < expected_position:
            words = f"the chain ends here, and position {expected_position} is expected"
            return Audit(audit.position, audit.hash, behind, words)
        loose = run(self._engine, lambda db: db.execute(_LOOSE).scalar())
        if loose is not None:
            words = f"the chain ends here, and message {loose} was sealed into it"
            return Audit(audit.position, audit.hash, behind, words)
        if not met:
            place = expected_position or audit.position
            return Audit(audit.position, audit.hash, place, "the expected hash is not there")
        return audit

    def _links(self) -> Iterator[RowMapping]:
        after = 0
        while True:
            values = {"after": after, "limit": _BATCH}
            found = run(self._engine, lambda db: db.execute(_LINKS, values).mappings().all())  # noqa: B023 - called at once
            yield from found
            if len(found) < _BATCH:
                return
            after = found[-1]["position"]


def _trouble(link: RowMapping, position: int, last: str) -> str:
    """Why the link does not hold behind this position and hash, or ""."""
    if link["position"] != position + 1:
        return f"the link is missing; the next one is at {link['position']}"
    if link["id"] is None:
        return f"message {link['message_id']} is missing"
    if content_digest(link) != link["content_sha256"]:
        return f"message {link['message_id']} is not what was sealed"
    if link["previous_hash"] != last:
        return "the link does not follow the one before it"
    if link["hash"] != chain_hash(last, link["content_sha256"]):
        return "the link's hash is not that of its content"
    return ""
