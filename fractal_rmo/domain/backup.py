"""What a backup says of itself, and when it may take the place of what is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fractal_rmo.domain.errors import ErrorCode, InputError

FORMAT = 1
"""Raised when a file that an earlier version wrote could no longer be read like this one."""


@dataclass(frozen=True, slots=True)
class SavedTable:
    """A table in a backup: which columns, in the order of the text, and how many rows."""

    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the file: its size in bytes when unpacked, and the SHA-256 of that."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that a backup holds; ``created_at`` is the database's own time, ISO 8601 in UTC.

    ``revision`` is that of the tables, ``postgres`` the server's version.
    """

    version: str
    revision: str
    created_at: str
    postgres: str
    tables: Mapping[str, SavedTable] = field(default_factory=dict)
    members: Mapping[str, Member] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of all members when unpacked."""
        return sum(member.size for member in self.members.values())


@dataclass(frozen=True, slots=True)
class Target:
    """The database that a backup would be restored into.

    ``revision`` is None without tables; ``sessions`` counts other connections
    of this project; ``filled`` names a table that holds what people made.
    """

    revision: str | None
    sessions: int
    filled: str = ""


def check_revision(revision: str, head: str, version: str) -> None:
    """Raise ``InputError`` (SCHEMA_AHEAD) for tables beyond ``head``, the newest that is known."""
    if revision > head:
        words = f"The tables are at revision {revision} (version {version or 'unknown'}); this "
        raise InputError(ErrorCode.SCHEMA_AHEAD, f"{words}version knows them up to {head}.")


def check_target(manifest: Manifest, target: Target, head: str, *, replace: bool) -> None:
    """Raise ``InputError`` where a restore would lose or break something.

    SCHEMA_AHEAD: the backup, or what it would replace, is of a newer version.
    STILL_RUNNING: somebody works on the database.  NOT_EMPTY: without ``replace``.
    """
    check_revision(manifest.revision, head, manifest.version)
    if target.revision:
        check_revision(target.revision, head, "")
    if target.sessions:
        plural = "s" if target.sessions > 1 else ""
        words = f"{target.sessions} other connection{plural} to the database."
        raise InputError(ErrorCode.STILL_RUNNING, words)
    if target.filled and not replace:
        raise InputError(ErrorCode.NOT_EMPTY, f"The table '{target.filled}' is not empty.")
