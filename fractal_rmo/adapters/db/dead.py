"""``ports.stores.DeadSteps`` on PostgreSQL."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from sqlalchemy import Connection, Engine, RowMapping, text

from fractal_rmo.adapters.db import codec
from fractal_rmo.adapters.db.engine import run, transact
from fractal_rmo.adapters.db.statements import evidence
from fractal_rmo.domain.dead import PutBack, StepFacts, put_back
from fractal_rmo.domain.errors import ErrorCode, InputError, LifecycleError
from fractal_rmo.domain.lifecycle import Ending, TaskState, check
from fractal_rmo.domain.step import Stage, StepRef, StepState
from fractal_rmo.domain.views import StepLine, StepQuery, StepRow

_FIND = text("""
SELECT s.id, s.task_id, s.stage, s.action, s.round, s.state, s.attempts, s.error, s.progress,
       s.evidence, t.ending,
       extract(epoch FROM coalesce(s.finished_at, now()) - s.started_at)::float AS elapsed_s
FROM steps s JOIN tasks t ON t.id = s.task_id
WHERE (:state = '' OR s.state = :state)
  AND (:before = '' OR s.id < CAST(nullif(:before, '') AS uuid))
ORDER BY s.id DESC LIMIT :limit
""")
_LOCK = text("""
SELECT id, state, ending, round FROM tasks
WHERE id = (SELECT task_id FROM steps WHERE id = :step) FOR NO KEY UPDATE
""")
_STEPS = text("SELECT id, stage, action, round, state, attempts FROM steps WHERE task_id = :task")
_MOVE = text("""
UPDATE tasks SET state = :target, ending = NULL, ended_at = NULL, summary = '',
       version = version + 1
WHERE id = :task AND state = :state
""")
_GO_ON = text("""
UPDATE tasks SET began_at = now(), fan_in = CASE WHEN :fan > 0 THEN :fan ELSE fan_in END,
       deadline = now() + CAST(budget->>'seconds' AS float) * interval '1 second'
WHERE id = :task
""")
_QUEUE = text(f"""
UPDATE steps SET state = 'queued', attempts = 0, error = '', progress = '{{}}', started_at = NULL,
       finished_at = NULL, lease_until = NULL, evidence = {evidence("'Put back by a person.'")},
       publish_after = now() + :grace * interval '1 second'
WHERE id = ANY(CAST(:ids AS uuid[]))
""")  # noqa: S608 - made of our own words
_WAIT = text("""
UPDATE steps SET state = 'waiting', attempts = 0, error = '', progress = '{}', output = '{}',
       started_at = NULL, finished_at = NULL, lease_until = NULL, publish_after = NULL
WHERE id = ANY(CAST(:ids AS uuid[]))
""")


class SqlDeadSteps:
    """Lists steps and puts dead ones back."""

    def __init__(self, engine: Engine, *, grace_s: float = 5.0) -> None:
        self._engine = engine
        self._grace_s = grace_s

    def find(self, query: StepQuery) -> Sequence[StepLine]:
        """See the port."""
        values = dataclasses.asdict(query)
        values["before"] = codec.step_id(query.before) if query.before else ""
        found = run(self._engine, lambda db: db.execute(_FIND, values).mappings().all())
        return [_line(row) for row in found]

    def put_back(self, step_id: str) -> tuple[str, tuple[StepRef, ...]]:
        """See the port."""
        step_id = codec.step_id(step_id)
        return transact(self._engine, lambda db: _put_back(db, step_id, self._grace_s))


def _put_back(db: Connection, step_id: str, grace_s: float) -> tuple[str, tuple[StepRef, ...]]:
    task = db.execute(_LOCK, {"step": step_id}).mappings().first()
    if task is None:
        raise InputError(ErrorCode.NO_SUCH_STEP, f"There is no step {step_id}.")
    task_id = str(task["id"])
    steps = {str(s["id"]): s for s in db.execute(_STEPS, {"task": task_id}).mappings()}
    ending = Ending(task["ending"]) if task["ending"] else None
    decided = put_back(step_id, ending, task["round"], [_facts(s) for s in steps.values()])
    _walk(db, task_id, TaskState(task["state"]), decided)
    db.execute(_QUEUE, {"ids": list(decided.queued), "grace": grace_s})
    db.execute(_WAIT, {"ids": list(decided.waiting)})
    due = (StepRef(step, task_id, decided.stage, steps[step]["action"]) for step in decided.queued)
    return task_id, tuple(due)


def _walk(db: Connection, task_id: str, state: TaskState, decided: PutBack) -> None:
    """Each move by the table, as a compare-and-set; then the task's time begins anew."""
    for target in decided.moves:
        check(state, target, "requeue")
        values = {"task": task_id, "state": state.value, "target": target.value}
        if not db.execute(_MOVE, values).rowcount:
            raise LifecycleError(ErrorCode.ILLEGAL_TRANSITION)
        state = target
    fan = len(decided.queued) if decided.stage is Stage.ANALYZE else 0
    db.execute(_GO_ON, {"task": task_id, "fan": fan})


def _facts(found: RowMapping) -> StepFacts:
    return StepFacts(
        id=str(found["id"]),
        stage=Stage(found["stage"]),
        round=found["round"],
        state=StepState(found["state"]),
        attempts=found["attempts"],
    )


def _line(found: RowMapping) -> StepLine:
    names = ("stage", "action", "round", "attempts", "error", "progress", "evidence", "elapsed_s")
    columns = {name: found[name] for name in names}
    step = StepRow(**columns, id=str(found["id"]), state=StepState(found["state"]))
    return StepLine(
        step, str(found["task_id"]), Ending(found["ending"]) if found["ending"] else None
    )
