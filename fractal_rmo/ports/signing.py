"""Signatures, as the services see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias


class Signer(Protocol):
    """Signs with one private key."""

    algorithm: str

    @property
    def public_key(self) -> str:
        """The key that checks its signatures, as text."""

    def sign(self, message: bytes) -> str:
        """The signature, as text."""


Checker: TypeAlias = Callable[[str, str, str, bytes], bool]
"""Whether (algorithm, public key, signature, message) fit; False also for what is no key."""
