"""Budgets that hold, on a real PostgreSQL."""

from __future__ import annotations

import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from fractal_rmo.adapters.db.ledger import SqlLedger
from fractal_rmo.domain.ledger import Balance, Limit, OverBudgetError, Scope
from fractal_rmo.domain.model import Estimate, ModelTrouble, Usage
from tests.adapters.db.desk import Desk

pytestmark = pytest.mark.cluster
ROOT = Path(__file__).resolve().parents[3]
EVERYBODY = Limit("everybody", Scope.DAY)


@pytest.fixture
def ledger(engine: Engine) -> SqlLedger:
    return SqlLedger(engine)


def estimate(tokens_in: int = 60, tokens_out: int = 40, dollars: float = 0.01) -> Estimate:
    usage = Usage(tokens_in, tokens_out)
    return Estimate("executor", "code", "here", "some-model", 1, usage, dollars, 30.0)


def limit(tokens: int = 1000, dollars: float = 1.0, account: str = "task:one/0") -> Limit:
    return Limit(account, Scope.TASK, tokens, dollars)


def balance(ledger: SqlLedger, of: Limit) -> Balance:
    (found,) = ledger.balances([of])
    return found


def test_a_call_is_set_aside_and_then_charged_as_used(ledger: SqlLedger) -> None:
    mine = limit()
    call = ledger.reserve(None, [mine], estimate())
    assert balance(ledger, mine) == Balance("task:one/0", 0, 100, 0.0, 0.01)
    ledger.settle(call, Usage(50, 7, 20), 0.004, seconds=1.5)
    settled = Balance("task:one/0", 57, 0, 0.004, 0.0, 1.5)
    assert balance(ledger, mine) == settled
    ledger.settle(call, Usage(1, 1), 9.0, seconds=9.0)
    ledger.release(call)
    assert balance(ledger, mine) == settled


def test_what_was_not_asked_costs_nothing(ledger: SqlLedger) -> None:
    mine = limit()
    ledger.release(ledger.reserve(None, [mine], estimate()))
    assert balance(ledger, mine) == Balance("task:one/0")


@pytest.mark.parametrize(
    ("mine", "words"),
    [
        (limit(tokens=99), "0 of 99 tokens are used or set aside, and the call may need 100"),
        (limit(tokens=0), "0 of 0 tokens are used or set aside, and the call may need 100"),
        (limit(dollars=0.0), r"\$0.0000 of \$0.00 are used .* may cost \$0.0100"),
        (limit(dollars=0.005), r"\$0.0000 of \$0.01 are used .* may cost \$0.0100"),
    ],
)
def test_a_call_without_room_is_refused_and_nothing_is_set_aside(
    ledger: SqlLedger, mine: Limit, words: str
) -> None:
    with pytest.raises(OverBudgetError, match=f"FR741.*The task's budget: {words}") as refused:
        ledger.reserve(None, [EVERYBODY, mine], estimate())
    assert refused.value.limit == mine
    assert [b.tokens_reserved for b in ledger.balances([EVERYBODY, mine])] == [0, 0]


def test_what_is_set_aside_counts_as_used(ledger: SqlLedger) -> None:
    mine = limit(tokens=199)
    first = ledger.reserve(None, [mine], estimate())
    with pytest.raises(OverBudgetError, match="100 of 199 tokens"):
        ledger.reserve(None, [mine], estimate())
    ledger.settle(first, Usage(10, 10), 0.0, seconds=1.0)
    ledger.reserve(None, [mine], estimate())


def test_no_limit_is_no_limit(ledger: SqlLedger) -> None:
    ledger.reserve(None, [EVERYBODY], estimate(10**6, 10**6, 900.0))


def test_a_budget_of_nothing_pays_for_what_is_free_only(ledger: SqlLedger) -> None:
    ledger.reserve(None, [limit(dollars=0.0)], estimate(dollars=0.0))
    for mine in (limit(dollars=0.0), limit(tokens=0)):
        with pytest.raises(OverBudgetError):
            ledger.reserve(None, [mine], estimate())


def test_accounts_of_a_day_have_its_name(ledger: SqlLedger, engine: Engine) -> None:
    ledger.reserve(None, [EVERYBODY], estimate())
    with engine.connect() as db:
        today = db.execute(text("SELECT (now() AT TIME ZONE 'UTC')::date::text")).scalar_one()
    assert balance(ledger, EVERYBODY).account == f"everybody/{today}"


def test_a_task_that_goes_leaves_its_costs(ledger: SqlLedger, engine: Engine) -> None:
    desk = Desk(engine)
    call = ledger.reserve(desk.task, [EVERYBODY], estimate())
    ledger.settle(call, Usage(5, 5), 0.5, seconds=1.0, trouble=ModelTrouble.MALFORMED)
    with engine.connect() as db:
        db.execute(text("DELETE FROM tasks WHERE id = :id"), {"id": desk.task})
        kept = db.execute(text("SELECT task_id, dollars, trouble, state FROM model_calls")).one()
    assert (kept.task_id, float(kept.dollars), kept.trouble, kept.state) == (
        None, 0.5, "malformed answer", "settled",
    )  # fmt: skip


def test_a_lost_call_is_charged_as_estimated_until_its_process_speaks_after_all(
    engine: Engine, ledger: SqlLedger
) -> None:
    mine, hasty = limit(), SqlLedger(engine, grace_s=-60.0)
    call = hasty.reserve(None, [mine], estimate())
    waiting = ledger.reserve(None, [mine], estimate())
    assert ledger.close_lost() == 1
    assert ledger.close_lost() == 0
    assert balance(ledger, mine) == Balance("task:one/0", 100, 100, 0.01, 0.01)
    ledger.settle(call, Usage(30, 3), 0.002, seconds=2.0)
    ledger.release(waiting)
    assert balance(ledger, mine) == Balance("task:one/0", 33, 0, 0.002, 0.0, 2.0)


def test_many_at_once_never_go_beyond(ledger: SqlLedger) -> None:
    mine, shared = limit(tokens=1000), Limit("submitter:nobody", Scope.DAY, 1500)
    yours = limit(tokens=1000, account="task:two/0")

    def spend(seed: int) -> int:
        chance, spent = random.Random(seed), 0  # noqa: S311 - a schedule
        for _ in range(12):
            own = chance.choice((mine, yours))
            try:
                call = ledger.reserve(None, chance.sample([own, shared], 2), estimate())
            except OverBudgetError:
                continue
            if chance.random() < 0.2:
                ledger.release(call)
                continue
            used = Usage(chance.randrange(61), chance.randrange(41))
            ledger.settle(call, used, 0.0, seconds=0.0)
            spent += used.tokens
        return spent

    with ThreadPoolExecutor(4) as threads:
        total = sum(threads.map(spend, range(8)))
    one, two, both = ledger.balances([mine, yours, shared])
    assert one.tokens_spent + two.tokens_spent == both.tokens_spent == total
    assert max(one.tokens_spent, two.tokens_spent) <= 1000
    assert total <= 1500
    assert (one.tokens_reserved, two.tokens_reserved, both.tokens_reserved) == (0, 0, 0)


DIES = """
import os, sys
from fractal_rmo.adapters.db.engine import make_engine
from tests.adapters.db.test_ledger import SqlLedger, estimate, limit
SqlLedger(make_engine(sys.argv[1]), grace_s=-60.0).reserve(None, [limit()], estimate())
os._exit(9)
"""


def test_a_process_that_dies_leaves_no_reservation(engine: Engine, ledger: SqlLedger) -> None:
    url = engine.url.render_as_string(hide_password=False)
    ended = subprocess.run([sys.executable, "-c", DIES, url], cwd=ROOT, check=False)
    assert ended.returncode == 9
    assert ledger.close_lost() == 1
    assert balance(ledger, limit()) == Balance("task:one/0", 100, 0, 0.01, 0.0)


def test_a_task_shows_what_its_models_cost(engine: Engine, ledger: SqlLedger) -> None:
    desk = Desk(engine)
    limits = [Limit(f"task:{desk.task}/0", Scope.TASK), EVERYBODY]
    call = ledger.reserve(desk.task, limits, estimate())
    ledger.settle(call, Usage(400, 50), 0.0021, seconds=1.0)
    row = desk.tasks.show(desk.task).row
    assert (row.tokens, row.dollars) == (450, 0.0021)
    assert desk.tasks.statuses([desk.task])[desk.task].row.tokens == 450
