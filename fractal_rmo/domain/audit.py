"""What checking the audit log comes to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

GENESIS = "0" * 64
"""What the first link follows."""


def chain_hash(previous: str, digest: str) -> str:
    """The hash of a link: SHA-256 over the hash before it and the digest of its message."""
    return hashlib.sha256((previous + digest).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Audit:
    """``position`` links hold, up to ``hash``; ``broken_at`` is the first that does not, else 0."""

    position: int
    hash: str
    broken_at: int = 0
    trouble: str = ""
