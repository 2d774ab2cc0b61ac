"""Versions of the protocol, for people to read and to undo."""

from __future__ import annotations

from collections.abc import Sequence

from fractal_rmo.domain.errors import ErrorCode, InputError, LifecycleError
from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.protocol import SHIPPED, ProtocolRow, ProtocolVersion
from fractal_rmo.services.tools import Tools


def protocol_rows(tools: Tools) -> Sequence[ProtocolRow]:
    """All versions, newest first."""
    return tools.protocols.rows(SHIPPED.name)


def protocol_row(named: str, tools: Tools) -> ProtocolRow:
    """One version by ``NAME/VERSION``.  Raises ``InputError`` NO_SUCH_PROTOCOL."""
    name = named.partition("/")[0]
    for row in tools.protocols.rows(name):
        if str(row.protocol) == named:
            return row
    raise InputError(ErrorCode.NO_SUCH_PROTOCOL, f"There is no '{named}'.")


def roll_back(tools: Tools) -> ProtocolVersion:
    """Undo the latest promotion.  Raises ``LifecycleError`` FIRST_PROTOCOL where there was none."""
    found = tools.protocols.roll_back(SHIPPED.name)
    if found is None:
        raise LifecycleError(ErrorCode.FIRST_PROTOCOL)
    return found


def protocol_document(row: ProtocolRow) -> JsonObject:
    """One version as JSON."""
    return {
        "name": row.protocol.name,
        "version": row.protocol.version,
        "status": row.status,
        "parent": row.parent,
        "created_at": row.created_at,
        "edits": dict(row.protocol.edits),
        "looks": [dict(look) for look in row.looks],
    }
