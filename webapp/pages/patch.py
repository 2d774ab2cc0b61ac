"""A unified diff, line by line."""

from __future__ import annotations

from collections.abc import Iterator

_HEADS = ("diff ", "--- ", "+++ ", "new file", "deleted file")


def lines(diff: str) -> Iterator[tuple[str, str]]:
    """(kind, text) of every line: ``head``, ``hunk``, ``add``, ``drop`` or ``same``."""
    in_hunk = False
    for line in diff.split("\n")[:-1]:
        if line.startswith("diff "):
            in_hunk = False
        if line.startswith("@@"):
            in_hunk = True
            yield "hunk", line
        elif not in_hunk and line.startswith(_HEADS):
            yield "head", line
        else:
            yield {"+": "add", "-": "drop"}.get(line[:1], "same"), line
