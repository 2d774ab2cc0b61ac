"""One-time links: who holds one may sign a browser in, once, for a quarter of an hour."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from fractal_rmo.ports.stores import LinkStore

LIFETIME_S = 900


def new_link(secret_key: str, now: float) -> str:
    """The token of a new link; ``now`` in seconds since the epoch.  Nothing is stored yet."""
    said = f"{secrets.token_urlsafe(16)}.{int(now) + LIFETIME_S}"
    return f"{said}.{_signature(said, secret_key)}"


def open_link(token: str, secret_key: str, links: LinkStore, now: float) -> bool:
    """True for the first to open a link of ours in time."""
    said, _, signature = token.rpartition(".")
    nonce, _, ends = said.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(said, secret_key).encode()):
        return False
    return now <= int(ends) and links.use(nonce)


def _signature(said: str, secret_key: str) -> str:
    key = f"one-time link {secret_key}".encode()  # never the key that signs sessions
    return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()
