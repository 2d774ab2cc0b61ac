"""Every migration keeps the rule that lets old code run on new tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from fractal_rmo.adapters.db.migrate import HEAD
from fractal_rmo.version import VERSION
from tests.adapters.db.migration_rules import faults
from tests.conftest import ROOT

MIGRATIONS = sorted((ROOT / "migrations" / "versions").glob("*.py"))
FRAME = """
revision = "0009"
down_revision = "0008"
def upgrade():
    {body}
"""


def test_every_migration_keeps_the_rule() -> None:
    assert len(MIGRATIONS) >= 4
    assert [fault for path in MIGRATIONS for fault in faults(path, VERSION)] == []


def test_the_code_knows_the_newest_revision() -> None:
    assert MIGRATIONS[-1].name.partition("_")[0] == HEAD


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "body",
    [
        "op.add_column('t', sa.Column('c', sa.Text(), nullable=True))",
        "op.add_column('t', sa.Column('c', sa.Text(), server_default='', nullable=False))",
        "op.create_table('t', sa.Column('c', sa.Text(), nullable=False))",
        "op.create_index('i', 't', ['c'])",
        "op.execute('UPDATE t SET c = 1')",
    ],
)
def test_what_adds_is_let_pass(tmp_path: Path, body: str) -> None:
    path = written(tmp_path, "0009_more.py", FRAME.format(body=body))
    assert faults(path, VERSION) == []


@pytest.mark.parametrize(
    "body",
    [
        "op.drop_table('t')",
        "op.drop_column('t', 'c')",
        "op.drop_index('i')",
        "op.rename_table('t', 'u')",
        "op.alter_column('t', 'c', new_column_name='d')",
        "op.alter_column('t', 'c', nullable=False)",
        "op.alter_column('t', 'c', type_=sa.Integer())",
        "op.create_check_constraint('k', 't', 'c > 0')",
        "op.create_unique_constraint('u', 't', ['c'])",
        "op.add_column('t', sa.Column('c', sa.Text(), nullable=False))",
        "op.add_column('t', sa.Column('c', sa.Text(), unique=True))",
        "op.execute('ALTER TABLE t DROP COLUMN c')",
        "op.execute('alter table t rename to u')",
        "op.execute('ALTER TABLE t ALTER COLUMN c TYPE bigint')",
        "op.execute('ALTER TABLE t ALTER c SET NOT NULL')",
        "op.execute('ALTER TABLE t ADD CONSTRAINT k CHECK (c > 0)')",
        "op.execute(f'DROP {chosen}')",
        "op.batch_alter_table('t')",
    ],
)
def test_what_older_code_would_miss_is_refused(tmp_path: Path, body: str) -> None:
    path = written(tmp_path, "0009_less.py", FRAME.format(body=body))
    assert len(faults(path, VERSION)) >= 1


CONTRACT = """
revision = "0009"
down_revision = "0008"
contracts = "0007"
unused_since = "1.1.0"
def upgrade():
    op.drop_column("t", "c")
    op.execute("INSERT INTO schema_contracts VALUES ('0009', '1.1.0')")
"""


def test_a_contract_follows_a_release_that_no_longer_needs_it(tmp_path: Path) -> None:
    name = "0009_contract_less.py"
    assert faults(written(tmp_path, name, CONTRACT), "1.2.0") == []
    assert faults(written(tmp_path, name, CONTRACT), "1.1.0")  # not yet released
    for line in ('contracts = "0007"', 'unused_since = "1.1.0"', "INSERT INTO schema_contracts"):
        assert faults(written(tmp_path, name, CONTRACT.replace(line, "")), "1.2.0")
    later = CONTRACT.replace("0007", "0009")
    assert faults(written(tmp_path, name, later), "1.2.0")


@pytest.mark.parametrize("name", ["9_more.py", "0010_more.py", "more.py", "0009-more.py"])
def test_a_name_says_the_revision(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name, FRAME.format(body="op.create_table('t')"))
    assert faults(path, VERSION)
