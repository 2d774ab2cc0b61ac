"""``ports.stores.TaskStore`` on PostgreSQL."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, RowMapping, text
from uuid6 import uuid7

from fractal_rmo.adapters.db import codec
from fractal_rmo.adapters.db.engine import row, run, transact
from fractal_rmo.domain.errors import ErrorCode, InputError, LifecycleError
from fractal_rmo.domain.lifecycle import Ending, TaskState, way_to_failed
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import ROLES, Stage, StepRef, StepState
from fractal_rmo.domain.task import Task
from fractal_rmo.domain.views import StepRow, TaskRow, TaskView

_SUBMIT = text("""
WITH task AS (
    INSERT INTO tasks (id, idempotency_key, kind, description, level, provider, budget,
                       content_sha256, deadline)
    VALUES (:id, :key, :kind, :description, :level, :provider, CAST(:budget AS jsonb), :sha256,
            now() + :seconds * interval '1 second')
    ON CONFLICT DO NOTHING
    RETURNING id
), files AS (
    INSERT INTO files (task_id, round, origin, path, content, sha256)
    SELECT task.id, 0, f.origin, f.path, f.content, f.sha256
    FROM task, jsonb_to_recordset(CAST(:files AS jsonb))
         AS f(origin text, path text, content text, sha256 text)
), steps AS (
    INSERT INTO steps (id, task_id, round, stage, action, state, publish_after)
    SELECT s.id, task.id, 1, s.stage, s.action, s.state,
           CASE WHEN s.state = 'queued' THEN now() + :grace * interval '1 second' END
    FROM task, jsonb_to_recordset(CAST(:steps AS jsonb))
         AS s(id uuid, stage text, action text, state text)
), message AS (
    INSERT INTO messages (correlation_id, type, payload)
    SELECT task.id, 'task_assignment', CAST(:payload AS jsonb) FROM task
)
SELECT id FROM task
""")
_ROW = """
SELECT id, kind, description, level, state, ending, proven_level, round, created_at, summary,
       budget,       extract(epoch FROM coalesce(ended_at, now()) - created_at)::float AS elapsed_s
FROM tasks
"""
_SHOW = text(_ROW + "WHERE id = CAST(:id AS uuid)")
_RECENT = text(_ROW + "ORDER BY created_at DESC LIMIT :limit")
_BY_KEY = text(
    """
SELECT id, content_sha256 FROM tasks WHERE id = :id OR (owner_id IS NULL AND idempotency_key = :key)
"""
)
_FILES = text("SELECT round, origin, path, content FROM files WHERE task_id = :id ORDER BY round")
_STEPS = text("""
SELECT stage, action, round, state, attempts, error, progress, output FROM steps
WHERE task_id = :id ORDER BY round, id
""")
_VERDICTS = text("SELECT * FROM verdicts WHERE task_id = :id ORDER BY id")
_LOCK = text("SELECT state FROM tasks WHERE id = CAST(:id AS uuid) FOR NO KEY UPDATE")
_MOVE = text("""
UPDATE tasks SET state = :to_state, ending = CAST(:ending AS text), version = version + 1,
       ended_at = CASE WHEN CAST(:ending AS text) IS NULL THEN NULL ELSE now() END,
       summary = :summary
WHERE id = :id AND state = :from_state
""")
_DROP = text("""
UPDATE steps SET state = 'dropped', publish_after = NULL
WHERE task_id = :id AND state IN ('waiting', 'queued')
""")


class SqlTaskStore:
    """Submits, shows and ends tasks."""

    def __init__(self, engine: Engine, *, grace_s: float = 5.0) -> None:
        self._engine = engine
        self._grace_s = grace_s

    def submit(self, task: Task, key: str = "") -> tuple[str, tuple[StepRef, ...]]:
        """See the port."""
        task_id = str(uuid7())
        steps = list(_first_round())
        values = {**_columns(task), "id": task_id, "key": key or None, "grace": self._grace_s}
        values["steps"] = codec.to_json(steps)
        if row(self._engine, _SUBMIT, values) is None:
            known = run(self._engine, lambda db: db.execute(_BY_KEY, values).mappings().one())
            if known["content_sha256"] != values["sha256"]:
                raise InputError(ErrorCode.BAD_KEY, f"The key '{key}' has other content.")
            if str(known["id"]) != task_id:
                return str(known["id"]), ()
        return task_id, tuple(
            StepRef(step["id"], task_id, Stage(step["stage"]), step["action"]) for step in steps
        )

    def show(self, task_id: str) -> TaskView:
        """See the port."""
        task_id = _checked(task_id)
        task, files, steps, verdicts = run(self._engine, lambda db: _read(db, task_id))
        triples = [[f["origin"], f["path"], f["content"]] for f in files]
        proven = task["ending"] == Ending.PROVEN
        return TaskView(
            row=_row(task),
            summary=task["summary"],
            budget=task["budget"],
            code=codec.tree(triples, "code"),
            tests=codec.tree(triples, "tests"),
            result=(codec.tree(triples, "candidate") or None) if proven else None,
            steps=tuple(_step(step) for step in steps),
            verdicts=tuple((v["round"], codec.verdict(dict(v))) for v in verdicts),
        )

    def recent(self, limit: int) -> Sequence[TaskRow]:
        """See the port."""
        found = run(self._engine, lambda db: db.execute(_RECENT, {"limit": limit}).mappings().all())
        return [_row(task) for task in found]

    def cancel(self, task_id: str) -> None:
        """See the port."""
        task_id = _checked(task_id)
        transact(self._engine, lambda db: _cancel(db, task_id))


def _cancel(db: Connection, task_id: str) -> None:
    state = db.execute(_LOCK, {"id": task_id}).scalar_one_or_none()
    if state is None:
        raise InputError(ErrorCode.NO_SUCH_TASK, f"There is no task {task_id}.")
    end(db, task_id, TaskState(state), Ending.CANCELLED, "Cancelled on request.")


def end(db: Connection, task_id: str, state: TaskState, ending: Ending, summary: str) -> None:
    """Walk a locked task to FAILED under an ending; its open steps are dropped.

    Raises ``LifecycleError`` when it has ended already.
    """
    for target in way_to_failed(state):
        last = target is TaskState.FAILED
        moved = db.execute(
            _MOVE,
            {
                "id": task_id,
                "from_state": state.value,
                "to_state": target.value,
                "ending": ending.value if last else None,
                "summary": summary,
            },
        )
        if not moved.rowcount:
            raise LifecycleError(ErrorCode.ILLEGAL_TRANSITION)
        state = target
    db.execute(_DROP, {"id": task_id})


_Rows = Sequence[RowMapping]


def _read(db: Connection, task_id: str) -> tuple[RowMapping, _Rows, _Rows, _Rows]:
    """The task's row, its files, steps and verdicts."""
    task = db.execute(_SHOW, {"id": task_id}).mappings().first()
    if task is None:
        raise InputError(ErrorCode.NO_SUCH_TASK, f"There is no task {task_id}.")
    files, steps, verdicts = (
        db.execute(part, {"id": task_id}).mappings().all() for part in (_FILES, _STEPS, _VERDICTS)
    )
    return task, files, steps, verdicts


def _checked(task_id: str) -> str:
    """The id in its usual form; raises ``InputError``."""
    try:
        return str(UUID(task_id))
    except ValueError as error:
        shown = codec.clean_text(task_id[:60])
        raise InputError(ErrorCode.NO_SUCH_TASK, f"'{shown}' is no task id.") from error


def _columns(task: Task) -> dict[str, Any]:
    content = f"{task.kind}{task.code.sha256}{task.tests.sha256}".encode()
    payload = {"kind": task.kind.value, "level": int(task.level)}
    return {
        "kind": task.kind.value,
        "description": codec.clean_text(task.description),
        "level": int(task.level),
        "provider": task.provider.value,
        "budget": codec.to_json(dataclasses.asdict(task.budget)),
        "sha256": hashlib.sha256(content).hexdigest(),
        "seconds": task.budget.seconds,
        "files": codec.to_json([*_files(task.code, "code"), *_files(task.tests, "tests")]),
        "payload": codec.to_json(payload),
    }


def _files(tree: SourceTree, origin: str) -> Iterator[dict[str, str]]:
    for path, content in tree.files.items():
        digest = hashlib.sha256(content.encode()).hexdigest()
        yield {"origin": origin, "path": path, "content": content, "sha256": digest}


def _first_round() -> Iterator[dict[str, str]]:
    """Five analyzers that are due, and the three stages that wait for them."""
    stages = [(Stage.ANALYZE, role, StepState.QUEUED) for role in ROLES]
    stages += [(s, "", StepState.WAITING) for s in (Stage.MERGE, Stage.EXECUTE, Stage.VALIDATE)]
    for stage, action, state in stages:
        yield {"id": str(uuid7()), "stage": stage.value, "action": action, "state": state.value}


def _row(found: RowMapping) -> TaskRow:
    return TaskRow(
        id=str(found["id"]),
        kind=found["kind"],
        description=found["description"],
        level=found["level"],
        state=TaskState(found["state"]),
        ending=Ending(found["ending"]) if found["ending"] else None,
        proven_level=found["proven_level"],
        round=found["round"],
        created_at=found["created_at"].isoformat(),
        elapsed_s=found["elapsed_s"],
    )


def _step(found: RowMapping) -> StepRow:
    return StepRow(**{**found, "state": StepState(found["state"])})
