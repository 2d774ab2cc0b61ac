"""Texts in Redis with a digest that tells when a part of them is not as it was written."""

from __future__ import annotations

import hashlib


def seal(text: str) -> str:
    """The text after its digest."""
    return f"{_digest(text)} {text}"


def unseal(sealed: str) -> str | None:
    """The text, or None where its digest does not fit."""
    digest, _, text = sealed.partition(" ")
    return text if _digest(text) == digest else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
