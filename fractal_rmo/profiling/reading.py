"""A file as a table, and its rows as the JSON values that a schema judges."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.profiling.csv_text import read_csv
from fractal_rmo.profiling.json_text import read_json
from fractal_rmo.profiling.schema import Asked
from fractal_rmo.profiling.table import Row, Table

INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,17})?(?:[eE][+-]?[0-9]{1,2})?")
ENDINGS = (".csv", ".tsv", ".json")


def read_table(path: str, text: str) -> Table:
    """The table in a file, by the ending of its name.  Raises ``BadDataError``."""
    return read_json(path, text) if path.endswith(".json") else read_csv(path, text)


def row_value(table: Table, row: Row, asked: Mapping[str, Asked]) -> dict[str, Json]:
    """The row as an object; cells of CSV are read as what their columns are asked to be."""
    if table.form == "json":
        return {name: cell.value for name, cell in row.cells.items()}
    values: dict[str, Json] = {}
    for name, cell in row.cells.items():
        text = str(cell.value)
        if text or "string" in asked.get(name, Asked()).types:
            values[name] = typed(text, asked.get(name, Asked()))
        elif "null" in asked.get(name, Asked()).types:
            values[name] = None
    return values


def typed(text: str, asked: Asked) -> Json:
    """What the text of a CSV cell stands for: a text, unless its column asks for more."""
    types = asked.types
    if types & {"integer", "number"} and INTEGER.fullmatch(text):
        return int(text)
    if types & {"integer", "number"} and NUMBER.fullmatch(text):
        return float(text)
    if "boolean" in types and text in ("true", "false"):
        return text == "true"
    return text
