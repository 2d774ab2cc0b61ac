"""Who pays for what language models use: accounts, their limits, and the calls charged to them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fractal_rmo.domain.errors import ErrorCode, FractalError


class Scope(StrEnum):
    """Of which period an account is: the life of a task, or one day (UTC)."""

    TASK = "task"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Limit:
    """An account and what may be charged to it; None is no limit, 0 leaves room for what is free.

    ``account`` names it without its day, which the ledger adds.
    """

    account: str
    scope: Scope
    tokens: int | None = None
    dollars: float | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """What was used, and what is set aside for calls that are being made."""

    account: str
    tokens_spent: int = 0
    tokens_reserved: int = 0
    dollars_spent: float = 0.0
    dollars_reserved: float = 0.0
    seconds_spent: float = 0.0


class CallState(StrEnum):
    """What became of one attempt to ask a model."""

    RESERVED = "reserved"
    SETTLED = "settled"
    RELEASED = "released"
    """It was not made."""
    LOST = "lost"
    """Its process died.  It may have been answered and billed, so it is charged as estimated."""


class OverBudgetError(FractalError):
    """A call would be beyond a limit, so it is not made."""

    def __init__(self, limit: Limit, detail: str) -> None:
        super().__init__(ErrorCode.OVER_BUDGET, detail)
        self.limit = limit


def refusal(limit: Limit, balance: Balance, tokens: int, dollars: float) -> str:
    """Why a call of ``tokens`` and ``dollars`` has no room; "" where it has."""
    used_tokens = balance.tokens_spent + balance.tokens_reserved
    if limit.tokens is not None and used_tokens + tokens > limit.tokens:
        return (
            f"{_name(limit)}: {used_tokens:,} of {limit.tokens:,} tokens are used or set aside, "
            f"and the call may need {tokens:,}."
        )
    used_dollars = balance.dollars_spent + balance.dollars_reserved
    if limit.dollars is not None and used_dollars + dollars > limit.dollars:
        return (
            f"{_name(limit)}: ${used_dollars:.4f} of ${limit.dollars:.2f} are used or set aside, "
            f"and the call may cost ${dollars:.4f}."
        )
    return ""


def _name(limit: Limit) -> str:
    match limit.account.partition(":")[0]:
        case "task":
            return "The task's budget"
        case "submitter":
            return "The submitter's budget of the day"
        case _:
            return "The budget of the day for everybody"
