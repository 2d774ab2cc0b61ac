"""``ports.ledger.Ledger`` on PostgreSQL: an account is a row that is locked while it is charged.

Accounts are locked in the order of their names, so that no two calls wait for
each other.  Dollars are decimal, so that what was set aside is taken back to
the last digit.  What a crash of the server forgets of a call's end makes it a
lost one, so only the reservation waits for the disk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, text
from uuid6 import uuid7

from fractal_rmo.adapters.db.engine import run, transact
from fractal_rmo.adapters.db.prepared import LAZILY
from fractal_rmo.domain.ledger import Balance, CallState, Limit, OverBudgetError, Scope, refusal
from fractal_rmo.domain.model import Estimate, ModelTrouble, Usage

GRACE_S = 30.0
"""So long after its time-out a call that nobody settled counts as lost."""
_TODAY = text("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')")
_KNOWN = text("SELECT 1 FROM model_calls WHERE id = :id")
_OPEN = text("""
INSERT INTO ledger (account) SELECT unnest(CAST(:names AS text[])) AS account ORDER BY account
ON CONFLICT DO NOTHING
""")
_COLUMNS = """
SELECT account, tokens_spent, tokens_reserved, dollars_spent, dollars_reserved, seconds_spent
FROM ledger WHERE account = ANY(:names) ORDER BY account
"""
_LOCK = text(f"{_COLUMNS} FOR NO KEY UPDATE")
_READ = text(_COLUMNS)
_CALL = text("""
INSERT INTO model_calls (id, task_id, accounts, role, purpose, endpoint, model, attempt, state,
                         tokens_reserved, dollars_reserved, lost_after)
VALUES (:id, :task, :names, :role, :purpose, :endpoint, :model, :attempt, 'reserved', :tokens,
        :dollars, now() + :seconds * interval '1 second')
RETURNING dollars_reserved
""")
_TAKE = text("""
SELECT accounts, state, tokens_reserved, dollars_reserved FROM model_calls
WHERE id = :id FOR UPDATE
""")
_CLOSE = text(f"""
UPDATE model_calls
SET state = :state, tokens_in = :tokens_in, tokens_out = :tokens_out, tokens_cached = :cached,
    is_estimated = :estimated, dollars = :dollars, seconds = :elapsed, trouble = :trouble,
    closed_at = now()
WHERE id = :id RETURNING tokens_in + tokens_out AS tokens, dollars, {LAZILY}
""")  # noqa: S608 - made of our own words
_CHARGE = text("""
UPDATE ledger
SET tokens_reserved = tokens_reserved + :tokens_reserved,
    dollars_reserved = dollars_reserved + :dollars_reserved,
    tokens_spent = tokens_spent + :tokens_spent, dollars_spent = dollars_spent + :dollars_spent,
    seconds_spent = seconds_spent + :seconds_spent, updated_at = now()
WHERE account = ANY(:names)
""")
_LOST = text("""
SELECT id, tokens_reserved, dollars_reserved FROM model_calls
WHERE state = 'reserved' AND lost_after < now() LIMIT 500
""")


class SqlLedger:
    """Reserve, settle, release: one transaction each."""

    def __init__(self, engine: Engine, *, grace_s: float = GRACE_S) -> None:
        self._engine = engine
        self._grace_s = grace_s

    def reserve(self, task_id: str | None, limits: Sequence[Limit], estimate: Estimate) -> str:
        """See the port."""
        values = {
            "id": str(uuid7()),
            "task": task_id,
            "role": estimate.role,
            "purpose": estimate.purpose,
            "endpoint": estimate.endpoint,
            "model": estimate.model,
            "attempt": estimate.attempt,
            "tokens": estimate.usage.tokens,
            "dollars": estimate.dollars,
            "seconds": estimate.seconds + self._grace_s,
        }
        transact(self._engine, lambda db: _reserve(db, values, limits))
        return str(values["id"])

    def settle(
        self,
        call_id: str,
        usage: Usage,
        dollars: float,
        *,
        seconds: float,
        trouble: ModelTrouble | None = None,
    ) -> None:
        """See the port.  A call that was given up for lost is charged anew by what it used."""
        used = {
            "tokens_in": usage.tokens_in,
            "tokens_out": usage.tokens_out,
            "cached": usage.cached,
            "estimated": usage.estimated,
            "dollars": dollars,
            "elapsed": seconds,
            "trouble": trouble.value if trouble else "",
        }
        self._close(call_id, CallState.SETTLED, used, (CallState.RESERVED, CallState.LOST))

    def release(self, call_id: str) -> None:
        """See the port."""
        self._close(call_id, CallState.RELEASED, {}, (CallState.RESERVED,))

    def close_lost(self) -> int:
        """See the port."""
        lost = run(self._engine, lambda db: db.execute(_LOST).mappings().all())
        for call in lost:
            used = {
                "tokens_in": call["tokens_reserved"],
                "dollars": call["dollars_reserved"],
                "estimated": True,
            }
            self._close(str(call["id"]), CallState.LOST, used, (CallState.RESERVED,))
        return len(lost)

    def balances(self, limits: Sequence[Limit]) -> Sequence[Balance]:
        """See the port."""
        return run(self._engine, lambda db: _balances(db, _names(db, limits)))

    def _close(
        self,
        call_id: str,
        state: CallState,
        used: Mapping[str, object],
        closable: tuple[CallState, ...],
    ) -> None:
        blank = {"tokens_in": 0, "tokens_out": 0, "cached": 0, "estimated": False, "dollars": 0}
        values = {**blank, "elapsed": 0.0, "trouble": "", **used, "id": call_id, "state": state}
        transact(self._engine, lambda db: _close(db, values, closable))


def _reserve(db: Connection, values: Mapping[str, Any], limits: Sequence[Limit]) -> None:
    if db.execute(_KNOWN, {"id": values["id"]}).first():
        return  # committed before, and only the answer was lost
    names = _names(db, limits)
    db.execute(_OPEN, {"names": names})
    db.execute(_LOCK, {"names": names})
    for limit, balance in zip(limits, _balances(db, names), strict=True):
        if words := refusal(limit, balance, values["tokens"], values["dollars"]):
            raise OverBudgetError(limit, words)
    stored = db.execute(_CALL, {**values, "names": names}).scalar_one()
    _charge(db, names, tokens_reserved=values["tokens"], dollars_reserved=stored)


def _close(db: Connection, values: Mapping[str, Any], closable: tuple[CallState, ...]) -> None:
    call = db.execute(_TAKE, {"id": values["id"]}).mappings().first()
    if call is None or call["state"] not in closable:
        return
    used = db.execute(_CLOSE, values).mappings().one()
    db.execute(_LOCK, {"names": call["accounts"]})
    was_charged = call["state"] == CallState.LOST
    before_tokens, before_dollars = call["tokens_reserved"], call["dollars_reserved"]
    _charge(
        db,
        call["accounts"],
        tokens_reserved=0 if was_charged else -before_tokens,
        dollars_reserved=0 if was_charged else -before_dollars,
        tokens_spent=used["tokens"] - (before_tokens if was_charged else 0),
        dollars_spent=used["dollars"] - (before_dollars if was_charged else 0),
        seconds_spent=values["elapsed"],
    )


def _charge(db: Connection, names: Sequence[str], **changes: object) -> None:
    none = {"tokens_reserved": 0, "dollars_reserved": 0, "tokens_spent": 0, "dollars_spent": 0}
    db.execute(_CHARGE, {**none, "seconds_spent": 0.0, **changes, "names": list(names)})


def _names(db: Connection, limits: Sequence[Limit]) -> list[str]:
    """The accounts' full names, by the database's day."""
    today = db.execute(_TODAY).scalar_one()
    return [f"{at.account}/{today}" if at.scope is Scope.DAY else at.account for at in limits]


def _balances(db: Connection, names: Sequence[str]) -> list[Balance]:
    rows = db.execute(_READ, {"names": list(names)}).mappings().all()
    found = {row["account"]: _balance(row) for row in rows}
    return [found.get(name, Balance(name)) for name in names]


def _balance(row: RowMapping) -> Balance:
    dollars = {name: float(row[name]) for name in ("dollars_spent", "dollars_reserved")}
    return Balance(**{**row, **dollars})
