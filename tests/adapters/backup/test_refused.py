"""What a backup or a restore refuses, and that it changes nothing then."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from fractal_rmo.adapters.backup.load import Place, load
from fractal_rmo.adapters.backup.save import save
from fractal_rmo.adapters.backup.secrets import Secret
from fractal_rmo.adapters.db import migrate
from fractal_rmo.adapters.db.engine import make_engine
from fractal_rmo.adapters.db.tasks import SqlTaskStore
from fractal_rmo.domain.errors import ErrorCode, InfrastructureError, InputError
from tests.adapters.backup.conftest import MIGRATIONS, rewritten, silent
from tests.adapters.backup.places import ODD, address, place_of, prove, rows

pytestmark = pytest.mark.cluster


def test_nothing_is_restored_under_somebody_who_works(engine: Engine, tmp_path: Path) -> None:
    save(address(engine), tmp_path / "b.zip", {}, silent)
    SqlTaskStore(engine).submit(ODD)  # whose connection stays open
    place = Place(address(engine), MIGRATIONS, {}, None)
    with pytest.raises(InputError, match=r"FR605 1 other connection .*fractal-rmo down"):
        load(tmp_path / "b.zip", place, silent, replace=True)


@pytest.mark.usefixtures("elsewhere")  # whose user it is
def test_of_two_who_restore_at_once_none_harms_the_other(
    engine: Engine, elsewhere: Place, tmp_path: Path
) -> None:
    prove(engine)
    file = tmp_path / "b.zip"
    save(address(engine), file, {}, silent)

    def restore(_: int) -> str:
        try:
            load(file, elsewhere, silent, replace=True)
        except InputError as error:
            return error.code
        return ""

    with ThreadPoolExecutor(2) as pool:
        answers = set(pool.map(restore, range(2)))
    assert answers <= {"", ErrorCode.STILL_RUNNING}  # it sees the other one wait
    assert answers == {ErrorCode.STILL_RUNNING} or rows(elsewhere.url) == rows(address(engine))


def test_who_does_not_own_the_tables_is_told_so(engine: Engine, tmp_path: Path, plain: str) -> None:
    prove(engine)
    save(address(engine), tmp_path / "b.zip", {}, silent)
    place = place_of(engine)
    stranger = replace(place, url=place.url.replace("://postgres@", f"://{plain}@"))
    with pytest.raises(InputError, match="FR606"):
        save(stranger.url, tmp_path / "c.zip", {}, silent)
    with engine.connect() as db:
        db.execute(text(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {plain}"))
    engine.dispose()
    with pytest.raises(InputError, match=r"FR606 must be owner of"):
        load(tmp_path / "b.zip", stranger, silent, replace=True)
    with engine.connect() as db:
        db.execute(text(f"DROP OWNED BY {plain}"))


HOSTILE: dict[str, tuple[dict[str, bytes], Any, str]] = {
    "another table": (
        {"tables/pg_authid.copy": b""},
        lambda m: m["tables"].update(pg_authid={"columns": ["rolname"], "rows": 0}),
        "has no table 'pg_authid'",
    ),
    "a column that is SQL": (
        {},
        lambda m: m["tables"]["users"].update(columns=["id\") FROM PROGRAM 'id' --"]),
        "has no column",
    ),
    "a column twice": (
        {},
        lambda m: m["tables"]["users"].update(columns=["id", "id"]),
        "'tables/users.copy' does not fit",
    ),
    "rows that are no rows": ({"tables/users.copy": b"\0\xff\t"}, lambda _: None, "does not fit"),
    "rows of nobody's task": (
        {"tables/files.copy": b"01a21780-995e-7baf-be85-cdeb58dd433d\t0\tcode\ta.py\tx\ty\n"},
        lambda _: None,
        "does not fit",
    ),
    "fewer rows": ({}, lambda m: m["tables"]["users"].update(rows=7), "holds 0 rows, not 7"),
    "no such revision": ({}, lambda m: m.update(revision="0000"), "no revision 0000"),
    "a time that is none": ({}, lambda m: m.update(created_at="soon"), "created_at"),
}


def test_a_hostile_file_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    prove(engine)
    save(address(engine), tmp_path / "b.zip", {}, silent)
    before = rows(address(engine))
    place = place_of(engine)
    for members, change, said in HOSTILE.values():
        file = rewritten(tmp_path / "b.zip", members, change)
        with pytest.raises(InputError, match=said) as caught:
            load(file, place, silent, replace=True)
        assert caught.value.code == "FR601"
    assert rows(address(engine)) == before


def test_a_file_that_needs_more_space_than_there_is_is_refused_unread(
    engine: Engine, elsewhere: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SqlTaskStore(engine).submit(ODD)
    save(address(engine), tmp_path / "b.zip", {}, silent)
    free = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    read = []
    with pytest.raises(InfrastructureError, match="FR304"):
        load(tmp_path / "b.zip", elsewhere, lambda *what: read.append(what), replace=False)
    assert read == []


def test_data_of_a_newer_version_are_refused_and_left_alone(
    engine: Engine, elsewhere: Place, tmp_path: Path
) -> None:
    prove(engine)
    save(address(engine), tmp_path / "b.zip", {}, silent)
    newer = rewritten(tmp_path / "b.zip", change=lambda m: m.update(revision="9999"))
    with pytest.raises(InputError, match=r"FR602 .*revision 9999 \(version 0"):
        load(newer, elsewhere, silent, replace=True)
    with engine.connect() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for work in (
        lambda: load(tmp_path / "b.zip", place_of(engine), silent, replace=True),
        lambda: save(address(engine), tmp_path / "c.zip", {}, silent),
    ):
        with pytest.raises(InputError, match="FR602"):
            work()
    assert not (tmp_path / "c.zip").exists()


def test_where_a_secret_cannot_be_written_nothing_is_restored(
    engine: Engine, elsewhere: Place, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"mine")
    save(address(engine), tmp_path / "b.zip", {"signing-key.pem": key}, silent)
    place = replace(elsewhere, secrets={"signing-key.pem": Secret(key / "below" / "a file")})
    with pytest.raises(InputError, match="FR116"):
        load(tmp_path / "b.zip", place, silent, replace=False)
    there = make_engine(elsewhere.url)
    with there.connect() as db:
        assert migrate.revision(db) is None
    there.dispose()


def test_a_backup_that_cannot_be_written_leaves_the_one_before(
    engine: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "b.zip"
    save(address(engine), file, {}, silent)
    whole = file.read_bytes()

    def fail(member: str, _done: int) -> None:
        if member == "tables/steps.copy":
            raise OSError(28, os.strerror(28))

    SqlTaskStore(engine).submit(ODD)
    with pytest.raises(InfrastructureError, match="FR304"):
        save(address(engine), file, {}, fail)
    assert (list(tmp_path.iterdir()), file.read_bytes()) == ([file], whole)
    with pytest.raises(InputError, match="FR116"):
        save(address(engine), tmp_path / "no" / "folder.zip", {}, silent)


def test_what_is_not_there_is_said(elsewhere: Place, tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="FR603 There are no tables yet"):
        save(elsewhere.url, tmp_path / "b.zip", {}, silent)
    with pytest.raises(InputError, match="FR112"):
        load(tmp_path / "nothing.zip", elsewhere, silent, replace=False)
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(InputError, match="FR601"):
        load(tmp_path / "text.zip", elsewhere, silent, replace=False)
