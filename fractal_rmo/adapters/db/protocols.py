"""``ports.protocols.ProtocolStore`` on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, RowMapping, text
from uuid6 import uuid7

from fractal_rmo.adapters.db import codec
from fractal_rmo.adapters.db.engine import row, run, transact
from fractal_rmo.adapters.db.outbox import tell
from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.message import Cause, Message, MessageType
from fractal_rmo.domain.protocol import ProtocolRow, ProtocolVersion, Status

_CURRENT = text("""
SELECT name, version, edits FROM protocols WHERE name = :name AND status = 'active'
ORDER BY version DESC LIMIT 1
""")
INSERT = text("""
INSERT INTO protocols (id, name, version, edits, status, parent_id)
VALUES (:id, :name, :version, CAST(:edits AS jsonb), :status,
        (SELECT id FROM protocols WHERE name = :name AND version = :parent))
ON CONFLICT (name, version) DO NOTHING RETURNING id
""")
_LINEAGE = text("""
WITH RECURSIVE line AS (
    SELECT p.* FROM protocols p WHERE p.name = :name AND p.version = :version
    UNION ALL
    SELECT p.* FROM protocols p JOIN line ON p.id = line.parent_id
)
SELECT name, version, edits FROM line ORDER BY version
""")
_ROWS = text("""
SELECT p.name, p.version, p.edits, p.status, p.created_at, coalesce(o.version, 0) AS parent,
       (SELECT jsonb_agg(to_jsonb(l) - 'id' - 'experiment_id' ORDER BY l.id)
        FROM experiments e JOIN looks l ON l.experiment_id = e.id
        WHERE e.candidate_id = p.id) AS looks
FROM protocols p LEFT JOIN protocols o ON o.id = p.parent_id
WHERE p.name = :name ORDER BY p.version DESC
""")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('protocols'))")
_BEFORE = text("""
SELECT p.version, o.version AS parent FROM protocols p JOIN protocols o ON o.id = p.parent_id
WHERE p.name = :name AND p.status = 'active' ORDER BY p.version DESC LIMIT 1
""")
_MOVE = text("UPDATE protocols SET status = :status WHERE name = :name AND version = :version")
_END_WITH = text("""
WITH ended AS (
    UPDATE experiments SET status = 'ended', ended_at = now()
    WHERE ended_at IS NULL
      AND (control_id = (SELECT id FROM protocols WHERE name = :name AND version = :version)
           OR candidate_id = (SELECT id FROM protocols WHERE name = :name AND version = :version))
    RETURNING candidate_id
)
UPDATE protocols SET status = 'rejected'
WHERE id IN (SELECT candidate_id FROM ended) AND status = 'candidate'
""")
"""What compares with a version that is no longer in force is not to be decided any more."""


class SqlProtocolStore:
    """Versions are inserted, never changed; only what became of them is."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def current(self, name: str) -> ProtocolVersion | None:
        """See the port."""
        found = row(self._engine, _CURRENT, {"name": name})
        return ProtocolVersion(**found) if found else None

    def install(self, protocol: ProtocolVersion) -> bool:
        """See the port."""
        return transact(self._engine, lambda db: _install(db, protocol))

    def lineage(self, name: str, version: int) -> Sequence[ProtocolVersion]:
        """See the port."""
        values = {"name": name, "version": version}
        found = run(self._engine, lambda db: db.execute(_LINEAGE, values).mappings().all())
        return [ProtocolVersion(**line) for line in found]

    def rows(self, name: str) -> Sequence[ProtocolRow]:
        """See the port."""
        found = run(self._engine, lambda db: db.execute(_ROWS, {"name": name}).mappings().all())
        return [_row(line) for line in found]

    def roll_back(self, name: str) -> ProtocolVersion | None:
        """See the port."""
        return transact(self._engine, lambda db: roll_back(db, name))


def insert(db: Connection, protocol: ProtocolVersion, status: Status, parent: int = 0) -> str:
    """The id of a new version; "" where it exists already."""
    values: dict[str, object] = {"id": str(uuid7()), "name": protocol.name}
    values |= {"version": protocol.version, "edits": codec.to_json(protocol.edits)}
    found = db.execute(INSERT, {**values, "status": status.value, "parent": parent}).first()
    return str(found[0]) if found else ""


def lock(db: Connection) -> None:
    """Decisions are made one after the other."""
    db.execute(_LOCK)


def move(db: Connection, name: str, version: int, status: Status) -> None:
    """Say what became of a version; what is put in force is told."""
    db.execute(_MOVE, {"name": name, "version": version, "status": status.value})
    if status is Status.ACTIVE:
        _tell(db, name, version, Cause(str(uuid7())))


def roll_back(db: Connection, name: str) -> ProtocolVersion | None:
    """See the port."""
    lock(db)
    found = db.execute(_BEFORE, {"name": name}).first()
    if found is None:
        return None
    db.execute(_END_WITH, {"name": name, "version": found.version})
    move(db, name, found.version, Status.ROLLED_BACK)
    move(db, name, found.parent, Status.ACTIVE)
    return ProtocolVersion(**db.execute(_CURRENT, {"name": name}).mappings().one())


def _install(db: Connection, protocol: ProtocolVersion) -> bool:
    created = insert(db, protocol, Status.ACTIVE)
    if created:
        _tell(db, protocol.name, protocol.version, Cause(created))
    return bool(created)


def _tell(db: Connection, name: str, version: int, cause: Cause) -> None:
    said: JsonObject = {"name": name, "version": version, "status": Status.ACTIVE.value}
    tell(db, Message(MessageType.PROTOCOL_UPDATE, said), cause)


def _row(line: RowMapping) -> ProtocolRow:
    return ProtocolRow(
        protocol=ProtocolVersion(line["name"], line["version"], line["edits"]),
        status=line["status"],
        parent=line["parent"],
        created_at=line["created_at"].isoformat(),
        looks=tuple(line["looks"] or ()),
    )
