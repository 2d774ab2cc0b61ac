"""The ledger, as the services see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fractal_rmo.domain.ledger import Balance, Limit
from fractal_rmo.domain.model import Estimate, ModelTrouble, Usage


class Ledger(Protocol):
    """Budgets that hold whoever spends at the same time, in however many processes."""

    def reserve(self, task_id: str | None, limits: Sequence[Limit], estimate: Estimate) -> str:
        """Set the estimate aside on every account, or on none; returns the call's id.

        Raises ``OverBudgetError`` for the first account without room.
        """

    def settle(
        self,
        call_id: str,
        usage: Usage,
        dollars: float,
        *,
        seconds: float,
        trouble: ModelTrouble | None = None,
    ) -> None:
        """Charge what the call used instead of its estimate; a second time changes nothing."""

    def release(self, call_id: str) -> None:
        """Nothing was asked, so nothing is charged."""

    def close_lost(self) -> int:
        """Charge the calls whose processes died as they were estimated; returns how many."""

    def balances(self, limits: Sequence[Limit]) -> Sequence[Balance]:
        """Of these accounts, in their order; zeros where nothing was ever charged."""
