import pytest
import texttable as tt
from texttable import Table, TableError


@pytest.fixture
def fruit() -> Table:
    return tt.read("name,kind,weight\npear,fruit,30\nleek,root,7\nfig,fruit,4.5\n")


def test_a_table_refuses_rows_of_another_length_and_names_that_occur_twice() -> None:
    with pytest.raises(TableError, match=r"^row 2: 1 cells$"):
        Table(["a", "b"], [["1", "2"], ["3"]])
    with pytest.raises(TableError, match=r"^a column name occurs twice$"):
        Table(["a", "a"], [])


def test_a_table_keeps_no_list_of_its_maker() -> None:
    names, rows = ["a"], [["1"]]
    table = Table(names, rows)
    names.append("b")
    rows[0].append("2")
    assert (table.columns, table.rows) == (["a"], [["1"]])


def test_cells_and_unknown_columns(fruit: Table) -> None:
    assert fruit.place("kind") == 1
    assert fruit.cells("name") == ["pear", "leek", "fig"]
    with pytest.raises(TableError, match=r"^no column colour$"):
        fruit.cells("colour")


def test_choosing_columns(fruit: Table) -> None:
    chosen = fruit.choose(["weight", "name"])
    assert chosen.columns == ["weight", "name"]
    assert chosen.rows == [["30", "pear"], ["7", "leek"], ["4.5", "fig"]]


def test_bounds_are_included(fruit: Table) -> None:
    assert fruit.where("weight", 4.5, 7).cells("name") == ["leek", "fig"]
    assert fruit.where("weight", 8, 29).rows == []
    assert fruit.where("name", 0, 99).rows == []
    assert Table(["n"], [["x"], ["3"]]).where("n", 0, 9).rows == [["3"]]


def test_sorting_puts_numbers_before_texts() -> None:
    table = Table(["v"], [["b"], ["10"], ["A"], ["9"], ["-1"]])
    assert table.sorted_by("v").cells("v") == ["-1", "9", "10", "A", "b"]
    assert table.sorted_by("v", backwards=True).cells("v") == ["b", "A", "10", "9", "-1"]
    assert table.cells("v")[0] == "b"


def test_joining_takes_the_first_match(fruit: Table) -> None:
    prices = Table(
        ["price", "name", "shop"], [["3", "fig", "x"], ["9", "fig", "y"], ["2", "pear", "z"]]
    )
    joined = fruit.joined(prices, "name")
    assert joined.columns == ["name", "kind", "weight", "price", "shop"]
    assert joined.rows == [["pear", "fruit", "30", "2", "z"], ["fig", "fruit", "4.5", "3", "x"]]


def test_totals(fruit: Table) -> None:
    totals = fruit.totals("kind", "weight")
    assert totals.columns == ["kind", "weight"]
    assert totals.rows == [["fruit", "34.50"], ["root", "7"]]
    with pytest.raises(TableError, match=r"^pear is no number$"):
        fruit.totals("kind", "name")


def test_counts_are_ordered_by_frequency_and_name() -> None:
    counted = Table(["v"], [["b"], ["c"], ["a"], ["c"], ["b"]]).counts("v")
    assert counted.columns == ["v", "count"]
    assert counted.rows == [["b", "2"], ["c", "2"], ["a", "1"]]


def test_repeated_rows_are_left_out() -> None:
    table = Table(["a", "b"], [["1", "x"], ["1", "y"], ["2", "x"], ["1", "z"]])
    assert table.distinct("a").rows == [["1", "x"], ["2", "x"]]
    assert table.distinct("b").rows == [["1", "x"], ["1", "y"], ["1", "z"]]


def test_turning_a_table(fruit: Table) -> None:
    turned = fruit.turned()
    assert turned.columns == ["name", "pear", "leek", "fig"]
    assert turned.rows == [["kind", "fruit", "root", "fruit"], ["weight", "30", "7", "4.5"]]
    assert Table([], []).turned().columns == []


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("12", 12), (" -3.5 ", -3.5), ("1,250", 1250), ("1,000,000", 1000000), ("25%", 0.25),
        ("+4", 4), ("", None), ("x", None), ("1.2.3", None), ("--2", None), (".", None),
        ("%", None), ("x1", None), ("+-1", None), ("0", 0),
    ],
)  # fmt: skip
def test_numbers(cell: str, value: float | None) -> None:
    assert tt.number_of(cell) == value


def test_numbers_as_cells() -> None:
    assert [tt.shown(value) for value in (3.0, 2.5, -0.126, 0)] == ["3", "2.50", "-0.13", "0"]


def test_sort_keys() -> None:
    assert tt.sort_key("7") == (0, 7, "")
    assert tt.sort_key("Abc") == (1, 0, "abc")


def test_reading_skips_blank_lines() -> None:
    table = tt.read("a;b\n\n1;2\n   \n3;4\n", ";")
    assert (table.columns, table.rows) == (["a", "b"], [["1", "2"], ["3", "4"]])
    with pytest.raises(TableError, match=r"^there is no line$"):
        tt.read("\n \n")


def test_quotes() -> None:
    assert tt.split_line('a, "b, c" ,d') == ["a", "b, c", "d"]
    assert tt.split_line('"say ""yes"" now",2') == ['say "yes" now', "2"]
    assert tt.split_line("") == [""]
    assert tt.split_line("a|,|b", "|") == ["a", ",", "b"]
    with pytest.raises(TableError, match=r"^a quote is not closed$"):
        tt.split_line('a,"b')


def test_lines_are_read_as_they_were_written() -> None:
    cells = ["plain", "a,b", 'q"q', " x ", ""]
    assert tt.join_line(cells) == 'plain,"a,b","q""q"," x ",'
    assert tt.split_line(tt.join_line(["plain", "a,b", 'q"q'])) == ["plain", "a,b", 'q"q']
    assert tt.join_line(["a,b", "c;d"], ";") == 'a,b;"c;d"'


def test_writing(fruit: Table) -> None:
    assert tt.write(fruit).splitlines()[:2] == ["name,kind,weight", "pear,fruit,30"]
    assert tt.write(Table(["a", "b"], [["1", "2"]]), "\t") == "a\tb\n1\t2\n"


def test_widths_have_a_bound() -> None:
    table = Table(["ab", "c"], [["x", "y" * 50], ["xyz", ""]])
    assert tt.widths(table) == [3, 40]
    assert tt.widths(table, 2) == [2, 2]
    assert tt.widths(Table(["ab"], [])) == [2]


def test_alignments_look_at_cells_that_are_filled() -> None:
    table = Table(["n", "t", "e"], [["1", "x", ""], ["", "2", ""]])
    assert tt.alignments(table) == ["right", "left", "left"]


def test_cells_are_fitted() -> None:
    assert tt.fitted("ab", 5) == "ab   "
    assert tt.fitted("ab", 5, tt.RIGHT) == "   ab"
    assert tt.fitted("ab", 5, tt.CENTRE) == " ab  "
    assert tt.fitted("abcdef", 4) == "abc."
    assert tt.fitted("abc", 3) == "abc"
    assert tt.fitted("abc", 2) == "a."
    assert tt.fitted("abc", 1) == "a"


def test_texts_are_wrapped() -> None:
    assert tt.wrapped("one two three", 7) == ["one two", "three"]
    assert tt.wrapped("abcdefgh ij", 3) == ["abc", "def", "gh", "ij"]
    assert tt.wrapped("a b", 1) == ["a", "b"]
    assert tt.wrapped("", 5) == [""]
    with pytest.raises(TableError, match=r"^a line needs a character$"):
        tt.wrapped("a", 0)


def test_drawing(fruit: Table) -> None:
    assert tt.draw(fruit).splitlines() == [
        "name | kind  | weight",
        "-----+-------+-------",
        "pear | fruit |     30",
        "leek | root  |      7",
        "fig  | fruit |    4.5",
    ]


def test_long_cells_take_several_lines() -> None:
    table = Table(["k", "text"], [["1", "some words here"], ["22", ""]])
    assert tt.draw(table, 10).splitlines() == [
        "k  |    text",
        "---+-----------",
        " 1 | some words",
        "   | here",
        "22 |",
    ]


def test_a_column_of_any_width_is_drawn() -> None:
    long = "x" * 41
    assert tt.draw(Table(["c"], [[long]])).splitlines()[1:] == ["-" * 40, "x" * 40, "x"]
    assert tt.draw(Table([""], [[""]])) == "\n\n"


def test_summary() -> None:
    table = Table(["v"], [["2"], ["x"], ["7"], ["3"]])
    assert tt.summary(table, "v") == {"count": 3, "sum": 12, "mean": 4, "least": 2, "most": 7}
    assert tt.summary(Table(["v"], [["x"]]), "v") == {"count": 0}


def test_shares_of_a_column(fruit: Table) -> None:
    shares = tt.shares(Table(["n", "v"], [["a", "1"], ["b", "3"], ["c", "x"]]), "v")
    assert shares.columns == ["n", "v", "share"]
    assert shares.rows == [["a", "1", "25%"], ["b", "3", "75%"], ["c", "x", ""]]
    with pytest.raises(TableError, match=r"^name adds up to nothing$"):
        tt.shares(fruit, "name")


def test_markdown() -> None:
    table = Table(["n", "text"], [["1", "a|b"], ["2", ""]])
    assert tt.markdown(table) == "| n | text |\n| --: | --- |\n| 1 | a\\|b |\n| 2 |  |\n"
