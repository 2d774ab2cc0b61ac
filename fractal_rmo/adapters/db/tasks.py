"""``ports.stores.TaskStore`` on PostgreSQL."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, text
from uuid6 import uuid7

from fractal_rmo.adapters.db import codec
from fractal_rmo.adapters.db.agents import OF_TASK, agent_state
from fractal_rmo.adapters.db.engine import row, run, transact
from fractal_rmo.adapters.db.outbox import message_rows, tell
from fractal_rmo.domain.errors import ErrorCode, InputError, LifecycleError
from fractal_rmo.domain.lifecycle import Ending, TaskState, check, way_to_failed
from fractal_rmo.domain.message import Cause, Message, MessageType
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import ROLES, Stage, StepRef, StepState
from fractal_rmo.domain.task import Task
from fractal_rmo.domain.verdict import Outcome, proven_level
from fractal_rmo.domain.views import LogEntry, StepRow, TaskQuery, TaskRow, TaskStatus, TaskView

_SUBMIT = text("""
WITH task AS (
    INSERT INTO tasks (id, idempotency_key, kind, description, level, provider, budget, python,
                       content_sha256, deadline)
    VALUES (:id, :key, :kind, :description, :level, :provider, CAST(:budget AS jsonb), :python,
            :sha256, now() + :seconds * interval '1 second')
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
SELECT id, kind, description, level, provider, python, state, ending, proven_level, round,
       created_at, summary, budget, base_round,
       extract(epoch FROM coalesce(ended_at, now()) - began_at)::float AS elapsed_s,
       (SELECT jsonb_object_agg(v.level, v.outcome) FROM verdicts v
        WHERE v.task_id = tasks.id AND v.round = tasks.round) AS levels,
       coalesce(spent.tokens_spent, 0) AS tokens, coalesce(spent.dollars_spent, 0) AS dollars
FROM tasks
LEFT JOIN ledger spent ON spent.account = 'task:' || tasks.id || '/' || tasks.base_round
"""
_STEP = """
SELECT id, task_id, stage, action, round, state, attempts, error, progress, evidence,
       extract(epoch FROM CASE WHEN state = 'running' THEN now() ELSE finished_at END
                          - started_at)::float AS elapsed_s
"""
_SHOW = text(_ROW + "WHERE id = CAST(:id AS uuid)")
_STATUS = text(_ROW + "WHERE id = ANY(CAST(:ids AS uuid[]))")
_FIND = text(
    _ROW
    + """
WHERE (:kind = '' OR kind = :kind)
  AND (:ending = '' OR ending = :ending OR (:ending = 'running' AND ending IS NULL))
  AND (:words = '' OR strpos(lower(description), lower(:words)) > 0)
  AND (:before = '' OR id < CAST(nullif(:before, '') AS uuid))
ORDER BY id DESC LIMIT :limit
"""
)
_BY_KEY = text(
    """
SELECT id, content_sha256, level, provider, budget, python, description FROM tasks
WHERE id = :id OR (owner_id IS NULL AND idempotency_key = :key)
"""
)
_FILES = text("SELECT round, origin, path, content FROM files WHERE task_id = :id ORDER BY round")
_STEPS = text(_STEP + ", output FROM steps WHERE task_id = :id ORDER BY round, id")
_STEPS_OF = text(_STEP + "FROM steps WHERE task_id = ANY(CAST(:ids AS uuid[])) ORDER BY round, id")
_LOG = text("""
SELECT m.id, extract(epoch FROM m.created_at - t.created_at)::float AS at_s, m.type, m.payload,
       CAST(m.causation_id AS text) AS causation_id
FROM messages m JOIN tasks t ON t.id = m.correlation_id
WHERE m.correlation_id = :id ORDER BY m.id
""")
_VERDICTS = text("SELECT * FROM verdicts WHERE task_id = :id ORDER BY id")
_LOCK = text("SELECT state FROM tasks WHERE id = CAST(:id AS uuid) FOR NO KEY UPDATE")
_MOVE = text("""
UPDATE tasks SET state = :to_state, ending = CAST(:ending AS text), version = version + 1,
       ended_at = CASE WHEN CAST(:ending AS text) IS NULL THEN NULL ELSE now() END,
       summary = :summary
WHERE id = :id AND state = :from_state
""")
_RETRY = text("""
UPDATE tasks SET state = 'idle', ending = NULL, ended_at = NULL, summary = '', fan_in = 5,
       began_at = now(), base_round = round, round = round + 1, proven_level = 0,
       version = version + 1,
       deadline = now() + CAST(budget->>'seconds' AS float) * interval '1 second'
WHERE id = :id AND state = :from_state
RETURNING kind, level, round
""")
_ADD_STEPS = text("""
INSERT INTO steps (id, task_id, round, stage, action, state, publish_after)
SELECT s.id, CAST(:task AS uuid), :round, s.stage, s.action, s.state,
       CASE WHEN s.state = 'queued' THEN now() + :grace * interval '1 second' END
FROM jsonb_to_recordset(CAST(:steps AS jsonb)) AS s(id uuid, stage text, action text, state text)
""")
_DROP = text("""
UPDATE steps SET state = 'dropped', publish_after = NULL, lease_until = NULL, finished_at = now()
WHERE task_id = :id AND state IN ('waiting', 'queued', 'running')
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
            if _asked(dict(known)) != _asked(_columns(task)):
                raise InputError(ErrorCode.KEY_TAKEN, f"The key '{key}' has other content.")
            if str(known["id"]) != task_id:
                return str(known["id"]), ()
        return task_id, _refs(task_id, steps)

    def show(self, task_id: str) -> TaskView:
        """See the port."""
        task_id = codec.task_id(task_id)
        task, files, steps, verdicts, log, agents = run(self._engine, lambda db: _read(db, task_id))
        triples = [[f["origin"], f["path"], f["content"]] for f in files]
        return TaskView(
            row=_row(task),
            summary=task["summary"],
            budget=task["budget"],
            code=codec.tree(triples, "code"),
            tests=codec.tree(triples, "tests"),
            result=_result(task, files, verdicts),
            written_tests=codec.tree(triples, "written_tests"),
            steps=tuple(_step(step) for step in steps),
            verdicts=tuple((v["round"], codec.verdict(dict(v))) for v in verdicts),
            log=tuple(LogEntry(**entry) for entry in log),
            agents=tuple(map(agent_state, agents)),
        )

    def statuses(self, task_ids: Collection[str]) -> Mapping[str, TaskStatus]:
        """See the port."""
        values = {"ids": [codec.task_id(task_id) for task_id in task_ids]}
        tasks, steps = run(
            self._engine,
            lambda db: [db.execute(part, values).mappings().all() for part in (_STATUS, _STEPS_OF)],
        )
        of_task: dict[str, list[StepRow]] = {}
        for step in steps:
            of_task.setdefault(str(step["task_id"]), []).append(_step(step))
        return {
            str(task["id"]): TaskStatus(
                _row(task), task["summary"], tuple(of_task.get(str(task["id"]), ()))
            )
            for task in tasks
        }

    def find(self, query: TaskQuery) -> Sequence[TaskRow]:
        """See the port."""
        values = dataclasses.asdict(query)
        values["before"] = codec.task_id(query.before) if query.before else ""
        values["words"] = codec.clean_text(query.words)
        found = run(self._engine, lambda db: db.execute(_FIND, values).mappings().all())
        return [_row(task) for task in found]

    def cancel(self, task_id: str) -> None:
        """See the port."""
        task_id = codec.task_id(task_id)
        transact(self._engine, lambda db: _cancel(db, task_id))

    def retry(self, task_id: str) -> tuple[StepRef, ...]:
        """See the port."""
        task_id = codec.task_id(task_id)
        steps = list(_first_round())
        values = {"steps": codec.to_json(steps), "task": task_id, "grace": self._grace_s}
        transact(self._engine, lambda db: _retry(db, task_id, values))
        return _refs(task_id, steps)


def _retry(db: Connection, task_id: str, values: dict[str, Any]) -> None:
    state = _lock(db, task_id)
    check(state, TaskState.IDLE, "retry")
    db.execute(_DROP, {"id": task_id})  # a step that still runs must not finish in a new round
    begun = db.execute(_RETRY, {"id": task_id, "from_state": state.value}).mappings().one()
    db.execute(_ADD_STEPS, {**values, "round": begun["round"]})
    tell(db, Message(MessageType.TASK_ASSIGNMENT, dict(begun)), Cause(task_id))


def _cancel(db: Connection, task_id: str) -> None:
    end(db, task_id, _lock(db, task_id), Ending.CANCELLED, "Cancelled on request.")


def _lock(db: Connection, task_id: str) -> TaskState:
    """The state of a task that is locked by it; raises ``InputError``."""
    state = db.execute(_LOCK, {"id": task_id}).scalar_one_or_none()
    if state is None:
        raise InputError(ErrorCode.NO_SUCH_TASK, f"There is no task {task_id}.")
    return TaskState(state)


def end(db: Connection, task_id: str, state: TaskState, ending: Ending, summary: str) -> None:
    """Walk a locked task to FAILED under an ending; its open steps are dropped.

    Raises ``LifecycleError`` when it has ended already.
    """
    for target in way_to_failed(state, ending.value):
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
            words = f"'{ending}' is refused: the task is no longer {state}."
            raise LifecycleError(ErrorCode.ILLEGAL_TRANSITION, words)
        state = target
    db.execute(_DROP, {"id": task_id})


_Rows = Sequence[RowMapping]


def _read(db: Connection, task_id: str) -> tuple[RowMapping, _Rows, _Rows, _Rows, _Rows, _Rows]:
    """The task's row, its files, steps, verdicts, messages and agents' states."""
    task = db.execute(_SHOW, {"id": task_id}).mappings().first()
    if task is None:
        raise InputError(ErrorCode.NO_SUCH_TASK, f"There is no task {task_id}.")
    files, steps, verdicts, log, agents = (
        db.execute(part, {"id": task_id}).mappings().all()
        for part in (_FILES, _STEPS, _VERDICTS, _LOG, OF_TASK)
    )
    return task, files, steps, verdicts, log, agents


def _result(task: RowMapping, files: _Rows, verdicts: _Rows) -> SourceTree | None:
    """What was proven; where a budget ended the task, what was proven furthest by then."""
    levels = {task["round"]: 1} if task["ending"] == Ending.PROVEN else {}
    if task["ending"] == Ending.OVER_BUDGET:
        rounds = {v["round"] for v in verdicts if v["round"] > task["base_round"]}
        judged = {n: [codec.verdict(dict(v)) for v in verdicts if v["round"] == n] for n in rounds}
        levels = {n: proven_level(of_round) for n, of_round in judged.items()}
    best = max(levels, key=lambda n: (levels[n], -n), default=0)
    triples = [[f["origin"], f["path"], f["content"]] for f in files if f["round"] == best]
    return (codec.tree(triples, "candidate") or None) if levels.get(best) else None


def _asked(columns: Mapping[str, Any]) -> tuple[Any, ...]:
    """All that a person asked for, to tell whether two submissions are the same."""
    budget = columns["budget"]
    plain = json.loads(budget) if isinstance(budget, str) else budget
    content = columns["content_sha256"] if "content_sha256" in columns else columns["sha256"]
    names = ("level", "provider", "description", "python")
    return (content, *(columns[name] for name in names), plain)


def _columns(task: Task) -> dict[str, Any]:
    # where there is no code yet, the description is what tells contents apart
    said_instead = codec.clean_text(task.description) if task.code.is_blank() else ""
    content = f"{task.kind}{task.code.sha256}{task.tests.sha256}{said_instead}".encode()
    said = {"kind": task.kind.value, "level": int(task.level)}
    (assignment,) = message_rows([Message(MessageType.TASK_ASSIGNMENT, said)])
    return {
        "kind": task.kind.value,
        "description": codec.clean_text(task.description),
        "level": int(task.level),
        "provider": task.provider.value,
        "budget": codec.to_json(dataclasses.asdict(task.budget)),
        "sha256": hashlib.sha256(content).hexdigest(),
        "python": task.python,
        "seconds": task.budget.seconds,
        "files": codec.to_json([*_files(task.code, "code"), *_files(task.tests, "tests")]),
        "payload": codec.to_json(assignment["payload"]),
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
        provider=found["provider"],
        python=found["python"],
        state=TaskState(found["state"]),
        ending=Ending(found["ending"]) if found["ending"] else None,
        proven_level=found["proven_level"],
        round=found["round"],
        created_at=found["created_at"].isoformat(),
        elapsed_s=found["elapsed_s"],
        levels={int(level): Outcome(o) for level, o in sorted((found["levels"] or {}).items())},
        tokens=found["tokens"],
        dollars=float(found["dollars"]),
    )


def _step(found: RowMapping) -> StepRow:
    columns = {name: value for name, value in found.items() if name != "task_id"}
    return StepRow(**{**columns, "id": str(found["id"]), "state": StepState(found["state"])})


def _refs(task_id: str, steps: Sequence[dict[str, str]]) -> tuple[StepRef, ...]:
    return tuple(
        StepRef(step["id"], task_id, Stage(step["stage"]), step["action"]) for step in steps
    )
