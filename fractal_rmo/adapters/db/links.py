"""``ports.stores.LinkStore`` on PostgreSQL."""

from __future__ import annotations

import hashlib

from sqlalchemy import Engine, text

from fractal_rmo.adapters.db.engine import row

_USE = text("""
INSERT INTO used_links (nonce_sha256) VALUES (:nonce) ON CONFLICT DO NOTHING RETURNING used_at
""")


class SqlLinkStore:
    """Remembers which links were opened, by their hash."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def use(self, nonce: str) -> bool:
        """See the port."""
        digest = hashlib.sha256(nonce.encode()).hexdigest()
        return row(self._engine, _USE, {"nonce": digest}) is not None
