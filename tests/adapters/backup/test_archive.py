"""Files given to a restore: whatever they hold, they are read with bounds and named by fault."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fractal_rmo.adapters.backup.archive import MANIFEST, Reader, Writer
from fractal_rmo.domain.backup import Manifest, SavedTable
from fractal_rmo.domain.errors import InputError
from tests.adapters.backup.conftest import rewritten, silent

ROWS = b"1\tone\n2\ttwo\n" * 5000
SECRET = b"-----BEGIN PRIVATE KEY-----\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A backup with one table and one secret."""
    path = tmp_path / "backup.zip"
    with path.open("wb") as opened:
        writer = Writer(opened, silent)
        for name, content in {"tables/tasks.copy": ROWS, "secrets/signing-key.pem": SECRET}.items():
            with writer.member(name) as sink:
                sink.write(content)
        table = SavedTable(("id", "name"), 10_000)
        writer.finish(
            Manifest(
                "0.1.0", "0005", "2026-01-01T00:00:00+00:00", "18", {"tasks": table}, writer.members
            )
        )
    return path


def read(path: Path) -> Reader:
    """Opened and verified; the file is held in memory so that it may be closed."""
    reader = Reader(io.BytesIO(path.read_bytes()), silent)
    reader.verify()
    return reader


def test_what_is_written_is_read(file: Path) -> None:
    reader = read(file)
    assert reader.manifest.tables == {"tasks": SavedTable(("id", "name"), 10_000)}
    assert reader.manifest.size == len(ROWS) + len(SECRET)
    assert reader.secret("signing-key.pem") == SECRET
    assert reader.secret("web-secrets.json") is None
    with reader.member("tables/tasks.copy") as source:
        assert source.read() == ROWS


@pytest.mark.thorough
def test_any_flipped_byte_is_found_or_harmless(file: Path) -> None:
    """Every 7th byte of the file, one at a time: what can still be read is what was written."""
    whole = file.read_bytes()
    refused = 0
    for place in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        try:
            reader = Reader(io.BytesIO(bytes(damaged)), silent)
            reader.verify()
        except InputError:
            refused += 1
        else:
            with reader.member("tables/tasks.copy") as source:
                assert source.read() == ROWS
    assert refused > len(whole) / 7 / 2


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused(file: Path, part: float) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(InputError, match="FR601"):
        read(file)


def test_a_wrong_sum_names_its_member(file: Path) -> None:
    wrong = rewritten(file, {"tables/tasks.copy": ROWS.replace(b"two", b"six")}, honest=False)
    with pytest.raises(InputError, match=r"FR601 The member 'tables/tasks.copy' is damaged"):
        read(wrong)


@pytest.mark.parametrize(
    "name",
    [
        *("../../etc/cron.d/x", "/etc/passwd", "tables/../x.copy", "tables/tasks.copy/", "x.copy"),
        *("tables/TASKS.copy", "tables/a b.copy", "secrets/../key.pem", "secrets\\key.pem"),
        "tables/tasks.copy\n",
    ],
)
def test_names_that_no_backup_has_are_refused(file: Path, name: str) -> None:
    with pytest.raises(InputError, match="FR601 It holds a member"):
        read(rewritten(file, {name: b"x"}))


def test_two_members_of_one_name_are_refused(file: Path) -> None:
    with zipfile.ZipFile(file, "a") as more, pytest.warns(UserWarning, match="Duplicate"):
        more.writestr("tables/tasks.copy", "3\tthree\n")
    with pytest.raises(InputError, match=r"two members 'tables/tasks.copy'"):
        read(file)


def _drop(manifest: dict[str, Any]) -> None:
    del manifest["members"]["tables/tasks.copy"]


def _claim(manifest: dict[str, Any]) -> None:
    manifest["members"]["tables/steps.copy"] = {"size": 0, "sha256": "0" * 64}


def _forget(manifest: dict[str, Any]) -> None:
    manifest["tables"]["steps"] = {"columns": ["id"], "rows": 0}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_drop, "'tables/tasks.copy' that its manifest does not name"),
        (_claim, "The member 'tables/steps.copy' is missing"),
        (_forget, "The table 'steps' is missing"),
        (lambda m: m.update(format=2), r"\$.format"),
        (lambda m: m.update(revision="head"), r"\$.revision"),
        (lambda m: m.update(revision="0005\n"), r"\$.revision"),
        (lambda m: m.update(revision=5), r"\$.revision"),
        (lambda m: m.update(tables=[]), r"\$.tables"),
        (lambda m: m["tables"]["tasks"].update(rows=-1), r"\$.tables.tasks.rows"),
        (lambda m: m.pop("members"), "members"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    file: Path, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read(rewritten(file, change=change))
    assert caught.value.code == "FR601"


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, "\ud800"])
def test_a_manifest_that_is_no_document_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(MANIFEST, text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError, match=r"FR601 Its manifest\.json"):
        read(path)


def test_a_member_that_unpacks_to_more_than_is_announced_is_refused_unread(file: Path) -> None:
    bomb = bytes(50_000_000)  # 50 kB in the file
    announced: list[int] = []
    path = rewritten(file, {"tables/tasks.copy": bomb}, honest=False)
    with pytest.raises(InputError, match="has 50000000 bytes, not 60000"):
        Reader(io.BytesIO(path.read_bytes()), lambda _, done: announced.append(done))
    assert announced == []


def test_a_header_that_lies_about_a_size_yields_no_more_than_it_says(file: Path) -> None:
    """The bomb's true size stands nowhere: the reader stops where the header says."""
    path = rewritten(file, {"tables/tasks.copy": bytes(50_000_000)}, honest=False)
    raw = bytearray(path.read_bytes())
    true, told = (50_000_000).to_bytes(4, "little"), len(ROWS).to_bytes(4, "little")
    assert raw.count(true) == 2  # beside the member and in the directory
    path.write_bytes(raw.replace(true, told))
    given: list[int] = []
    with pytest.raises(InputError, match=r"'tables/tasks.copy' is damaged"):
        Reader(io.BytesIO(path.read_bytes()), lambda _, done: given.append(done)).verify()
    assert max(given, default=0) <= len(ROWS)


def test_a_manifest_that_is_a_bomb_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(MANIFEST, bytes(50_000_000))
    with pytest.raises(InputError, match="larger than 1000000 bytes"):
        read(path)


def test_a_secret_that_is_a_bomb_is_refused_unread(file: Path) -> None:
    reader = read(rewritten(file, {"secrets/signing-key.pem": bytes(100_000)}))
    with pytest.raises(InputError, match="larger than 65536 bytes"):
        reader.secret("signing-key.pem")


def test_the_manifest_is_for_people_too(file: Path) -> None:
    with zipfile.ZipFile(file) as opened:
        manifest = json.loads(opened.read(MANIFEST))
    assert manifest["members"]["secrets/signing-key.pem"]["size"] == len(SECRET)
