"""Files of a person, read into trees."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from itertools import chain
from pathlib import Path
from tokenize import detect_encoding

from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.source import MAX_FILES, MAX_TREE_BYTES, SourceTree
from fractal_rmo.validation.integration.starting import PROJECT_FILE

DATA = (".json", ".csv", ".txt", ".toml", ".yaml", ".yml", ".ini", ".xml")
"""What tests read beside them, where it is text."""
_LEFT_OUT = {"__pycache__", "node_modules", "build", "dist"}


def is_test(path: Path) -> bool:
    """Whether pytest would collect this file."""
    return (
        path.name.startswith("test_") or path.stem.endswith("_test") or path.name == "conftest.py"
    )


def base_of(path: Path) -> Path:
    """The folder to which names are relative: the path's own, or that which holds its package."""
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - links stay, ".." goes
    folder = whole if whole.is_dir() else whole.parent
    while (folder / "__init__.py").is_file() and folder != folder.parent:
        folder = folder.parent
    return folder


def read_tree(path: Path, *, tests: bool) -> SourceTree:
    """A file under its own name, or a folder's Python files: its tests, or all but its tests.

    A package keeps its name, and a file in one brings it along, for it is
    imported by that.  What declares a project's commands comes with its code.
    Raises ``InputError`` for a path without Python files and for what is no text.
    """
    base = base_of(path)
    path = Path(os.path.abspath(path))  # noqa: PTH100 - as the base is
    if path.is_file():
        inside = base != path.parent and not tests
        return _package(base, path) if inside else SourceTree({path.name: read_text(path)})
    chosen = [file for file in _files(path, (".py",)) if is_test(file) == tests]
    if not tests and chosen and (path / PROJECT_FILE).is_file():
        chosen.append(path / PROJECT_FILE)
    return _tree(base, chosen)


def _package(base: Path, path: Path) -> SourceTree:
    """The package that a file is in, from its outermost folder."""
    outermost = base / path.relative_to(base).parts[0]
    return _tree(base, [file for file in _files(outermost, (".py",)) if not is_test(file)])


def read_below(
    folder: Path, parts: Iterable[Path], endings: tuple[str, ...] = (".py",)
) -> SourceTree:
    """The files at or below ``parts``, each under its name relative to ``folder``.

    Raises ``InputError`` as ``read_tree`` does.
    """
    lists = ([part] if part.is_file() else _files(part, endings) for part in parts)
    return _named(folder, chain.from_iterable(lists))


def read_tests(path: Path, code: Path) -> SourceTree:
    """The tests at a path; a folder of their own with all that lies beside them.

    In the folder of the code, or above it, only what pytest collects is the tests'.
    """
    here, there = path.resolve(), code.resolve()
    if not path.is_dir() or here == there or here in there.parents:
        return read_tree(path, tests=True)
    return _tree(path, _files(path, (".py", *DATA)))


def _tree(folder: Path, chosen: list[Path]) -> SourceTree:
    if not any(file.suffix == ".py" for file in chosen):
        raise InputError(ErrorCode.NO_SUCH_FILE, f"The folder '{folder}' holds no Python file.")
    return _named(folder, chosen)


def _named(folder: Path, files: Iterable[Path]) -> SourceTree:
    return SourceTree({name: text for file in files for name, text in _one(folder, file)})


def _one(folder: Path, file: Path) -> Iterable[tuple[str, str]]:
    """One file of a folder; whose it is that is refused, and how to go without it, is said."""
    try:
        return SourceTree({file.relative_to(folder).as_posix(): read_text(file)}).files.items()
    except InputError as error:
        if error.code not in (ErrorCode.NOT_TEXT, ErrorCode.BAD_FILE_NAME):
            raise
        words = "To go without this file, move it to a folder whose name begins with a dot."
        raise InputError(error.code, f"{error.detail} {words}") from error


def _files(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    """The regular files of these kinds below a folder, hidden and built ones left out.

    Raises ``InputError``: no folder, and TOO_LARGE at the first beyond ``2 * MAX_FILES``.
    """
    if not folder.is_dir():
        raise InputError(ErrorCode.NO_SUCH_FILE, f"There is nothing at '{folder}'.")
    found: list[Path] = []
    for base, inner, names in os.walk(folder):
        inner[:] = sorted(n for n in inner if n not in _LEFT_OUT and not n.startswith("."))
        files = [Path(base, name) for name in sorted(names) if name.endswith(endings)]
        found += [file for file in files if file.is_file()]
        if len(found) > 2 * MAX_FILES:
            raise InputError(
                ErrorCode.TOO_LARGE, f"'{folder}' holds more than {2 * MAX_FILES} files to read."
            )
    return found


_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


@dataclass(frozen=True, slots=True)
class DataFile:
    """The text of a table with the encoding in which it is written back; a mark stays in it."""

    text: str
    encoding: str

    @classmethod
    def read(cls, path: Path, encoding: str = "") -> DataFile:
        """By ``encoding``, by its byte order mark, or as UTF-8.  Raises ``InputError``."""
        try:
            if path.stat().st_size > 2 * MAX_TREE_BYTES:
                raise InputError(ErrorCode.TOO_LARGE, f"{path} is too large.")
            content = path.read_bytes()
        except OSError as error:
            detail = f"{path} cannot be read: {error.strerror}"
            raise InputError(ErrorCode.NO_SUCH_FILE, detail) from error
        name = encoding or _MARKS.get(content[:2], "utf-8")
        try:
            text = content.decode(name)
            whole = text.encode(name) == content
        except (LookupError, UnicodeError) as error:
            detail = f"{path} is no text in {name}: name its encoding with --encoding."
            raise InputError(ErrorCode.NOT_TEXT, detail) from error
        if not whole:
            raise InputError(ErrorCode.NOT_TEXT, f"{path} could not be written back in {name}.")
        return cls(text, name)

    def write(self, path: Path, text: str) -> None:
        """Put a text in the place of a file, wholly or not at all.  Raises ``InputError``."""
        draft = path.with_name(f"{path.name}.fractal-rmo-new")
        try:
            draft.write_bytes(text.encode(self.encoding))
            if path.exists():
                draft.chmod(path.stat().st_mode)
            draft.replace(path)
        except UnicodeEncodeError as error:
            draft.unlink(missing_ok=True)
            detail = f"A repaired cell cannot be written in {self.encoding}."
            raise InputError(ErrorCode.CANNOT_WRITE, detail) from error
        except OSError as error:
            detail = f"{error.filename}: {error.strerror}."
            raise InputError(ErrorCode.CANNOT_WRITE, detail) from error


def read_text(path: Path, most: int = MAX_TREE_BYTES) -> str:
    """Text without translating line ends; raises ``InputError``.

    UTF-8, or for a Python file what its first lines declare (PEP 263).  A byte order mark
    is no part of its text, as for Python itself.
    """
    try:
        if path.stat().st_size > most:
            raise InputError(ErrorCode.TOO_LARGE, f"{path} alone is larger than {most >> 20} MB.")
        content = path.read_bytes()
        return decoded(content) if path.suffix == ".py" else content.decode()
    except UnicodeDecodeError as error:
        name = "UTF-8" if error.encoding == "utf-8" else error.encoding
        raise InputError(ErrorCode.NOT_TEXT, f"{path} is not {name} text.") from error
    except SyntaxError as error:
        raise InputError(ErrorCode.NOT_TEXT, f"{path}: {error.msg}.") from error
    except OSError as error:
        raise InputError(
            ErrorCode.NO_SUCH_FILE, f"{path} cannot be read: {error.strerror}"
        ) from error


_DECLARED = re.compile(r"\A(?:[^\r\n]*\r?\n)?[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
"""The name of an encoding in one of the first two lines, as in PEP 263."""


def decoded(content: bytes) -> str:
    """A Python file's text, which declares UTF-8 where it declared another encoding.

    Everything that runs it writes UTF-8.  Raises ``UnicodeDecodeError``, and ``SyntaxError``
    for an encoding that nobody knows.
    """
    try:
        encoding, _ = detect_encoding(BytesIO(content).readline)
    except SyntaxError:
        content.decode("utf-8-sig")  # says what is wrong where nothing is declared
        raise
    text = content.decode(encoding)
    found = None if encoding.startswith("utf-8") else _DECLARED.match(text)
    return text[: found.start(1)] + "utf-8" + text[found.end(1) :] if found else text


def encoded(text: str, like: bytes) -> bytes:
    """The content of a Python file whose ``decoded`` text changed: its mark and encoding stay.

    Raises ``UnicodeEncodeError`` and what ``decoded`` does.
    """
    encoding, _ = detect_encoding(BytesIO(like).readline)
    declared = None if encoding.startswith("utf-8") else _DECLARED.match(like.decode(encoding))
    if found := declared and _DECLARED.match(text):
        text = text[: found.start(1)] + declared[1] + text[found.end(1) :]
    return text.encode(encoding)
