"""The rules that agents work by, in immutable versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fractal_rmo.domain.jsonvalue import Json


@dataclass(frozen=True, slots=True)
class ProtocolVersion:
    """One version; ``edits`` are what it changes of the version before."""

    name: str
    version: int
    edits: Mapping[str, Json] = field(default_factory=dict)


SHIPPED = ProtocolVersion("default", 1)
"""What the code does when nothing has been learned yet."""
