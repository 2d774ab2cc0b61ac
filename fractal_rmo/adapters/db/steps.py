"""``ports.stores.StepStore`` on PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Engine
from uuid6 import uuid7

from fractal_rmo.adapters.db import codec, statements
from fractal_rmo.adapters.db.engine import Row, row, run
from fractal_rmo.adapters.db.outbox import message_rows
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.lifecycle import check
from fractal_rmo.domain.outcome import StepOutcome
from fractal_rmo.domain.pattern import ErrorRecord
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import STATE_OF, Claim, Stage, StepRef
from fractal_rmo.domain.task import Provider, TaskKind
from fractal_rmo.domain.verdict import Level


class SqlStepStore:
    """Claims and finishes steps; each call is one statement and one transaction."""

    def __init__(self, engine: Engine, *, lease_s: float = 30.0, grace_s: float = 5.0) -> None:
        self._engine = engine
        self._lease_s = lease_s
        self._grace_s = grace_s

    def claim(self, step_id: str) -> Claim | None:
        """See the port."""
        found = row(self._engine, statements.CLAIM, {"id": step_id, "lease": self._lease_s})
        return None if found is None else _claim(found)

    def finish(self, claim: Claim, outcome: StepOutcome) -> tuple[StepRef, ...] | None:
        """See the port; raises ``LifecycleError`` for moves that the table does not allow."""
        parts, parameters = _effects(claim, outcome)
        parameters["grace"] = self._grace_s
        lazily = claim.ref.stage is Stage.ANALYZE and not parts
        stored = row(self._engine, statements.finish(parts, lazily=lazily), parameters)
        if stored is None or not stored["finished"]:
            return None
        return refs(claim.ref.task_id, stored["due"])

    def give_back(self, claim: Claim, error: str, delay_s: float) -> None:
        """See the port."""
        values: dict[str, object] = {"id": claim.ref.step_id, "fence": claim.fence}
        values["delay"] = delay_s
        values |= {"error": codec.clean_text(error)}
        run(self._engine, lambda db: db.execute(statements.GIVE_BACK, values))

    def extend(self, holds: Mapping[str, int], lease_s: float) -> frozenset[str]:
        """See the port."""
        values = {"holds": codec.to_json(holds), "lease": lease_s}
        kept = run(self._engine, lambda db: list(db.execute(statements.EXTEND, values).scalars()))
        return frozenset(map(str, kept))

    def held(self, holds: Mapping[str, int]) -> frozenset[str]:
        """See the port."""
        values = {"holds": codec.to_json(holds)}
        kept = run(self._engine, lambda db: list(db.execute(statements.HELD, values).scalars()))
        return frozenset(map(str, kept))

    def note(self, step_id: str, fence: int, progress: Mapping[str, Json]) -> bool:
        """See the port."""
        values = {"id": step_id, "fence": fence, "progress": codec.to_json(progress)}
        return row(self._engine, statements.NOTE, values) is not None


def refs(task_id: str, due: Sequence[Sequence[str]]) -> tuple[StepRef, ...]:
    """Step references out of [id, stage, action] triples."""
    return tuple(StepRef(step, task_id, Stage(stage), action) for step, stage, action in due)


def _claim(found: Row) -> Claim:
    files = found["files"]
    return Claim(
        ref=StepRef(
            str(found["id"]), str(found["task_id"]), Stage(found["stage"]), found["action"]
        ),
        fence=found["fence"],
        attempts=found["attempts"],
        round=found["round"],
        tries=found["round"] - found["base_round"],
        kind=TaskKind(found["kind"]),
        level=Level(found["level"]),
        provider=Provider(found["provider"]),
        budget=codec.budget(found["budget"]),
        python=found["python"],
        seconds_left=found["seconds_left"],
        code=codec.tree(files, "code"),
        tests=codec.tree(files, "tests"),
        candidate=codec.tree(files, "candidate") or None,
        written_tests=codec.tree(files, "written_tests"),
        stated=codec.tree(files, "stated"),
        description=found["description"],
        outputs={key.rstrip("/"): value for key, value in (found["outputs"] or {}).items()},
        earlier=tuple(found["earlier"] or ()),
    )


def _effects(claim: Claim, outcome: StepOutcome) -> tuple[frozenset[str], dict[str, Any]]:
    """Which parts of the finishing statement are needed, and all parameters."""
    state = STATE_OF[claim.ref.stage]
    start = state
    for target in outcome.moves:
        state = check(state, target, f"end of {claim.ref.stage}")
    documents: dict[str, list[dict[str, Any]]] = {
        "steps": _new_steps(claim, outcome),
        "files": [
            *_file_rows(outcome.candidate, "candidate"),
            *_file_rows(outcome.written_tests, "written_tests"),
            *_file_rows(outcome.stated, "stated"),
        ],
        "verdicts": [codec.verdict_row(verdict) for verdict in outcome.verdicts],
        "messages": message_rows(outcome.messages, outcome.errors),
        "errors": [_error_row(error) for error in outcome.errors],
    }
    parts = {name for name, rows in documents.items() if rows}
    if outcome.ending:
        parts.add("dropped")
    parameters: dict[str, Any] = {
        "id": claim.ref.step_id,
        "task": claim.ref.task_id,
        "fence": claim.fence,
        "output": codec.to_json(outcome.output),
        "from_state": start.value,
        "to_state": state.value,
        "ending": outcome.ending.value if outcome.ending else None,
        "proven": outcome.proven_level,
        "summary": codec.clean_text(outcome.summary),
        "fan": int(claim.ref.stage is Stage.ANALYZE),
        "advance": int(outcome.next_round),
        "release": outcome.releases.value if outcome.releases else "",
    }
    parameters |= {name: codec.to_json(documents[name]) for name in parts - {"dropped"}}
    return frozenset(parts), parameters


def _new_steps(claim: Claim, outcome: StepOutcome) -> list[dict[str, Any]]:
    stages: list[tuple[Stage, str, str]] = []
    if outcome.more:
        stages.append((claim.ref.stage, outcome.more, "queued"))
    if outcome.learn:
        stages.append((Stage.LEARN, "", "queued"))
    if outcome.next_round:
        stages += [(Stage.MERGE, "", "queued"), (Stage.EXECUTE, "", "waiting")]
        stages.append((Stage.VALIDATE, "", "waiting"))
    return [
        {"id": str(uuid7()), "stage": stage.value, "action": action, "state": state}
        for stage, action, state in stages
    ]


def _file_rows(tree: SourceTree | None, origin: str) -> list[dict[str, Any]]:
    files = tree.files if tree else {}
    return [
        {"origin": origin, "path": path, "content": codec.clean_text(text)}
        for path, text in files.items()
    ]


def _error_row(error: ErrorRecord) -> dict[str, Any]:
    return {
        "role": error.role,
        "level": error.level,
        "type": error.type,
        "message": error.message,
        "signature": error.signature,
        "tokens_used": error.tokens_used,
    }
