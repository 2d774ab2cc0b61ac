"""A small tree of source files, checked once at the door."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from fractal_rmo.domain.errors import ErrorCode, InputError

MAX_TREE_BYTES = 1_048_576
MAX_FILES = 200
MAX_NAME_CHARS = 200
_PART = r"[A-Za-z0-9_.\-+=@, ()\[\]]+"
_NAME = re.compile(rf"{_PART}(/{_PART})*", re.ASCII)


@dataclass(frozen=True, slots=True)
class SourceTree:
    """Files by relative POSIX path, in sorted order.

    Raises ``InputError`` for a name that leaves its folder, for NUL
    characters and for more than ``MAX_TREE_BYTES`` of UTF-8 text.
    """

    files: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path, text in self.files.items():
            _check_name(path)
            if "\0" in text:
                raise InputError(ErrorCode.NOT_TEXT, f"{path} holds a NUL character.")
        if len(self.files) > MAX_FILES:
            raise InputError(ErrorCode.TOO_LARGE, f"{len(self.files)} files; {MAX_FILES} allowed.")
        size = self.size
        if size > MAX_TREE_BYTES:
            raise InputError(
                ErrorCode.TOO_LARGE, f"The files hold {size:,} bytes; {MAX_TREE_BYTES:,} allowed."
            )
        object.__setattr__(self, "files", MappingProxyType(dict(sorted(self.files.items()))))

    @property
    def size(self) -> int:
        """Bytes of UTF-8 text in all files; raises ``InputError`` for lone surrogates."""
        try:
            return sum(len(text.encode()) for text in self.files.values())
        except UnicodeEncodeError as error:
            raise InputError(ErrorCode.NOT_TEXT, "A file holds lone surrogates.") from error

    @property
    def sha256(self) -> str:
        """One hex digest over names and texts, independent of insertion order."""
        digest = hashlib.sha256()
        for path, text in self.files.items():
            for part in (path.encode(), text.encode()):
                digest.update(len(part).to_bytes(8, "big") + part)
        return digest.hexdigest()

    def replace(self, path: str, text: str) -> SourceTree:
        """A new tree in which ``path`` holds ``text``."""
        return SourceTree({**self.files, path: text})

    def python_files(self) -> Iterator[tuple[str, str]]:
        """The ``*.py`` files as (path, text), in sorted order."""
        return ((path, text) for path, text in self.files.items() if path.endswith(".py"))

    def is_blank(self) -> bool:
        """Whether no Python file holds anything but white space."""
        return not any(text.strip() for _, text in self.python_files())

    def __len__(self) -> int:
        return len(self.files)


def _check_name(path: str) -> None:
    parts = path.split("/")
    if len(path) > MAX_NAME_CHARS or not _NAME.fullmatch(path) or {".", ".."} & set(parts):
        shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in path[:60])
        raise InputError(ErrorCode.BAD_FILE_NAME, f"The file name '{shown}' is refused.")
