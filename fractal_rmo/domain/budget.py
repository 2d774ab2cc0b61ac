"""What a task may use, and how an excess is named."""

from __future__ import annotations

from dataclasses import dataclass

from fractal_rmo.domain.lifecycle import Ending


@dataclass(frozen=True, slots=True)
class Budget:
    """The specification's limits: seconds of wall clock, tokens, dollars, returns from LEARNING."""

    seconds: float = 300.0
    tokens: int = 50_000
    dollars: float = 5.0
    retries: int = 3


@dataclass(frozen=True, slots=True)
class Spend:
    """What a task has used so far, in the units of ``Budget``."""

    seconds: float = 0.0
    tokens: int = 0
    dollars: float = 0.0


def excess(budget: Budget, spend: Spend) -> Ending | None:
    """The ending that an exceeded budget calls for, or None while it holds."""
    if spend.tokens > budget.tokens or spend.dollars > budget.dollars:
        return Ending.OVER_BUDGET
    if spend.seconds > budget.seconds:
        return Ending.DEADLINE
    return None
