"""Backup and restore against a real PostgreSQL: nothing is lost."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from fractal_rmo.adapters.backup.archive import MANIFEST
from fractal_rmo.adapters.backup.before import keep_before
from fractal_rmo.adapters.backup.load import Place, load
from fractal_rmo.adapters.backup.save import save
from fractal_rmo.adapters.backup.secrets import Secret
from fractal_rmo.adapters.db import migrate
from fractal_rmo.adapters.db.engine import make_engine
from fractal_rmo.adapters.db.tasks import SqlTaskStore
from fractal_rmo.adapters.embedded.paths import StatePaths
from fractal_rmo.domain.errors import InputError
from fractal_rmo.domain.step import Stage
from tests.adapters.backup.conftest import MIGRATIONS, rewritten, silent
from tests.adapters.backup.places import ODD, address, place_of, prove, rows
from tests.adapters.db.desk import Desk
from tests.conftest import ROOT

pytestmark = pytest.mark.cluster


def test_everything_that_ended_comes_back_as_it_was(
    engine: Engine, elsewhere: Place, tmp_path: Path
) -> None:
    prove(engine).tasks.cancel(SqlTaskStore(engine).submit(ODD)[0])
    file = tmp_path / "backup.zip"
    manifest = save(address(engine), file, {}, silent)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]
    restored = load(file, elsewhere, silent, replace=False)
    assert (restored.revision, restored.manifest) == (migrate.HEAD, manifest)
    there = rows(elsewhere.url)
    assert there == rows(address(engine))
    assert {name: len(found) for name, found in there.items()} == {
        name: table.rows for name, table in manifest.tables.items()
    }
    assert ODD.description in {task["description"] for task in there["tasks"]}
    assert_ids_go_on(elsewhere.url, there)


def assert_ids_go_on(url: str, restored: dict[str, list[Any]]) -> None:
    """Ids that the database gives are above those that were restored."""
    engine = make_engine(url)
    Desk(engine)
    engine.dispose()
    known = {message["id"] for message in restored["messages"]}
    assert min({message["id"] for message in rows(url)["messages"]} - known) > max(known)


def test_what_is_written_meanwhile_is_in_no_table_of_the_backup(
    engine: Engine, tmp_path: Path
) -> None:
    store = SqlTaskStore(engine)
    store.submit(ODD)
    submitted = []

    def submit_meanwhile(_member: str, _done: int) -> None:
        submitted.append(store.submit(ODD))

    manifest = save(address(engine), tmp_path / "b.zip", {}, submit_meanwhile)
    assert len(submitted) >= 3
    found = {name: manifest.tables[name].rows for name in ("tasks", "steps", "files", "messages")}
    assert found == {"tasks": 1, "steps": 8, "files": 2, "messages": 1}


def test_a_table_that_a_migration_rewrites_meanwhile_is_not_saved_as_empty(
    engine: Engine, tmp_path: Path
) -> None:
    SqlTaskStore(engine).submit(ODD)
    refused = []

    def migrate_meanwhile(_member: str, _done: int) -> None:
        try:
            with engine.connect() as db:
                db.execute(text("SET lock_timeout = '100ms'"))
                db.execute(text("ALTER TABLE steps ALTER COLUMN max_attempts TYPE bigint"))
        except OperationalError as error:
            refused.append(error)

    manifest = save(address(engine), tmp_path / "b.zip", {}, migrate_meanwhile)
    assert manifest.tables["steps"].rows == 8
    assert refused


def test_what_was_under_way_goes_on_and_loses_neither_time_nor_an_attempt(
    engine: Engine, elsewhere: Place, tmp_path: Path
) -> None:
    desk = Desk(engine)
    running = desk.of(Stage.ANALYZE)[0]
    desk.claim(running)
    with engine.connect() as db:  # an hour ago, so that its time has run out by now
        for columns in ("tasks SET deadline = deadline", "steps SET lease_until = lease_until"):
            db.execute(text(f"UPDATE {columns} - interval '1 hour'"))
    file = tmp_path / "b.zip"
    save(address(engine), file, {}, silent)
    with engine.connect() as db:
        then = db.execute(text("SELECT now() - interval '1 hour'")).scalar_one().isoformat()
    old = rewritten(file, change=lambda m: m.update(created_at=then))
    load(old, elsewhere, silent, replace=False)
    there = make_engine(elsewhere.url)
    again = Desk(there)
    assert again.upkeep.end_overdue() == 0
    assert again.upkeep.reap() == 0
    assert running.step_id in {ref.step_id for ref in again.upkeep.sweep()}
    claim = again.steps.claim(running.step_id)
    assert claim is not None
    assert claim.attempts == 1
    assert claim.fence > 1000  # whoever held it elsewhere is a zombie here
    assert 200 < claim.seconds_left <= 300
    least = "SELECT min(fence) FROM steps WHERE task_id = :task"
    with there.connect() as db:  # one that waited when it was saved may be held elsewhere by now
        assert db.execute(text(least), {"task": desk.task}).scalar_one() >= 1000
    there.dispose()


def test_what_people_made_is_kept_unless_it_is_to_be_replaced(
    engine: Engine, elsewhere: Place, tmp_path: Path
) -> None:
    prove(engine)
    save(address(engine), tmp_path / "b.zip", {}, silent)
    migrate.upgrade(elsewhere.url, MIGRATIONS)
    there = make_engine(elsewhere.url)
    with there.connect() as db:  # what the installation itself writes down counts for nothing
        db.execute(text("INSERT INTO jobs (name, hour) VALUES ('hourly', now())"))
    there.dispose()
    load(tmp_path / "b.zip", elsewhere, silent, replace=False)
    doomed, _ = SqlTaskStore(there).submit(ODD)
    there.dispose()
    before = rows(elsewhere.url)
    with pytest.raises(InputError, match=r"FR604 The table 'tasks' is not empty.*--replace"):
        load(tmp_path / "b.zip", elsewhere, silent, replace=False)
    assert rows(elsewhere.url) == before
    assert doomed in {task["id"] for task in before["tasks"]}
    load(tmp_path / "b.zip", elsewhere, silent, replace=True)
    assert rows(elsewhere.url) == rows(address(engine))


def test_an_older_backup_is_restored_and_brought_up_to_date(
    elsewhere: Place, engine: Engine, tmp_path: Path
) -> None:
    command.upgrade(migrate.config(elsewhere.url, MIGRATIONS), "0001")
    old = make_engine(elsewhere.url)
    with old.connect() as db:
        db.execute(
            text(
                "INSERT INTO tasks (id, kind, level, provider, deadline) VALUES"
                " (gen_random_uuid(), 'fix', 3, 'auto', now() + interval '1 minute')"
            )
        )
    old.dispose()
    save(elsewhere.url, tmp_path / "old.zip", {}, silent)
    restored = load(tmp_path / "old.zip", place_of(engine), silent, replace=False)
    assert (restored.manifest.revision, restored.revision) == ("0001", migrate.HEAD)
    (task,) = rows(address(engine))["tasks"]
    assert (task["level"], task["python"], task["base_round"]) == (3, "", 0)
    command.check(migrate.config(address(engine), MIGRATIONS))


def test_secrets_come_along(engine: Engine, elsewhere: Place, tmp_path: Path) -> None:
    ours = {"signing-key.pem": tmp_path / "key", "web-secrets.json": tmp_path / "web"}
    ours["signing-key.pem"].write_bytes(b"mine")
    save(address(engine), tmp_path / "b.zip", ours, silent)  # one of them was never made
    there = {name: Secret(tmp_path / "new" / name, precious=True) for name in ours}
    restored = load(tmp_path / "b.zip", replace(elsewhere, secrets=there), silent, replace=False)
    assert restored.secrets == ("signing-key.pem",)
    (written,) = (tmp_path / "new").iterdir()
    assert written.read_bytes() == b"mine"


def test_the_newest_three_backups_before_migrations_are_kept(
    engine: Engine, tmp_path: Path
) -> None:
    paths = StatePaths(tmp_path / "state")
    paths.create()
    paths.backups.mkdir()
    old = [paths.backups / f"before-2020010{n}T000000-of-0001.zip" for n in range(1, 5)]
    for path in old:
        path.touch()
    made = keep_before(address(engine), paths, {}, "0003")
    assert sorted(paths.backups.iterdir()) == [*old[2:], made]
    assert MANIFEST.encode() in made.read_bytes()


def test_the_commands_do_it_and_say_what_they_did(
    servers: StatePaths, engine: Engine, elsewhere: Place, tmp_path: Path
) -> None:
    prove(engine)
    file = tmp_path / "b.zip"

    def run(url: str, *words: str) -> subprocess.CompletedProcess[str]:
        ours = {"FRACTAL_STATE": str(servers.root), "DATABASE_URL": url}
        ours["FRACTAL_SIGNING_KEY"] = str(tmp_path / "key.pem")
        return subprocess.run(
            [sys.executable, "-m", "fractal_rmo.cli.main", *words, str(file)],
            cwd=ROOT, env={**os.environ, **ours}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    saved = run(address(engine), "backup")
    assert saved.returncode == 0, saved.stderr
    assert f"wrote {file}: 1 tasks" in saved.stdout
    restored = run(elsewhere.url, "restore", "--json")
    assert restored.returncode == 0, restored.stderr
    assert json.loads(restored.stdout)["rows"]["steps"] == 8
    assert rows(elsewhere.url) == rows(address(engine))
