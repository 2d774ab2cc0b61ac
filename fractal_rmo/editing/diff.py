"""Two trees as one unified diff."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from fractal_rmo.domain.source import SourceTree

_NO_NEWLINE = "\\ No newline at end of file\n"


def unified_diff(before: SourceTree, after: SourceTree) -> str:
    """The change as ``git apply`` takes it: a/ and b/ prefixes, /dev/null for a new or lost file.

    Empty when the trees are equal.
    """
    paths = sorted({*before.files, *after.files})
    return "".join(
        part
        for path in paths
        for part in _file_diff(path, before.files.get(path), after.files.get(path))
    )


def _file_diff(path: str, old: str | None, new: str | None) -> Iterator[str]:
    if old == new:
        return
    yield f"diff --git a/{path} b/{path}\n"
    if old is None:
        yield "new file mode 100644\n"
    if new is None:
        yield "deleted file mode 100644\n"
    source = "/dev/null" if old is None else f"a/{path}"
    target = "/dev/null" if new is None else f"b/{path}"
    for line in difflib.unified_diff(_lines(old or ""), _lines(new or ""), source, target):
        yield line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}"


def _lines(text: str) -> list[str]:
    """Lines as git counts them: only a line feed ends one."""
    return [line + "\n" for line in text.split("\n")[:-1]] + [
        t for t in [text.rsplit("\n", maxsplit=1)[-1]] if t
    ]
