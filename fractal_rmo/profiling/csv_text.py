"""CSV (RFC 4180, any of four delimiters) with the place of every cell.

Unlike the library's reader this one keeps where each cell stands, so that a
repair touches nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fractal_rmo.profiling.table import MAX_COLUMNS, BadDataError, Cell, Row, Table, shown

_DELIMITERS = ",;\t|"
_SAMPLE = 40
_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Record:
    """One record: cells as (start, end, text), the quotes of a quoted one within its span."""

    line: int
    cells: tuple[tuple[int, int, str], ...]

    @property
    def is_blank(self) -> bool:
        """Whether it is an empty line."""
        return (
            len(self.cells) == 1 and not self.cells[0][2] and self.cells[0][0] == self.cells[0][1]
        )


def read_csv(path: str, text: str) -> Table:
    """The table whose first record names its columns.  Raises ``BadDataError``."""
    delimiter = sniffed(text)
    found = (record for record in records(text, delimiter) if not record.is_blank)
    head = next(found, None)
    if head is None:
        raise BadDataError("There is no line that names the columns.")
    columns = [name for _, _, name in head.cells]
    again = next((name for n, name in enumerate(columns) if name in columns[:n]), None)
    if again is not None:
        raise BadDataError(f"Line {head.line}: two columns are called '{shown(again)}'.")
    if len(columns) > MAX_COLUMNS:
        raise BadDataError(f"{len(columns)} columns; {MAX_COLUMNS} allowed.")
    return Table(path, text, "csv", columns, [_row(r, columns) for r in found], delimiter)


def _row(record: Record, columns: list[str]) -> Row:
    cells = {n: Cell(*cell) for n, cell in zip(columns, record.cells, strict=False)}
    trouble = ""
    if len(record.cells) != len(columns):
        trouble = f"It has {len(record.cells)} cells, and the head names {len(columns)} columns."
    return Row(record.line, cells, record.cells[-1][1], trouble)


def sniffed(text: str) -> str:
    """The delimiter that cuts the first records most evenly into more than one cell."""
    best, score = _DELIMITERS[0], (0.0, 0)
    for delimiter in _DELIMITERS:
        widths = []
        try:
            for record in records(text, delimiter):
                widths.append(len(record.cells))
                if len(widths) >= _SAMPLE:
                    break
        except BadDataError:
            continue
        if not widths or widths[0] < 2:
            continue
        even = sum(width == widths[0] for width in widths) / len(widths)
        if (even, widths[0]) > score:
            best, score = delimiter, (even, widths[0])
    return best


def records(text: str, delimiter: str) -> Iterator[Record]:
    """Every record in order.  Raises ``BadDataError`` for quotes that do not fit."""
    plain = re.compile(f"[^{re.escape(delimiter)}\r\n]*")
    quoted = re.compile('"(?:[^"]|"")*+"')
    at, line, begun = int(text.startswith("\ufeff")), 1, 1
    cells: list[tuple[int, int, str]] = []
    while at < len(text) or cells:
        if text.startswith('"', at):
            match = quoted.match(text, at)
            if match is None:
                raise BadDataError(f"Line {line}: a quote is opened and not closed.")
            cells.append((at, match.end(), match[0][1:-1].replace('""', '"')))
            line += len(_BREAK.findall(match[0]))
        else:
            match = plain.match(text, at)
            assert match is not None  # noqa: S101 - it matches nothing as well
            cells.append((at, match.end(), match[0]))
        at = match.end()
        if text.startswith(delimiter, at):
            at += 1
            continue
        end = _BREAK.match(text, at)
        if end is None and at < len(text):
            raise BadDataError(f"Line {line}: there is more behind a closing quote.")
        yield Record(begun, tuple(cells))
        at, cells = end.end() if end else len(text), []
        line += 1
        begun = line


def written(text: str, delimiter: str, before: str) -> str:
    """A cell's text as it is written in the place of ``before``, quoted where that was."""
    needs = before.startswith('"') or any(c in text for c in (delimiter, '"', "\r", "\n"))
    return '"' + text.replace('"', '""') + '"' if needs else text
