"""``ports.stores.Upkeep`` on PostgreSQL: sweeper, reaper, deadlines, audit chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType

from sqlalchemy import Connection, Engine, text

from fractal_rmo.adapters.db.engine import run, transact
from fractal_rmo.adapters.db.outbox import error_report, tell
from fractal_rmo.adapters.db.statements import LOST, evidence
from fractal_rmo.adapters.db.tasks import end
from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.message import Cause
from fractal_rmo.domain.outcome import TIME_IS_OVER
from fractal_rmo.domain.pattern import ErrorRecord
from fractal_rmo.domain.step import Stage, StepRef, queue_of

_QUEUED = text("""
SELECT stage, CASE stage WHEN 'analyze' THEN action ELSE '' END AS action, count(*) AS queued
FROM steps WHERE state = 'queued' GROUP BY 1, 2 HAVING min(publish_after) < now()
""")
_SWEEP = text("""
UPDATE steps s SET publish_after = now() + :grace * interval '1 second'
FROM (
    SELECT id FROM steps
    WHERE state = 'queued' AND publish_after < now() AND stage = :stage
      AND (stage <> 'analyze' OR action = :action)
    ORDER BY publish_after LIMIT :limit FOR UPDATE SKIP LOCKED
) AS due
WHERE s.id = due.id
RETURNING s.id, s.task_id, s.stage, s.action
""")
_EXPIRED = text(f"""
UPDATE steps s
SET state = CASE WHEN lost.ended THEN 'dropped' ELSE 'queued' END, lease_until = NULL,
    publish_after = CASE WHEN lost.ended THEN NULL ELSE now() END,
    error = CASE WHEN lost.ended THEN s.error
                 ELSE 'attempt ' || s.attempts || ': the worker was lost (its lease expired)' END,
    evidence = CASE WHEN lost.ended THEN s.evidence ELSE {evidence(LOST, "s")} END
FROM (
    SELECT s.id, t.ending IS NOT NULL AS ended FROM steps s JOIN tasks t ON t.id = s.task_id
    WHERE (s.state = 'running' AND s.lease_until < now()
           AND (s.attempts < s.max_attempts OR t.ending IS NOT NULL))
       OR (s.state = 'queued' AND t.ending IS NOT NULL)
    FOR UPDATE OF s SKIP LOCKED
) AS lost
WHERE s.id = lost.id
""")  # noqa: S608 - made of our own words
_EXHAUSTED = text("""
SELECT s.id, s.task_id FROM steps s
WHERE s.attempts >= s.max_attempts
  AND ((s.state = 'running' AND s.lease_until < now()) OR s.state = 'queued')
LIMIT 100
""")
_LOCK_TASK = text("""
SELECT state FROM tasks WHERE id = :task AND ending IS NULL FOR NO KEY UPDATE
""")
_BURY = text(f"""
UPDATE steps
SET state = 'dead', lease_until = NULL, publish_after = NULL, finished_at = now(),
    evidence = CASE WHEN state = 'running' THEN {evidence(LOST)} ELSE evidence END,
    error = CASE WHEN state = 'running' THEN 'the worker was lost on every attempt' ELSE error END
WHERE id = :id AND attempts >= max_attempts
  AND ((state = 'running' AND lease_until < now()) OR state = 'queued')
RETURNING stage, round, error
""")  # noqa: S608 - made of our own words
_COUNT_DOWN = text("UPDATE tasks SET fan_in = fan_in - 1 WHERE id = :task RETURNING fan_in")
_RELEASE_MERGE = text("""
UPDATE steps SET state = 'queued', publish_after = now()
WHERE task_id = :task AND round = :round AND stage = 'merge' AND state = 'waiting'
""")
_LOG_DEAD = text("""
INSERT INTO error_logs (task_id, role, error_type, message)
VALUES (:task, :stage, :type, :message)
""")
_DEAD = "StepDead"
_OVERDUE = text("""
SELECT id, state FROM tasks WHERE ending IS NULL AND deadline < now()
ORDER BY deadline LIMIT 100 FOR NO KEY UPDATE SKIP LOCKED
""")


class SqlUpkeep:
    """What the maintenance job does; safe to run twice at once."""

    def __init__(self, engine: Engine, *, grace_s: float = 5.0) -> None:
        self._engine = engine
        self._grace_s = grace_s

    def sweep(
        self, limit: int = 1000, waiting: Mapping[str, int] = MappingProxyType({})
    ) -> Sequence[StepRef]:
        """See the port."""
        queued = run(self._engine, lambda db: db.execute(_QUEUED).all())
        found: list[StepRef] = []
        for stage, action, count in queued:
            missing = count - waiting.get(queue_of(Stage(stage), action), 0)
            if missing > 0:
                found += self._sweep(stage, action, min(limit, missing))
        return found

    def _sweep(self, stage: str, action: str, limit: int) -> list[StepRef]:
        values = {"stage": stage, "action": action, "limit": limit, "grace": self._grace_s}
        rows = run(self._engine, lambda db: db.execute(_SWEEP, values).all())
        return [StepRef(str(step), str(task), Stage(of), name) for step, task, of, name in rows]

    def reap(self) -> int:
        """See the port."""
        requeued = run(self._engine, lambda db: db.execute(_EXPIRED).rowcount)
        exhausted = run(self._engine, lambda db: db.execute(_EXHAUSTED).all())
        for step, task in exhausted:
            transact(self._engine, partial(_bury, step=str(step), task=str(task)))
        return requeued + len(exhausted)

    def end_overdue(self) -> int:
        """See the port."""
        return transact(self._engine, _end_overdue)


def _end_overdue(db: Connection) -> int:
    overdue = db.execute(_OVERDUE).all()
    for task, state in overdue:
        end(db, str(task), TaskState(state), Ending.DEADLINE, TIME_IS_OVER)
    return len(overdue)


def _bury(db: Connection, step: str, task: str) -> None:
    """Give a step up: a lost analyzer counts as reported, any other step ends its task."""
    state = db.execute(_LOCK_TASK, {"task": task}).scalar_one_or_none()
    dead = db.execute(_BURY, {"id": step}).first()
    if dead is None:
        return
    stage, round_, error = dead
    db.execute(_LOG_DEAD, {"task": task, "stage": stage, "type": _DEAD, "message": error})
    tell(db, error_report(ErrorRecord(_DEAD, error, stage)), Cause(task, step))
    if state is None:
        return
    if stage != Stage.ANALYZE:
        summary = f"The step {stage} was given up: {error}"
        end(db, task, TaskState(state), Ending.INFRASTRUCTURE, summary)
    elif db.execute(_COUNT_DOWN, {"task": task}).scalar_one() == 0:
        db.execute(_RELEASE_MERGE, {"task": task, "round": round_})
