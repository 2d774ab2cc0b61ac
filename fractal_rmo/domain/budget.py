"""What a task may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """The specification's limits: seconds of wall clock, tokens, dollars, returns from LEARNING."""

    seconds: float = 300.0
    tokens: int = 50_000
    dollars: float = 5.0
    retries: int = 3
