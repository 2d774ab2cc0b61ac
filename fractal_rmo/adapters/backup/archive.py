"""The file of a backup: a ZIP whose manifest names every member with its size and SHA-256.

A file that somebody hands in is read as hostile: no name in it ever becomes a
path, nothing is unpacked beyond the size that the manifest gives, and a member
is held in memory only if it is small by rule.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import IO, BinaryIO, NoReturn, Protocol

import jsonschema

from fractal_rmo.domain.backup import FORMAT, Manifest, Member, SavedTable
from fractal_rmo.domain.errors import ErrorCode, InputError

MANIFEST = "manifest.json"
_TABLE = re.compile(r"tables/[a-z_][a-z0-9_]{0,62}\.copy")
_SECRET = re.compile(r"secrets/[a-z][a-z-]{0,40}\.(pem|json)")
_LARGEST_MANIFEST = 1_000_000
_LARGEST_SECRET = 65_536
_BLOCK = 262_144
_COMPRESSION = 4
"""Of zlib's nine: twice as quick as its default for a tenth more bytes."""
_COUNT = {"type": "integer", "minimum": 0}
_SCHEMA = {
    "type": "object",
    "required": ["format", "version", "revision", "created_at", "postgres", "tables", "members"],
    "properties": {
        "format": {"const": FORMAT},
        "version": {"type": "string"},
        "revision": {"type": "string", "pattern": r"^[0-9]{4}\Z"},
        "created_at": {"type": "string"},
        "postgres": {"type": "string"},
        "tables": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["columns", "rows"],
                "properties": {
                    "columns": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                    "rows": _COUNT,
                },
            },
        },
        "members": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["size", "sha256"],
                "properties": {
                    "size": _COUNT,
                    "sha256": {"type": "string", "pattern": r"^[0-9a-f]{64}\Z"},
                },
            },
        },
    },
}

Report = Callable[[str, int], None]
"""Told the member that is being worked on, and how many bytes of it are done."""


class Readable(Protocol):
    """What COPY reads from."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes; b"" at the end."""


def table_member(table: str) -> str:
    """The member that holds a table."""
    return f"tables/{table}.copy"


def secret_member(name: str) -> str:
    """The member that holds a secret."""
    return f"secrets/{name}"


class Writer:
    """Writes members one after another, then the manifest."""

    def __init__(self, file: BinaryIO, report: Report) -> None:
        self._zip = zipfile.ZipFile(  # pylint: disable=consider-using-with  # see abandon
            file, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION, strict_timestamps=False
        )
        self._report = report
        self.members: dict[str, Member] = {}

    @contextmanager
    def member(self, name: str) -> Iterator[_Sink]:
        """A member that is written to as a file."""
        with self._zip.open(name, "w", force_zip64=True) as opened:
            sink = _Sink(opened, lambda done: self._report(name, done))
            yield sink
        self.members[name] = Member(sink.size, sink.digest.hexdigest())

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest and the directory of members."""
        document = {"format": FORMAT, **asdict(manifest)}
        self._zip.writestr(MANIFEST, json.dumps(document, indent=1))
        self._zip.close()

    def abandon(self) -> None:
        """Give the ZIP up, if it is not finished; its file must still be open."""
        with suppress(OSError):
            self._zip.close()


class _Sink:
    """Counts and hashes what passes."""

    def __init__(self, file: IO[bytes], report: Callable[[int], None]) -> None:
        self._file = file
        self._report = report
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, content: bytes) -> int:
        """Write all of it."""
        self._file.write(content)
        self.digest.update(content)
        self.size += len(content)
        self._report(self.size)
        return len(content)


class Reader:
    """A backup that is open for reading; raises ``InputError`` (BAD_BACKUP) at what is wrong."""

    def __init__(self, file: BinaryIO, report: Report) -> None:
        self._report = report
        try:
            self._zip = zipfile.ZipFile(file)  # pylint: disable=consider-using-with  # the caller's
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            bad(f"It is no whole ZIP file ({error}).")
        self._entries = self._listed()
        self.manifest = self._read_manifest()
        self._compare()

    def _listed(self) -> dict[str, zipfile.ZipInfo]:
        entries: dict[str, zipfile.ZipInfo] = {}
        for entry in self._zip.infolist():
            name = entry.filename
            if name in entries:
                bad(f"It holds two members '{name}'.")
            if name != MANIFEST and not _TABLE.fullmatch(name) and not _SECRET.fullmatch(name):
                bad(f"It holds a member {name[:80]!r} that no backup has.")
            entries[name] = entry
        return entries

    def _read_manifest(self) -> Manifest:
        entry = self._entries.pop(MANIFEST, None)
        if entry is None:
            bad(f"It has no {MANIFEST}.")
        if entry.file_size > _LARGEST_MANIFEST:
            bad(f"Its {MANIFEST} is larger than {_LARGEST_MANIFEST} bytes.")
        with _naming(MANIFEST), self._zip.open(entry) as opened:
            text = opened.read(_LARGEST_MANIFEST + 1)
        try:
            document = json.loads(text)
            jsonschema.validate(document, _SCHEMA)
        except (ValueError, RecursionError) as error:
            bad(f"Its {MANIFEST} is no JSON: {error}.")
        except jsonschema.ValidationError as error:
            bad(f"Its {MANIFEST} does not fit at {error.json_path}: {error.message[:200]}.")
        return _manifest(document)

    def _compare(self) -> None:
        """Exactly the members that the manifest names, each of the size that it gives."""
        known = self.manifest.members
        if missing := sorted(known.keys() - self._entries.keys()):
            bad(f"The member '{missing[0]}' is missing.")
        if foreign := sorted(self._entries.keys() - known.keys()):
            bad(f"It holds a member '{foreign[0]}' that its manifest does not name.")
        for name, entry in self._entries.items():
            if entry.file_size != known[name].size:
                bad(f"The member '{name}' has {entry.file_size} bytes, not {known[name].size}.")
        for table in self.manifest.tables:
            if table_member(table) not in known:
                bad(f"The table '{table}' is missing.")

    def verify(self) -> None:
        """Read every member whole and compare its SHA-256."""
        for name in self._entries:
            with self.member(name) as source:
                while source.read(_BLOCK):
                    pass

    @contextmanager
    def member(self, name: str) -> Iterator[Readable]:
        """A member to be read; what was read whole and is not as it was written raises."""
        wanted = self.manifest.members[name]
        with _naming(name), self._zip.open(self._entries[name]) as opened:
            source = _Source(opened, wanted.size, lambda done: self._report(name, done))
            yield source
            if (source.size, source.digest.hexdigest()) != (wanted.size, wanted.sha256):
                bad(f"The member '{name}' is damaged: its SHA-256 differs from the manifest's.")

    def secret(self, name: str) -> bytes | None:
        """A secret, if the backup holds it."""
        member = secret_member(name)
        if member not in self._entries:
            return None
        if self.manifest.members[member].size > _LARGEST_SECRET:
            bad(f"The member '{member}' is larger than {_LARGEST_SECRET} bytes.")
        with self.member(member) as source:
            return source.read(_LARGEST_SECRET)


class _Source:
    """Counts and hashes what passes, and gives no more than was announced."""

    def __init__(self, file: IO[bytes], announced: int, report: Callable[[int], None]) -> None:
        self._file = file
        self._announced = announced
        self._report = report
        self.size = 0
        self.digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        left = self._announced - self.size
        content = self._file.read(left if size < 0 else min(size, left))
        self.digest.update(content)
        self.size += len(content)
        self._report(self.size)
        return content


@contextmanager
def _naming(member: str) -> Iterator[None]:
    """Whatever the ZIP reader meets in a member becomes an error that names it."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        bad(f"The member '{member}' is damaged: {error}.")


def _manifest(document: Mapping[str, object]) -> Manifest:
    tables, members = document["tables"], document["members"]
    try:
        datetime.fromisoformat(str(document["created_at"])).astimezone(UTC)
    except (ValueError, OverflowError):
        bad(f"Its {MANIFEST} has no time in 'created_at'.")
    assert isinstance(tables, dict)  # noqa: S101 - the schema has been checked
    assert isinstance(members, dict)  # noqa: S101
    return Manifest(
        version=str(document["version"])[:40],
        revision=str(document["revision"]),
        created_at=str(document["created_at"])[:40],
        postgres=str(document["postgres"])[:40],
        tables={
            name: SavedTable(tuple(table["columns"]), table["rows"])
            for name, table in tables.items()
        },
        members={
            name: Member(member["size"], member["sha256"]) for name, member in members.items()
        },
    )


def bad(sentence: str) -> NoReturn:
    """Raise ``InputError`` (BAD_BACKUP)."""
    raise InputError(ErrorCode.BAD_BACKUP, sentence)
