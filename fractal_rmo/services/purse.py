"""A task's purse: its own budget, its submitter's for the day and everybody's."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from fractal_rmo.config.settings import LimitSettings
from fractal_rmo.domain.errors import InfrastructureError
from fractal_rmo.domain.ledger import Limit, Scope
from fractal_rmo.domain.model import Estimate, ModelTrouble, Usage
from fractal_rmo.domain.step import Claim
from fractal_rmo.ports.ledger import Ledger

EVERYBODY = "everybody"
NOBODY = "submitter:nobody"
"""Who submits without an account: they share one."""
_LOG = logging.getLogger(__name__)


class TaskPurse:
    """``ports.models.Purse`` over the ledger; ``task_id`` is None for a call of no task."""

    def __init__(self, ledger: Ledger, task_id: str | None, limits: Sequence[Limit]) -> None:
        self._ledger, self._task_id, self._limits = ledger, task_id, tuple(limits)

    def reserve(self, estimate: Estimate) -> str:
        """See the port; raises ``OverBudgetError``."""
        return self._ledger.reserve(self._task_id, self._limits, estimate)

    def settle(
        self,
        token: str,
        usage: Usage,
        dollars: float,
        *,
        seconds: float,
        trouble: ModelTrouble | None = None,
    ) -> None:
        """See the port.

        An answer is not thrown away because the ledger does not answer: the call stays set
        aside then, and is charged as a lost one.
        """
        try:
            self._ledger.settle(token, usage, dollars, seconds=seconds, trouble=trouble)
        except InfrastructureError as error:
            _LOG.warning("the model call %s will be charged as estimated: %s", token, error)

    def release(self, token: str) -> None:
        """See the port."""
        self._ledger.release(token)


def limits_of(claim: Claim, daily: LimitSettings, submitter: str = NOBODY) -> tuple[Limit, ...]:
    """What the calls of a task are charged to.

    A person's retry begins with a new budget, as it does with new rounds.
    """
    return (
        Limit(
            _of_task(claim),
            Scope.TASK,
            claim.budget.tokens,
            claim.budget.dollars,
        ),
        *limits_of_day(daily, submitter),
    )


def limits_of_day(daily: LimitSettings, submitter: str = NOBODY) -> tuple[Limit, ...]:
    """What every call is charged to; of the settings of a day 0 is no limit."""
    return (
        Limit(
            submitter,
            Scope.DAY,
            daily.max_tokens_per_submitter_per_day or None,
            daily.max_cost_per_submitter_per_day or None,
        ),
        Limit(
            EVERYBODY,
            Scope.DAY,
            daily.max_tokens_per_day or None,
            daily.max_cost_per_day or None,
        ),
    )


def advice_limit(claim: Claim) -> Limit:
    """What words beside the code may use of a task's budget: half, so that code can be paid."""
    return Limit(
        f"{_of_task(claim)}/advice",
        Scope.TASK,
        (claim.budget.tokens + 1) // 2,
        claim.budget.dollars / 2,
    )


def _of_task(claim: Claim) -> str:
    first_round = claim.round - claim.tries
    return f"task:{claim.ref.task_id}/{first_round}"
