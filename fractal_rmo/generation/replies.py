"""A model's reply as files: its schema, and what of it is a small tree of sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fractal_rmo.domain.errors import InputError
from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.domain.source import SourceTree

MOST_FILES = 20
LONGEST_FILE = 100_000
"""Characters."""
LONGEST_LINE = 300
"""Characters of one sentence."""
_FILES: Json = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"path": {"type": "string"}, "text": {"type": "string"}},
        "required": ["path", "text"],
        "additionalProperties": False,
    },
}


def _object(**properties: Json) -> JsonObject:
    """Strict, as both vendors want it: every key required, no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


CODE_SCHEMA = _object(files=_FILES, notes={"type": "string"})
TESTS_SCHEMA = _object(interface={"type": "string"}, files=_FILES)
LINES_SCHEMA = _object(lines={"type": "array", "items": {"type": "string"}})


class ReplyRefusedError(Exception):
    """An answer that is not let in; its text says why, for the next question."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What an answer holds: files, and ``notes`` (or the interface) in words."""

    files: SourceTree
    words: str


def read_files(document: Mapping[str, Json], words: str) -> Reply:
    """The reply in a document that fits its schema; ``words`` names the key of its text.

    Raises ``ReplyRefusedError`` for no files, for two of one name, for names that
    ``SourceTree`` refuses and for too much text.
    """
    rows = document.get("files")
    files: dict[str, str] = {}
    for row in rows if isinstance(rows, list | tuple) else ():
        if not isinstance(row, Mapping):
            continue
        path, text = str(row.get("path", "")).strip(), str(row.get("text", ""))
        if path in files:
            raise ReplyRefusedError(f"The answer gives '{path[:60]}' twice.")
        if len(text) > LONGEST_FILE:
            raise ReplyRefusedError(f"'{path[:60]}' is longer than {LONGEST_FILE:,} characters.")
        files[path] = text if text.endswith("\n") else f"{text}\n"
    if not files:
        raise ReplyRefusedError("The answer gives no files.")
    if len(files) > MOST_FILES:
        raise ReplyRefusedError(f"The answer gives {len(files)} files; {MOST_FILES} allowed.")
    try:
        return Reply(SourceTree(files), str(document.get(words, ""))[:LONGEST_FILE])
    except InputError as error:
        raise ReplyRefusedError(error.detail) from error


def read_lines(document: Mapping[str, Json], most: int) -> tuple[str, ...]:
    """The sentences of a document that fits ``LINES_SCHEMA``: ``most`` of them, each one line.

    A terminal or a page obeys none of what is left: only printable characters are.
    """
    rows = document.get("lines")
    lines = (one_line(str(row)) for row in (rows if isinstance(rows, list | tuple) else ()))
    return tuple(filter(None, lines))[:most]


def one_line(text: str) -> str:
    """The text as one short line of printable characters."""
    words = " ".join(text.split())
    return "".join(c for c in words if c.isprintable())[:LONGEST_LINE].strip()
