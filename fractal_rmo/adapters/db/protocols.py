"""``ports.stores.ProtocolStore`` on PostgreSQL."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, text
from uuid6 import uuid7

from fractal_rmo.adapters.db import codec
from fractal_rmo.adapters.db.engine import row, transact
from fractal_rmo.adapters.db.outbox import tell
from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.message import Cause, Message, MessageType
from fractal_rmo.domain.protocol import ProtocolVersion

_ACTIVE = "active"
_CURRENT = text("""
SELECT name, version, edits FROM protocols WHERE name = :name AND status = :status
ORDER BY version DESC LIMIT 1
""")
_INSTALL = text("""
INSERT INTO protocols (id, name, version, edits, status)
VALUES (:id, :name, :version, CAST(:edits AS jsonb), :status)
ON CONFLICT (name, version) DO NOTHING RETURNING id
""")


class SqlProtocolStore:
    """Versions are inserted, never changed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def current(self, name: str) -> ProtocolVersion | None:
        """See the port."""
        found = row(self._engine, _CURRENT, {"name": name, "status": _ACTIVE})
        return ProtocolVersion(**found) if found else None

    def install(self, protocol: ProtocolVersion) -> bool:
        """See the port."""
        return transact(self._engine, lambda db: _install(db, protocol))


def _install(db: Connection, protocol: ProtocolVersion) -> bool:
    values = {"id": str(uuid7()), "name": protocol.name, "version": protocol.version}
    values |= {"edits": codec.to_json(protocol.edits), "status": _ACTIVE}
    if db.execute(_INSTALL, values).first() is None:
        return False
    said: JsonObject = {"name": protocol.name, "version": protocol.version, "status": _ACTIVE}
    tell(db, Message(MessageType.PROTOCOL_UPDATE, said), Cause(str(values["id"])))
    return True
