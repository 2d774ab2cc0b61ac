"""``ports.protocols.ExperimentStore`` on PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Engine, RowMapping, TextClause, text
from uuid6 import uuid7

from fractal_rmo.adapters.db import codec
from fractal_rmo.adapters.db.engine import Row, row, run, transact
from fractal_rmo.adapters.db.holdout import HELD_OUT
from fractal_rmo.adapters.db.protocols import insert, lock, move, roll_back
from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.protocol import (
    Experiment,
    Phase,
    ProtocolVersion,
    Status,
    StoredFix,
)

_RUNNING = {Phase.GATE: "running", Phase.WATCH: "watching"}
_EXPERIMENT = """
SELECT e.id, p.name, c.version AS control, p.version AS candidate, e.state, e.status
FROM experiments e JOIN protocols c ON c.id = e.control_id JOIN protocols p ON p.id = e.candidate_id
"""
_OPEN = text(_EXPERIMENT + "WHERE e.ended_at IS NULL ORDER BY e.id")
_LAST = text(_EXPERIMENT + "WHERE p.name = :name ORDER BY e.id DESC LIMIT 1")
_BEGIN = text("""
INSERT INTO experiments (id, control_id, candidate_id, status, state)
SELECT :id, c.id, :candidate, 'running',
       jsonb_build_object('learned_from', CAST(:learned_from AS int), 'number',
                          1 + (SELECT count(*) FROM experiments e
                               JOIN protocols p ON p.id = e.candidate_id WHERE p.name = :name))
FROM protocols c WHERE c.name = :name AND c.version = :control
""")
_TAKE = text(f"""
WITH next AS (
    SELECT t.id, t.content_sha256 FROM tasks t
    WHERE t.kind = 'fix' AND t.ending = 'proven' AND {HELD_OUT}
      AND EXISTS (SELECT FROM steps s WHERE s.task_id = t.id AND s.round = t.round
                  AND s.stage = 'execute' AND s.action = ''
                  AND jsonb_array_length(s.output->'experience'->'mended') > 0)
      AND NOT EXISTS (SELECT FROM replays r WHERE r.experiment_id = :experiment
                      AND r.content_sha256 = t.content_sha256
                      AND (r.difference IS NOT NULL
                           OR r.taken_at > now() - interval '10 minutes'))
    ORDER BY t.id LIMIT 1
), taken AS (
    INSERT INTO replays (experiment_id, content_sha256, task_id, phase)
    SELECT :experiment, content_sha256, id, :phase FROM next
    ON CONFLICT (experiment_id, content_sha256)
    DO UPDATE SET taken_at = now(), task_id = excluded.task_id, phase = excluded.phase
    RETURNING task_id
)
SELECT t.id, t.python, t.round,
       (SELECT jsonb_agg(jsonb_build_array(f.origin, f.path, f.content)) FROM files f
        WHERE f.task_id = t.id AND (f.round = 0 OR f.round = t.round)) AS files
FROM tasks t JOIN taken ON t.id = taken.task_id
""")  # noqa: S608 - made of our own words
_JUDGED = text("""
UPDATE replays SET control = :control, candidate = :candidate, difference = :difference
WHERE experiment_id = :experiment AND task_id = :task
""")
_DIFFERENCES = text("""
SELECT difference FROM replays
WHERE experiment_id = :experiment AND phase = :phase AND difference IS NOT NULL ORDER BY task_id
""")
_LOOKED = text("""
INSERT INTO looks (experiment_id, phase, pairs, e_value, mirror, threshold, decision)
SELECT :experiment, :phase, :pairs, :e_value, :mirror, :threshold, :decision
WHERE NOT EXISTS (SELECT FROM looks WHERE experiment_id = :experiment AND phase = :phase
                  AND pairs = :pairs)
""")
_STATUS = text("""
UPDATE experiments SET status = :status,
       ended_at = CASE WHEN :status = 'watching' THEN NULL ELSE now() END
WHERE id = :experiment AND ended_at IS NULL AND status = :before RETURNING id
""")
_END_WATCH = text("""
UPDATE experiments SET status = 'ended', ended_at = now()
WHERE ended_at IS NULL AND status = 'watching'
  AND candidate_id = (SELECT id FROM protocols WHERE name = :name AND version = :version)
""")
"""The watch over a version ends when another takes its place."""


class SqlExperimentStore:
    """Candidates, and what replays say of them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def propose(self, candidate: ProtocolVersion, control: int, learned_from: int) -> bool:
        """See the port."""
        return transact(self._engine, lambda db: _propose(db, candidate, control, learned_from))

    def open(self) -> Sequence[Experiment]:
        """See the port."""
        return [_experiment(e) for e in self._rows(_OPEN, {})]

    def last(self, name: str) -> Experiment | None:
        """See the port."""
        found = self._rows(_LAST, {"name": name})
        return _experiment(found[0]) if found else None

    def take(self, experiment: Experiment) -> StoredFix | None:
        """See the port."""
        found = row(self._engine, _TAKE, _of(experiment))
        return _stored(found) if found else None

    def judged(
        self, experiment: Experiment, task_id: str, efforts: tuple[int, int], difference: float
    ) -> None:
        """See the port."""
        values = {**_of(experiment), "task": task_id, "difference": difference}
        values |= {"control": efforts[0], "candidate": efforts[1]}
        run(self._engine, lambda db: db.execute(_JUDGED, values))

    def differences(self, experiment: Experiment) -> Sequence[float]:
        """See the port."""
        return [found["difference"] for found in self._rows(_DIFFERENCES, _of(experiment))]

    def looked(self, experiment: Experiment, figures: JsonObject) -> None:
        """See the port."""
        values = {**_of(experiment), **figures}
        run(self._engine, lambda db: db.execute(_LOOKED, values))

    def end(self, experiment: Experiment, becomes: Status) -> bool:
        """See the port."""
        return transact(self._engine, lambda db: _end(db, experiment, becomes))

    def _rows(self, statement: TextClause, values: Mapping[str, object]) -> Sequence[RowMapping]:
        return run(self._engine, lambda db: db.execute(statement, dict(values)).mappings().all())


def _propose(db: Connection, candidate: ProtocolVersion, control: int, learned_from: int) -> bool:
    lock(db)
    created = insert(db, candidate, Status.CANDIDATE, control)
    if created:
        values = {"id": str(uuid7()), "candidate": created, "name": candidate.name}
        db.execute(_BEGIN, {**values, "control": control, "learned_from": learned_from})
    return bool(created)


def _end(db: Connection, experiment: Experiment, becomes: Status) -> bool:
    lock(db)
    goes_on = becomes is Status.ACTIVE
    before = _RUNNING[experiment.phase]
    status = _RUNNING[Phase.WATCH] if goes_on else "ended"
    values = {"experiment": experiment.id, "status": status, "before": before}
    if db.execute(_STATUS, values).first() is None:
        return False
    name = experiment.name
    if becomes is Status.ROLLED_BACK:
        roll_back(db, name)
        return True
    move(db, name, experiment.candidate, becomes)
    if goes_on:
        db.execute(_END_WATCH, {"name": name, "version": experiment.control})
        move(db, name, experiment.control, Status.RETIRED)
    return True


def _experiment(found: RowMapping) -> Experiment:
    return Experiment(
        id=str(found["id"]),
        name=found["name"],
        control=found["control"],
        candidate=found["candidate"],
        number=found["state"]["number"],
        learned_from=found["state"]["learned_from"],
        phase=Phase.WATCH if found["status"] == _RUNNING[Phase.WATCH] else Phase.GATE,
    )


def _of(experiment: Experiment) -> dict[str, object]:
    return {"experiment": experiment.id, "phase": experiment.phase.value}


def _stored(found: Row) -> StoredFix:
    origins = ("code", "tests", "candidate")
    code, tests, proven = (codec.tree(found["files"], origin) for origin in origins)
    return StoredFix(str(found["id"]), found["python"], code, tests, proven)
