"""The statements of the hot path: a step costs one claim and one finish.

Each is a single statement, so that it is a transaction in one round trip.
Every statement locks the task's row first: claims, finishes and cancels of one
task follow one another, and no two of them can deadlock.

A plan is made once for each connection, often while the tables are small.  So
rows are looked up by a value, ``= (SELECT ...)``, and not joined with what an
earlier part returned: such a join may be planned to read a whole table.  And
``coalesce(ending, '') = ''`` keeps the index over live tasks out of the plan:
while there are ten of them it looks as good as the primary key.

What can be done again does not wait for the disk (``prepared.LAZILY``): a claim
and an analyzer's report.  A server that is killed forgets at most its last
second of them, and the step falls due again.
"""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import text

from fractal_rmo.adapters.db.prepared import LAZILY, Prepared

_LONGEST_SAID = 2000
"""Characters of an attempt's words that are kept as evidence."""
_TYPES = {
    **dict.fromkeys(("id", "task"), "uuid"),
    **dict.fromkeys(("lease", "grace"), "float8"),
    **dict.fromkeys(("fence", "fan", "advance", "proven"), "int"),
    **dict.fromkeys(("from_state", "to_state", "ending", "summary", "release"), "text"),
    **dict.fromkeys(("output", "files", "verdicts", "messages", "errors", "steps"), "jsonb"),
}


def evidence(said: str, step: str = "steps") -> str:
    """The column ``evidence`` with one more entry: what became of the attempt at this moment."""
    moment = """to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')"""
    entry = f"'attempt', {step}.attempts, 'at', {moment}, 'said', left({said}, {_LONGEST_SAID})"
    return f"{step}.evidence || jsonb_build_array(jsonb_build_object({entry}))"


LOST = "'The worker was lost: its lease expired.'"
"""What an attempt said whose worker never spoke again."""

_CLAIM = f"""
WITH task AS (
    SELECT t.* FROM tasks t
    WHERE t.id = (SELECT task_id FROM steps WHERE id = :id) AND coalesce(t.ending, '') = ''
    FOR NO KEY UPDATE
), claimed AS (
    UPDATE steps s
    SET state = 'running', lease_until = now() + :lease * interval '1 second',
        fence = s.fence + 1, attempts = s.attempts + 1,
        started_at = coalesce(s.started_at, now()),
        evidence = CASE WHEN s.state = 'running' THEN {evidence(LOST, "s")} ELSE s.evidence END
    FROM task
    WHERE s.id = :id AND s.attempts < s.max_attempts
      AND (s.state = 'queued' OR (s.state = 'running' AND s.lease_until < now()))
    RETURNING s.id, s.task_id, s.stage, s.action, s.round, s.fence, s.attempts
), started AS (
    UPDATE tasks t SET state = 'analyzing', version = t.version + 1
    WHERE t.id = (SELECT task_id FROM claimed) AND t.state = 'idle'
)
SELECT c.*, task.base_round, task.kind, task.level, task.provider, task.budget,
       task.python, task.description,
       extract(epoch FROM task.deadline - now())::float AS seconds_left,
       (SELECT jsonb_agg(jsonb_build_array(f.origin, f.path, f.content)) FROM files f
        WHERE f.task_id = c.task_id
          AND (f.round = 0 OR (f.round = c.round AND c.stage = 'validate')
               OR (f.round > task.base_round AND c.stage = 'execute'
                   AND f.origin = 'candidate' AND f.round = c.round - 1)
               OR (f.round > task.base_round
                   AND f.origin IN ('written_tests', 'stated')))) AS files,
       (SELECT jsonb_object_agg(p.stage || '/' || p.action, p.output) FROM steps p
        WHERE c.stage <> 'analyze' AND p.task_id = c.task_id AND p.state = 'done'
          AND (p.round = c.round
               OR (p.stage = 'analyze' AND p.round = task.base_round + 1))) AS outputs,
       (SELECT jsonb_agg(p.output) FROM steps p
        WHERE p.task_id = c.task_id AND p.round < c.round AND p.round > task.base_round
          AND p.stage = 'validate') AS earlier, {LAZILY}
FROM claimed c, task
"""  # noqa: S608 - made of our own words
CLAIM = Prepared("claim_step", _CLAIM, _TYPES)
"""A step for ``:lease`` seconds with all that its stage needs; no row when there is nothing."""

_DONE = """
WITH task AS (
    SELECT id FROM tasks
    WHERE id = :task AND coalesce(ending, '') = '' AND state = :from_state
    FOR NO KEY UPDATE
), done AS (
    UPDATE steps s
    SET state = 'done', output = :output, lease_until = NULL, publish_after = NULL,
        finished_at = now(), error = ''
    FROM task WHERE s.id = :id AND s.fence = :fence AND s.state = 'running'
    RETURNING s.id, s.task_id, s.round
), moved AS (
    UPDATE tasks t
    SET state = :to_state, ending = :ending, fan_in = t.fan_in - :fan,
        round = t.round + :advance, version = t.version + 1,
        proven_level = greatest(t.proven_level, :proven),
        summary = CASE WHEN :summary = '' THEN t.summary ELSE :summary END,
        ended_at = CASE WHEN :ending IS NULL THEN NULL ELSE now() END
    WHERE t.id = (SELECT task_id FROM done)
    RETURNING t.id, t.fan_in, t.round, t.content_sha256
), released AS (
    UPDATE steps s SET state = 'queued', publish_after = now() + :grace * interval '1 second'
    WHERE s.task_id = (SELECT task_id FROM done) AND s.round = (SELECT round FROM done)
      AND s.stage = :release AND s.state = 'waiting'
      AND (:fan = 0 OR (SELECT fan_in FROM moved) = 0)
    RETURNING s.id, s.stage, s.action
)"""
_STEPS = """, inserted AS (
    INSERT INTO steps (id, task_id, round, stage, action, state, publish_after)
    SELECT n.id, done.task_id, moved.round, n.stage, n.action, n.state,
           CASE WHEN n.state = 'queued' THEN now() + :grace * interval '1 second' END
    FROM done, moved, jsonb_to_recordset(:steps)
         AS n(id uuid, stage text, action text, state text)
    RETURNING id, stage, action, state
)"""
_FILES = """, stored AS (
    INSERT INTO files (task_id, round, origin, path, content, sha256)
    SELECT done.task_id, done.round, f.origin, f.path, f.content,
           encode(sha256(convert_to(f.content, 'UTF8')), 'hex')
    FROM done, jsonb_to_recordset(:files) AS f(origin text, path text, content text)
    ON CONFLICT (task_id, round, origin, path)
    DO UPDATE SET content = excluded.content, sha256 = excluded.sha256
)"""
_VERDICTS = """, judged AS (
    INSERT INTO verdicts (task_id, round, level, outcome, summary, evidence, duration_s, tier,
                          tools, shared_process)
    SELECT done.task_id, done.round, v.*
    FROM done, jsonb_to_recordset(:verdicts)
         AS v(level int, outcome text, summary text, evidence jsonb, duration_s float, tier text,
              tools jsonb, shared_process bool)
)"""
_MESSAGES = """, told AS (
    INSERT INTO messages (correlation_id, causation_id, type, payload)
    SELECT done.task_id, done.id, m.type, m.payload
    FROM done, jsonb_to_recordset(:messages) AS m(type text, payload jsonb)
)"""
_ERRORS = """, logged AS (
    INSERT INTO error_logs (task_id, submitter, role, level, error_type, message, signature,
                            tokens_used)
    SELECT done.task_id, moved.content_sha256, e.*
    FROM done, moved, jsonb_to_recordset(:errors)
         AS e(role text, level int, type text, message text, signature jsonb, tokens_used int)
)"""
_DROPPED = """, dropped AS (
    UPDATE steps s SET state = 'dropped', publish_after = NULL
    WHERE s.task_id = (SELECT task_id FROM done) AND s.state IN ('waiting', 'queued')
)"""
_DUE = """
SELECT (SELECT count(*) FROM done) AS finished,
       coalesce((SELECT jsonb_agg(jsonb_build_array(id, stage, action)) FROM released), '[]') AS due
"""
_DUE_WITH_STEPS = """
SELECT (SELECT count(*) FROM done) AS finished,
       coalesce((SELECT jsonb_agg(jsonb_build_array(d.id, d.stage, d.action)) FROM (
           SELECT id, stage, action FROM released
           UNION ALL SELECT id, stage, action FROM inserted WHERE state = 'queued'
       ) AS d), '[]') AS due
"""
_PARTS = {
    "files": _FILES,
    "verdicts": _VERDICTS,
    "messages": _MESSAGES,
    "errors": _ERRORS,
    "steps": _STEPS,
    "dropped": _DROPPED,
}


@lru_cache(maxsize=64)
def finish(parts: frozenset[str], *, lazily: bool) -> Prepared:
    """Finish a step and store ``parts`` of its outcome, all guarded by the fence."""
    chosen = [name for name in _PARTS if name in parts]
    due = _DUE_WITH_STEPS if "steps" in parts else _DUE
    sql = _DONE + "".join(_PARTS[name] for name in chosen) + due
    if lazily:
        return Prepared("_".join(["finish_lazily", *chosen]), f"{sql}, {LAZILY}", _TYPES)
    return Prepared("_".join(["finish", *chosen]), sql, _TYPES)


EXTEND = text("""
UPDATE steps s SET lease_until = now() + :lease * interval '1 second'
FROM jsonb_each_text(CAST(:holds AS jsonb)) AS h(id, fence), tasks t
WHERE s.id = CAST(h.id AS uuid) AND s.fence = CAST(h.fence AS int) AND s.state = 'running'
  AND t.id = s.task_id AND t.ending IS NULL
RETURNING s.id
""")

HELD = text("""
SELECT s.id
FROM jsonb_each_text(CAST(:holds AS jsonb)) AS h(id, fence)
JOIN steps s ON s.id = CAST(h.id AS uuid) AND s.fence = CAST(h.fence AS int)
JOIN tasks t ON t.id = s.task_id
WHERE s.state = 'running' AND t.ending IS NULL
""")

NOTE = text("""
UPDATE steps s SET progress = CAST(:progress AS jsonb)
FROM tasks t
WHERE s.id = :id AND s.fence = :fence AND s.state = 'running'
  AND t.id = s.task_id AND t.ending IS NULL
RETURNING s.id
""")


GIVE_BACK = text(f"""
UPDATE steps
SET state = 'queued', lease_until = NULL, error = :error,
    publish_after = now() + :delay * interval '1 second',
    evidence = {evidence("CAST(:error AS text)")}
WHERE id = :id AND fence = :fence AND state = 'running'
""")  # noqa: S608 - made of our own words
