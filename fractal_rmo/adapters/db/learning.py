"""``ports.stores.LearningStore`` on PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

from sqlalchemy import Connection, Engine, text
from uuid6 import uuid7

from fractal_rmo.adapters.db import codec
from fractal_rmo.adapters.db.engine import row, run, transact
from fractal_rmo.adapters.db.holdout import HELD_OUT
from fractal_rmo.adapters.db.outbox import tell
from fractal_rmo.domain.experience import Experience, read_experience
from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.domain.message import Cause, Message, MessageType
from fractal_rmo.domain.pattern import ErrorRecord, Pattern

_PATTERNS = text("""
SELECT error_type, error_signature, support, submitters, lift, confidence FROM patterns
ORDER BY last_seen DESC LIMIT 1000
""")
_ERRORS = text("""
SELECT error_type, message, role, level, signature, tokens_used, submitter FROM error_logs
ORDER BY time DESC LIMIT :limit
""")
_SAVE = text("""
INSERT INTO patterns (id, error_type, error_signature, signature_sha256, support, submitters, lift,
                      confidence)
VALUES (:id, :type, CAST(:signature AS jsonb), :sha256, :support, :submitters, :lift, :confidence)
ON CONFLICT (error_type, signature_sha256) DO UPDATE
SET support = excluded.support, submitters = excluded.submitters, lift = excluded.lift,
    confidence = excluded.confidence, last_seen = now()
RETURNING xmax = 0
""")
_TAKE_HOUR = text("""
INSERT INTO jobs (name, hour) VALUES (:name, date_trunc('hour', now(), 'UTC'))
ON CONFLICT DO NOTHING RETURNING name
""")
_SEARCHES = text(f"""
SELECT DISTINCT ON (t.content_sha256) t.content_sha256, CAST(t.owner_id AS text) AS owner,
       t.ending = 'proven' AS proven,
       (SELECT jsonb_agg(s.output->'experience' ORDER BY s.id) FROM steps s
        WHERE s.task_id = t.id AND s.round = t.round AND s.stage = 'execute'
          AND s.state = 'done') AS slices
FROM (SELECT * FROM tasks t WHERE t.kind = 'fix' AND t.ending IN ('proven', 'not_proven')
        AND NOT {HELD_OUT} ORDER BY t.id DESC LIMIT :limit) t
ORDER BY t.content_sha256, t.id DESC
""")  # noqa: S608 - made of our own words


class SqlLearningStore:
    """Error logs, patterns, and the once-an-hour lock."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def errors(self, limit: int = 5000) -> Sequence[tuple[ErrorRecord, str]]:
        """See the port."""
        rows = run(self._engine, lambda db: db.execute(_ERRORS, {"limit": limit}).all())
        return [(ErrorRecord(*row[:6]), row[6]) for row in rows]

    def save_patterns(self, patterns: Sequence[Pattern], cause: Cause | None) -> int:
        """See the port."""
        because = cause or Cause(str(uuid7()))
        return transact(self._engine, lambda db: sum(_save(db, p, because) for p in patterns))

    def patterns(self) -> Sequence[Pattern]:
        """See the port."""
        found = run(self._engine, lambda db: db.execute(_PATTERNS).all())
        return [Pattern(*row) for row in found]

    def searches(self, limit: int) -> Sequence[tuple[Experience, str]]:
        """See the port."""
        rows = run(self._engine, lambda db: db.execute(_SEARCHES, {"limit": limit}).all())
        owners = {row.owner for row in rows}
        found = [(_search(row.slices, proven=row.proven), row) for row in rows]
        return [
            (search, row.owner if len(owners) > 1 and row.owner else row.content_sha256)
            for search, row in found
            if search
        ]

    def take_hour(self, job: str) -> bool:
        """See the port."""
        return row(self._engine, _TAKE_HOUR, {"name": job}) is not None


def _search(slices: Sequence[Json] | None, *, proven: bool) -> Experience | None:
    """One search out of its slices; None where its worker was of an older version."""
    read = [read_experience(part) for part in slices or ()]
    known = [part for part in read if part is not None]
    if not known or len(known) < len(read):
        return None
    whole = reduce(Experience.then, known)
    return whole if proven else replace(whole, mended=())


def _save(db: Connection, pattern: Pattern, cause: Cause) -> bool:
    """Insert or refresh one pattern; a new one is told."""
    signature = codec.to_json(pattern.signature)
    values = {
        "id": str(uuid7()),
        "type": pattern.type,
        "signature": signature,
        "sha256": hashlib.sha256(signature.encode()).hexdigest(),
        "support": pattern.support,
        "submitters": pattern.submitters,
        "lift": pattern.lift,
        "confidence": pattern.confidence,
    }
    is_new: bool = db.execute(_SAVE, values).scalar_one()
    if is_new:
        said: JsonObject = {
            "type": pattern.type,
            "support": pattern.support,
            "confidence": pattern.confidence,
        }
        tell(db, Message(MessageType.PATTERN_DISCOVERED, said), cause)
    return is_new
