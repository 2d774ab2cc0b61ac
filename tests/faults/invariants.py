"""What must hold in the tables, whatever died: asked by tests and by the benchmark of faults.

``keep_journal`` lets triggers write down every finished step and every move of
a task, so that an effect which was overwritten is still seen.  A merge that found
too few reports and waits again, since a person put these back, takes its own back.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Connection, Engine, text

from fractal_rmo.adapters.db.engine import run, transact
from fractal_rmo.domain.lifecycle import TRANSITIONS

_JOURNAL = """
CREATE SCHEMA journal;
CREATE TABLE journal.effects (step_id uuid NOT NULL, fence int NOT NULL);
CREATE TABLE journal.moves (
    task_id uuid NOT NULL, from_state text, to_state text, from_ending text, to_ending text);
CREATE FUNCTION journal.effect() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO journal.effects VALUES (NEW.id, NEW.fence); RETURN NULL; END $$;
CREATE FUNCTION journal.move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO journal.moves VALUES (NEW.id, OLD.state, NEW.state, OLD.ending, NEW.ending);
    RETURN NULL; END $$;
CREATE TRIGGER effect AFTER UPDATE ON steps FOR EACH ROW WHEN (NEW.state = 'done')
    EXECUTE FUNCTION journal.effect();
CREATE FUNCTION journal.taken_back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    DELETE FROM journal.effects WHERE step_id = NEW.id; RETURN NULL; END $$;
CREATE TRIGGER taken_back AFTER UPDATE ON steps FOR EACH ROW
    WHEN (OLD.state = 'done' AND NEW.state = 'waiting') EXECUTE FUNCTION journal.taken_back();
CREATE TRIGGER move AFTER UPDATE ON tasks FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.ending IS DISTINCT FROM NEW.ending)
    EXECUTE FUNCTION journal.move();
"""
_MOVES = ", ".join(
    f"('{source}', '{target}')" for source, targets in TRANSITIONS.items() for target in targets
)
_ILLEGAL = f"""
SELECT task_id FROM journal.moves
WHERE from_state <> to_state AND (from_state, to_state) NOT IN ({_MOVES})
"""  # noqa: S608 - out of our own table
TWICE: Mapping[str, str] = MappingProxyType(
    {
        "a step took effect twice": """
            SELECT step_id FROM journal.effects GROUP BY step_id HAVING count(*) > 1""",
        "a round was merged twice": """
            SELECT s.task_id FROM journal.effects e JOIN steps s ON s.id = e.step_id
            WHERE s.stage = 'merge' GROUP BY s.task_id, s.round HAVING count(*) > 1""",
        "a level was judged twice in a round": """
            SELECT task_id FROM verdicts GROUP BY task_id, round, level HAVING count(*) > 1""",
        "a step told its result twice": """
            SELECT causation_id FROM messages
            WHERE type IN ('analysis_complete', 'validation_result')
            GROUP BY causation_id, type HAVING count(*) > 1""",
    }
)
"""Effects that were committed more than once; each query yields what breaks its sentence's rule."""

ALWAYS: Mapping[str, str] = MappingProxyType(
    {
        **TWICE,
        "a step was tried too often": "SELECT id FROM steps WHERE attempts > max_attempts",
        "a step that is done was not claimed": """
            SELECT id FROM steps WHERE state = 'done' AND (fence < 1 OR attempts < 1)""",
        "a running step has no lease, or another has one": """
            SELECT id FROM steps WHERE (state = 'running') <> (lease_until IS NOT NULL)""",
        "a queued step is never published": """
            SELECT id FROM steps WHERE state = 'queued' AND publish_after IS NULL""",
        "the analyzers are miscounted": """
            SELECT t.id FROM tasks t WHERE fan_in <> 5 - (
                SELECT count(*) FROM steps s
                WHERE s.task_id = t.id AND s.stage = 'analyze' AND s.round = t.base_round + 1
                  AND s.state IN ('done', 'dead'))""",
        "a merge began before its analyzers": """
            SELECT s.task_id FROM steps s JOIN tasks t ON t.id = s.task_id
            WHERE s.stage = 'merge' AND s.round > t.base_round AND s.attempts > 0
              AND t.fan_in > 0""",
        "a task moved as the lifecycle does not allow": _ILLEGAL,
        "an ending was changed": """
            SELECT task_id FROM journal.moves
            WHERE from_ending IS NOT NULL AND to_ending IS NOT NULL AND from_ending <> to_ending""",
        "an ended task has open steps": """
            SELECT t.id FROM tasks t JOIN steps s ON s.task_id = t.id
            WHERE t.ending IS NOT NULL AND s.state IN ('waiting', 'queued', 'running')""",
        "a task is proven without the verdict": """
            SELECT t.id FROM tasks t WHERE t.ending = 'proven' AND NOT EXISTS (
                SELECT 1 FROM verdicts v WHERE v.task_id = t.id AND v.round = t.round
                  AND v.level = t.level AND v.outcome IN ('passed', 'not_applicable'))""",
    }
)
"""Hold at every moment."""

AT_REST: Mapping[str, str] = MappingProxyType(
    {
        "a task has not ended": "SELECT id FROM tasks WHERE ending IS NULL",
        "a lease has expired and nobody noticed": """
            SELECT id FROM steps WHERE state = 'running' AND lease_until < now()""",
        "a due step stays unpublished": "SELECT id FROM steps WHERE state = 'queued'",
    }
)
"""Hold once everything was digested: after the last fault, a lease and a sweep."""


def keep_journal(engine: Engine) -> None:
    """Write down every effect from now on, in a schema of its own."""
    transact(engine, lambda db: db.execute(text(_JOURNAL)))


def broken(engine: Engine, *, at_rest: bool) -> dict[str, list[str]]:
    """The ids that break a rule, by the sentence that says which; {} when all hold."""
    asked = {**ALWAYS, **AT_REST} if at_rest else ALWAYS
    return run(engine, lambda db: _ask(db, asked))


def _ask(db: Connection, asked: Mapping[str, str]) -> dict[str, list[str]]:
    found = {
        sentence: [str(row[0]) for row in db.execute(text(query))]
        for sentence, query in asked.items()
    }
    return {sentence: ids for sentence, ids in found.items() if ids}
