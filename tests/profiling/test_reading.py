"""Tables are read with the place of every cell; what is none is refused with its line."""

from __future__ import annotations

import csv
import io
import json
import random

import pytest

from fractal_rmo.profiling.reading import read_table
from fractal_rmo.profiling.table import BadDataError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"a": NaN}]', "Line 1: NaN is no number of JSON."),
        ('[\n{"a": -Infinity}]', "Line 2: -Infinity is no number"),
        ('[{"a": 1e999}]', "too large"),
        (f'[{{"a": {"9" * 5000}}}]', "too long"),
        ('[{"a": 1, "a": 2}]', "names 'a' twice"),
        ('[{"b": {"\\u001b": 1, "\\u001b": 2}}]', r"names '\x1b' twice"),
        ("[" * 100_000, "A list of objects is expected"),
        ('[{"a": ' + "[" * 100_000, "nested too deeply"),
        ('[{"a": ' + "[" * 70 + "]" * 70 + "}]", "nested too deeply"),
        ('[{"a": "\\ud800"}]', "half of a surrogate pair"),
        ('[{"a": "x\ny"}]', "Invalid control character"),
        ('{"a": 1}', "A list of objects is expected"),
        ("[1]", "A list of objects is expected"),
        ('[{"a": 1}] 2', "more behind the list"),
        ('[{"a": 1},]', "A list of objects is expected"),
        ("", "A list of objects is expected"),
    ],
)
def test_what_is_no_list_of_objects_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadDataError) as caught:
        read_table("a.json", text)
    assert said in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no line that names the columns"),
        ("a,a\n1,2\n", "two columns are called 'a'"),
        ('a,b\n1,"2\n', "Line 2: a quote is opened and not closed"),
        ('a,b\n1,"2"3\n', "Line 2: there is more behind a closing quote"),
        (",".join(map(str, range(501))), "501 columns"),
    ],
)
def test_what_is_no_csv_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadDataError, match=said):
        read_table("a.csv", text)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_csv_is_read_as_the_library_reads_it(delimiter: str, newline: str) -> None:
    chance = random.Random(7)  # noqa: S311 - repeatable on purpose
    pieces = ["", "a", "é", '"', delimiter, "\n", "\r\n", " b ", "0"]
    rows = [["x", "y", "z"]]
    rows += [["".join(chance.choices(pieces, k=3)) for _ in range(3)] for _ in range(60)]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=newline).writerows(rows)
    table = read_table("a.csv", out.getvalue())
    assert table.delimiter == delimiter
    assert [[str(c.value) for c in row.cells.values()] for row in table.rows] == rows[1:]
    for row in table.rows:
        for cell in row.cells.values():
            assert table.raw(cell).strip('"').replace('""', '"').strip('"') == str(
                cell.value
            ).strip('"')


def test_json_is_read_as_the_library_reads_it() -> None:
    text = '\ufeff[ {"a" :1, "b": {"c": [null, "}"]}},{}, \n {"é": -1.5e3} ]\n'
    table = read_table("a.json", text)
    read = [{n: c.value for n, c in row.cells.items()} for row in table.rows]
    assert read == json.loads(text.removeprefix("\ufeff"))
    assert [row.line for row in table.rows] == [1, 1, 2]
    assert [table.raw(c) for row in table.rows for c in row.cells.values()] == [
        "1", '{"c": [null, "}"]}', "-1.5e3",
    ]  # fmt: skip


def test_lines_and_marks_are_counted() -> None:
    table = read_table("a.csv", '\ufeff"a\nb";c\r\n1;2\r\n\r\n3;4')
    assert list(table.columns) == ["a\nb", "c"]
    assert [row.line for row in table.rows] == [3, 5]
