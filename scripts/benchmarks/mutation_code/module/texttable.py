"""Tables of text: reading, choosing, sorting, grouping and drawing them.

A table is a row of column names and rows of cells, all of them text.  Numbers
are recognised where they are needed: for sorting, sums and alignment.
"""

from __future__ import annotations

LEFT, RIGHT, CENTRE = "left", "right", "centre"
_QUOTE = '"'


class TableError(Exception):
    """What is wrong with a table, in one sentence."""


class Table:
    """Column names and rows of cells; every row has one cell for each column."""

    def __init__(self, columns: list[str], rows: list[list[str]]) -> None:
        if len(set(columns)) != len(columns):
            raise TableError("a column name occurs twice")
        for number, row in enumerate(rows, 1):
            if len(row) != len(columns):
                raise TableError(f"row {number}: {len(row)} cells")
        self.columns = list(columns)
        self.rows = [list(row) for row in rows]

    def place(self, column: str) -> int:
        """Where a column stands, from 0; raises ``TableError`` for an unknown one."""
        if column not in self.columns:
            raise TableError(f"no column {column}")
        return self.columns.index(column)

    def cells(self, column: str) -> list[str]:
        """All cells of a column, from the top."""
        place = self.place(column)
        return [row[place] for row in self.rows]

    def choose(self, columns: list[str]) -> Table:
        """A table of some columns, in the order asked for."""
        places = [self.place(column) for column in columns]
        return Table(columns, [[row[place] for place in places] for row in self.rows])

    def where(self, column: str, least: float, most: float) -> Table:
        """The rows whose number in a column lies between two bounds, both included."""
        place = self.place(column)
        kept = []
        for row in self.rows:
            value = number_of(row[place])
            if value is not None and least <= value <= most:
                kept.append(row)
        return Table(self.columns, kept)

    def sorted_by(self, column: str, *, backwards: bool = False) -> Table:
        """The rows in the order of a column: numbers first, by value, then texts."""
        place = self.place(column)
        ordered = sorted(self.rows, key=lambda row: sort_key(row[place]), reverse=backwards)
        return Table(self.columns, ordered)

    def joined(self, other: Table, column: str) -> Table:
        """Each row with the first of another table that has the same cell; others are left out."""
        mine, theirs = self.place(column), other.place(column)
        first: dict[str, list[str]] = {}
        for row in other.rows:
            first.setdefault(row[theirs], row)
        names = [name for name in other.columns if name != column]
        rows = []
        for row in self.rows:
            match = first.get(row[mine])
            if match is not None:
                rows.append(row + match[:theirs] + match[theirs + 1 :])
        return Table(self.columns + names, rows)

    def totals(self, group: str, column: str) -> Table:
        """The sum of a column for each value of another, in the order of first appearance."""
        sums: dict[str, float] = {}
        where, what = self.place(group), self.place(column)
        for row in self.rows:
            value = number_of(row[what])
            if value is None:
                raise TableError(f"{row[what]} is no number")
            sums[row[where]] = sums.get(row[where], 0) + value
        return Table([group, column], [[name, shown(total)] for name, total in sums.items()])

    def counts(self, column: str) -> Table:
        """How often each cell of a column occurs, the most frequent first."""
        seen: dict[str, int] = {}
        for cell in self.cells(column):
            seen[cell] = seen.get(cell, 0) + 1
        ordered = sorted(seen.items(), key=lambda pair: (-pair[1], pair[0]))
        return Table([column, "count"], [[cell, str(count)] for cell, count in ordered])

    def distinct(self, column: str) -> Table:
        """The first row for each cell of a column."""
        place, seen, kept = self.place(column), set(), []
        for row in self.rows:
            if row[place] not in seen:
                seen.add(row[place])
                kept.append(row)
        return Table(self.columns, kept)

    def turned(self) -> Table:
        """Rows become columns; the first column's cells become the names."""
        if not self.columns:
            return Table([], [])
        names = [self.columns[0]] + [row[0] for row in self.rows]
        rows = [
            [self.columns[place]] + [row[place] for row in self.rows]
            for place in range(1, len(self.columns))
        ]
        return Table(names, rows)


def number_of(cell: str) -> float | None:
    """What a cell shows, with "," between thousands and "%" at the end; None for no number."""
    text = cell.strip().replace(",", "")
    share = text.endswith("%")
    if share:
        text = text[:-1]
    digits = text.lstrip("+-").replace(".", "", 1)
    if not digits.isdigit() or len(text) - len(text.lstrip("+-")) > 1:
        return None
    value = float(text)
    return value / 100 if share else value


def shown(value: float) -> str:
    """A number as a cell: without a fraction where it has none, else with two places."""
    if value == int(value):
        return str(int(value))
    return f"{value:.2f}"


def sort_key(cell: str) -> tuple[int, float, str]:
    """Numbers by value, before texts, those without regard to case."""
    value = number_of(cell)
    if value is None:
        return 1, 0, cell.lower()
    return 0, value, ""


def read(text: str, separator: str = ",") -> Table:
    """A table from lines of cells; the first line names the columns, blank lines are skipped."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise TableError("there is no line")
    rows = [split_line(line, separator) for line in lines]
    return Table(rows[0], rows[1:])


def split_line(line: str, separator: str = ",") -> list[str]:
    """The cells of a line; within quotes a separator is text, and two quotes are one."""
    cells: list[str] = []
    cell, quoted, skip = "", False, False
    for place, sign in enumerate(line):
        if skip:
            skip = False
        elif quoted and line[place : place + 2] == _QUOTE * 2:
            cell, skip = cell + sign, True
        elif sign == _QUOTE:
            quoted = not quoted
        elif sign == separator and not quoted:
            cells.append(cell.strip())
            cell = ""
        else:
            cell += sign
    if quoted:
        raise TableError("a quote is not closed")
    return [*cells, cell.strip()]


def join_line(cells: list[str], separator: str = ",") -> str:
    """Cells as a line that ``split_line`` reads."""
    written = []
    for cell in cells:
        if separator in cell or _QUOTE in cell or cell != cell.strip():
            written.append(_QUOTE + cell.replace(_QUOTE, _QUOTE * 2) + _QUOTE)
        else:
            written.append(cell)
    return separator.join(written)


def write(table: Table, separator: str = ",") -> str:
    """A table as lines that ``read`` reads, each with its end."""
    lines = [join_line(row, separator) for row in [table.columns, *table.rows]]
    return "".join(line + "\n" for line in lines)


def widths(table: Table, most: int = 40) -> list[int]:
    """How wide each column has to be, in characters, bounded by ``most``."""
    found = []
    for place, name in enumerate(table.columns):
        longest = max([len(name)] + [len(row[place]) for row in table.rows])
        found.append(min(longest, most))
    return found


def alignments(table: Table) -> list[str]:
    """``RIGHT`` for columns that hold numbers only, else ``LEFT``."""
    found = []
    for place in range(len(table.columns)):
        cells = [row[place] for row in table.rows if row[place]]
        numeric = bool(cells) and all(number_of(cell) is not None for cell in cells)
        found.append(RIGHT if numeric else LEFT)
    return found


def fitted(cell: str, width: int, alignment: str = LEFT) -> str:
    """A cell as wide as asked: filled with blanks, or cut with a full stop at the end."""
    if len(cell) > width:
        return cell[: width - 1] + "." if width > 1 else cell[:width]
    missing = width - len(cell)
    if alignment == RIGHT:
        return " " * missing + cell
    if alignment == CENTRE:
        before = missing // 2
        return " " * before + cell + " " * (missing - before)
    return cell + " " * missing


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines of at most ``width`` characters, broken at blanks, long words cut."""
    if width < 1:
        raise TableError("a line needs a character")
    lines: list[str] = []
    line = ""
    for word in text.split():
        pieces = [word[at : at + width] for at in range(0, len(word), width)]
        for piece in pieces:
            if line and len(line) + 1 + len(piece) <= width:
                line += " " + piece
            else:
                lines.extend([line] if line else [])
                line = piece
    return [*lines, line]


def draw(table: Table, most: int = 40) -> str:
    """The table with a rule below the names, numbers to the right."""
    sizes, sides = widths(table, most), alignments(table)
    lines = [_drawn_row(table.columns, sizes, [CENTRE] * len(sizes))]
    lines.append("-+-".join("-" * size for size in sizes))
    for row in table.rows:
        lines.extend(_drawn_cells(row, sizes, sides))
    return "\n".join(line.rstrip() for line in lines)


def _drawn_cells(row: list[str], sizes: list[int], sides: list[str]) -> list[str]:
    """One row of the table in as many lines as its longest cell needs."""
    parts = [wrapped(cell, max(size, 1)) for cell, size in zip(row, sizes, strict=True)]
    height = max(len(part) for part in parts) if parts else 0
    lines = []
    for number in range(height):
        cells = [part[number] if number < len(part) else "" for part in parts]
        lines.append(_drawn_row(cells, sizes, sides))
    return lines


def _drawn_row(cells: list[str], sizes: list[int], sides: list[str]) -> str:
    drawn = [fitted(cell, size, side) for cell, size, side in zip(cells, sizes, sides, strict=True)]
    return " | ".join(drawn)


def summary(table: Table, column: str) -> dict[str, float]:
    """Count, sum, mean, least and most of the numbers in a column; only the count for none."""
    values = [value for cell in table.cells(column) if (value := number_of(cell)) is not None]
    if not values:
        return {"count": 0}
    total = sum(values)
    return {
        "count": len(values),
        "sum": total,
        "mean": total / len(values),
        "least": min(values),
        "most": max(values),
    }


def shares(table: Table, column: str) -> Table:
    """The table with each number's share of its column's sum, in whole per cent."""
    values = [number_of(cell) for cell in table.cells(column)]
    total = sum(value for value in values if value is not None)
    if total == 0:
        raise TableError(f"{column} adds up to nothing")
    rows = []
    for row, value in zip(table.rows, values, strict=True):
        rows.append([*row, "" if value is None else f"{round(100 * value / total)}%"])
    return Table([*table.columns, "share"], rows)


def markdown(table: Table) -> str:
    """The table as Markdown, numbers to the right."""
    rule = ["--:" if side == RIGHT else "---" for side in alignments(table)]
    lines = [table.columns, rule]
    lines += [[cell.replace("|", "\\|") for cell in row] for row in table.rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)
