"""Code and tables of different versions: what goes on, what is refused, and with which words."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, text

from fractal_rmo.adapters.db import migrate
from fractal_rmo.domain.errors import InfrastructureError
from fractal_rmo.domain.lifecycle import Ending
from tests.adapters.backup.conftest import MIGRATIONS
from tests.adapters.db.desk import PROVEN, Desk

pytestmark = pytest.mark.cluster
LATER = """
import sqlalchemy as sa
from alembic import op

revision = "9001"
down_revision = "{head}"


def upgrade() -> None:
    op.add_column("tasks", sa.Column("later", sa.Text(), server_default="", nullable=False))
    op.create_table("later", sa.Column("id", sa.Integer(), primary_key=True))
"""


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The migrations of a later version, which expands the tables."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    text_ = LATER.format(head=migrate.HEAD)
    (folder / "versions" / "9001_later.py").write_text(text_)
    return folder


def address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def test_code_goes_on_with_tables_that_a_later_version_expanded(
    engine: Engine, later: Path
) -> None:
    before = Desk(engine)
    validation = before.reach_validation()
    migrate.upgrade(address(engine), later)
    migrate.upgrade(address(engine), MIGRATIONS)  # as an old worker that starts now
    migrate.require(address(engine))
    after = Desk(engine)
    before.steps.finish(validation, PROVEN)
    after.steps.finish(after.reach_validation(), PROVEN)
    endings = [desk.tasks.show(desk.task).row.ending for desk in (before, after)]
    assert endings == [Ending.PROVEN, Ending.PROVEN]
    with engine.connect() as db:
        assert migrate.revision(db) == "9001"


def test_code_refuses_tables_that_no_longer_suit_it_and_names_the_version(
    engine: Engine, later: Path
) -> None:
    migrate.upgrade(address(engine), later)
    with engine.connect() as db:
        db.execute(text("INSERT INTO schema_contracts VALUES ('0001', '0.0.1')"))  # known to us
        migrate.require(address(engine))
        db.execute(text("INSERT INTO schema_contracts VALUES ('9001', '7.5.0')"))
    for work in (migrate.require, lambda url: migrate.upgrade(url, MIGRATIONS)):
        with pytest.raises(InfrastructureError, match=r"FR602 .* since 9001 .* version 7\.5\.0"):
            work(address(engine))


def test_code_without_migrations_says_that_the_tables_are_behind(engine: Engine) -> None:
    """And where there are none, they are made without a backup of nothing."""
    command.downgrade(migrate.config(address(engine), MIGRATIONS), "0003")
    with pytest.raises(
        InfrastructureError, match=rf"FR603 .*0003; {migrate.HEAD} is .*fractal-rmo migrate"
    ):
        migrate.require(address(engine))
    command.downgrade(migrate.config(address(engine), MIGRATIONS), "base")
    with engine.connect() as db:
        db.execute(text("DROP TABLE alembic_version"))
    with pytest.raises(InfrastructureError, match="FR603 They are at revision none"):
        migrate.require(address(engine))
    backed_up: list[str] = []
    migrate.upgrade(address(engine), MIGRATIONS, backed_up.append)
    migrate.require(address(engine))
    assert backed_up == []


@pytest.fixture
def powerless(engine: Engine) -> Iterator[str]:
    """The address of a user who may use the tables, but not change them."""
    with engine.connect() as db:
        db.execute(text("CREATE ROLE powerless LOGIN"))
        db.execute(text("GRANT ALL ON ALL TABLES IN SCHEMA public TO powerless"))
    yield address(engine).replace("://postgres@", "://powerless@")
    with engine.connect() as db:
        db.execute(text("DROP OWNED BY powerless"))
        db.execute(text("DROP ROLE powerless"))


def test_who_may_not_change_the_tables_is_told_what_to_do(
    engine: Engine, powerless: str, later: Path
) -> None:
    migrate.upgrade(powerless, MIGRATIONS)  # nothing is to be changed
    with pytest.raises(InfrastructureError, match=r"FR603 .*9001.*fractal-rmo migrate"):
        migrate.upgrade(powerless, later)
    with engine.connect() as db:
        assert migrate.revision(db) == migrate.HEAD


def test_of_many_who_start_at_once_one_backs_up_and_migrates(engine: Engine, later: Path) -> None:
    backed_up: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(migrate.upgrade, address(engine), later, backed_up.append) for _ in range(2)
        ]
        for job in jobs:
            job.result()
    assert backed_up == [migrate.HEAD]


def test_nothing_is_migrated_where_the_backup_fails(engine: Engine, later: Path) -> None:
    def fail(_revision: str) -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        migrate.upgrade(address(engine), later, fail)
    with engine.connect() as db:
        assert migrate.revision(db) == migrate.HEAD
