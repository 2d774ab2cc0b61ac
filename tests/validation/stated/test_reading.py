"""What is let in of a property that a model states: values, expressions, documents."""

from __future__ import annotations

import pytest

from fractal_rmo.validation.generated.arguments import Arguments
from fractal_rmo.validation.stated.reading import (
    MOST_PROPERTIES,
    StatedProperty,
    read_properties,
    read_property,
)
from fractal_rmo.validation.stated.refusing import PropertyRefusedError
from fractal_rmo.validation.stated.values import WORDS, read_values
from tests.validation.stated.documents import document

EXAMPLES: dict[str, tuple[str, list[object], list[object]]] = {
    "integers": ("integers(3, 9)", [3, 9], [2, 10, 3.0, True, "3"]),
    "floats": ("floats(0, 1, allow_nan=False)", [0.0, 1.0, 0.25], [1, 1.5, float("nan"), "0"]),
    "booleans": ("booleans()", [True, False], [0, None]),
    "none": ("none()", [None], [0]),
    "text": ("text('ab', min_size=1, max_size=3)", ["a", "bab"], ["", "abab", "c", 1]),
    "lists": ("lists(integers(0, 9), max_size=2)", [[], [9, 9]], [[1, 2, 3], [10], (1,)]),
    "sets": ("sets(integers(0, 9), min_size=1)", [{1}, {1, 2}], [set(), {10}, [1]]),
    "tuples": ("tuples(integers(0, 9), text('ab'))", [(1, "a")], [(1,), ("a", 1), [1, "a"]]),
    "dictionaries": (
        "dictionaries(text('ab'), integers(0, 9))",
        [{}, {"a": 1}],
        [{"c": 1}, {"a": 10}, []],
    ),
    "sampled_from": ("sampled_from(['+', '-'])", ["+"], ["*", 1]),
    "just": ("just((1, 2))", [(1, 2)], [1]),
    "one_of": ("one_of(none(), integers(0, 3))", [None, 2], [4, "x"]),
}


@pytest.mark.parametrize("word", WORDS)
def test_each_word_names_its_values(word: str) -> None:
    text, inside, outside = EXAMPLES[word]
    values = read_values(text)
    assert values.starts
    assert all(map(values.holds, values.starts))
    assert all(map(values.holds, inside))
    assert not any(map(values.holds, outside))


@pytest.mark.parametrize(
    "text",
    [
        *("", "integers", "integers(9, 3)", "integers(0, 10**9)", "integers('a', 'b')"),
        *("integers(True, 3)", "integers(0, 1000000000000000)", "integers(*[1, 2])"),
        *("floats(allow_nan=True)", "floats(0, 1, width=16)", "text(max_size=1000000)"),
        *("text(min_size=3, max_size=2)", "text(alphabet=open('/etc/passwd').read())"),
        *("lists(9)", "lists()", "lists(integers(), integers())", "tuples()", "one_of()"),
        *("sets(lists(integers()))", "dictionaries(lists(integers()), integers())"),
        *("sampled_from([])", "sampled_from(x for x in [1])", "just(__import__('os'))"),
        *("builds(list)", "integers().filter(print)", "st.integers()", "lambda: 1", "a b"),
        *("lists(" * 9 + "integers()" + ")" * 9, "(" * 500),
    ],
)
def test_what_describes_no_values_is_refused(text: str) -> None:
    with pytest.raises(PropertyRefusedError):
        read_values(text)


def test_rows_of_rows_of_rows_are_refused_before_they_are_made() -> None:
    """Five lists would be 24 million values; four took 1.5 s."""
    text = "none()"
    for _ in range(5):
        text = f"lists({text}, 30, 30)"
    with pytest.raises(PropertyRefusedError, match="too large"):
        read_values(text)


def test_rows_of_rows_are_let_in() -> None:
    assert read_values("lists(lists(lists(integers())))").starts
    assert read_values("lists(lists(booleans(), min_size=30), min_size=30)").starts


@pytest.mark.parametrize(
    "holds",
    [
        *("f(f(n)) == f(n)", "f(n) == f(-n) or n % 2 == 0", "0 <= f(n) < 10 ** 6"),
        *("all(f(i) <= f(i + 1) for i in range(n))", "f(n) in (None, n) and not g(n)"),
        *("math.isclose(f(n), n / 2, rel_tol=1e-9)", "f(str(n)).lower().count('a') == 0"),
        *("sorted(f(n)) == [x for x in f(n) if x is not None]", "f(n)[1:] == f(n)[:-1]"),
        *("2 ** k == f(k)", "f({'a': n}) == {k2: v for k2, v in f(n).items()}"),
    ],
)
def test_an_honest_expression_is_let_in(holds: str) -> None:
    found = read_property(document(holds, n="integers()", k="integers(0, 20)"))
    assert "f" in found.functions
    assert read_property(found.as_json()) == found


@pytest.mark.parametrize(
    "holds",
    [
        # what leads out of the data
        *("f.__globals__ == n", "f(n).__class__ == f(n)", "f(n).__eq__(n)", "().__class__ == f(n)"),
        *("''.join(f(n)).format(n) == ''", "'{0.__class__}'.format(f(n))", "math.__doc__ == f(n)"),
        *("math.inf == f(n)", "str.mro() == f(n)", "f(n).secret == 1", "f'{f(n)!r}' == ''"),
        # names that are not given
        *("f(m) == 1", "__builtins__ == f(n)", "f(n) == os", "f == g(n)", "sorted(f(n), key=f)"),
        *("open('/etc/passwd') == f(n)", "eval('1') == f(n)", "exec('1') or f(n)", "f(n) == print"),
        *("__import__('os').system('true') == f(n)", "getattr(f(n), 'x') == 1", "type(f(n)) == 1"),
        *("vars() == f(n)", "globals()['f'] == f(n)", "breakpoint() or f(n)", "input() == f(n)"),
        # forms that have no place
        *("(lambda: f(n))() == 1", "(x := f(n)) == 1", "f(*[n]) == 1", "f(**{'n': n}) == 1"),
        *("[f(n) async for x in n] == 1", "(yield f(n)) == 1", "await f(n)", "f(n); g(n)"),
        *("import os", "f(n) = 1", "assert f(n)", "", " ", "f(n) ==", "n(1) == f(n)"),
        # what grows without bound
        *("9 ** 9 ** 9 == f(n)", "n ** 99 == f(n)", "n ** f(n) == 1", "f(n) ** k ** k ** k == 1"),
        *("2 ** n == f(n)", "pow(n, n) == f(n)", "f(n) << 99 == 1", f"f(n) == {10**30}"),
        *("f(n) == 1e999", "f(n) == 2j", f"f(n) == '{'x' * 101}'", "f(b'a' * n) == 1"),
        *("[1 for a in n for b in n for c in n] == f(n)",),
        *("f([[b for b in a] for a in n for c in [d for d in n]])",),
        *("-" * 300 + "f(n)", "f(" * 60 + "n" + ")" * 60, " + ".join(["f(n)"] * 80)),
        # a name with two meanings
        *("[f(n) for n in [1]] == 1", "[f(len) for len in [1]] == 1", "all(f(_x) for _x in [n])"),
        *("any(math.sqrt(1) == f(n) for math in [n])",),
        # nothing of the code
        *("n == n", "len([n]) == 1"),
    ],
)  # fmt: skip
def test_a_hostile_expression_is_refused(holds: str) -> None:
    with pytest.raises(PropertyRefusedError):
        read_property(document(holds, n="integers()", k="integers(0, 20)"))


@pytest.mark.parametrize("name", ["len", "math", "_n", "class", "a.b", "", "1"])
def test_a_parameter_has_a_name_of_its_own(name: str) -> None:
    rows = [{"name": name, "values": "integers()"}]
    with pytest.raises(PropertyRefusedError):
        read_property({"module": "solution", "parameters": rows, "holds": "f(1) == 1"})


def test_documents_of_no_form_are_left_out_one_by_one() -> None:
    fine = document("f(n) == n", n="integers()")
    listed = [fine, fine, 3, {}, document("f(n) == n"), document("n == 1", n="integers()")]
    found, refused = read_properties([*listed, document("f(n)", module="a b", n="integers()")])
    assert [each.holds.text for each in found] == ["f(n) == n"]
    assert len(refused) == 5
    assert read_properties(None) == read_properties("text") == ((), ())


def test_a_sentence_is_one_line_that_a_terminal_does_not_obey() -> None:
    given = document("f(n) == n", n="integers()")
    assert isinstance(given, dict)
    stated = read_property({**given, "says": "a\n\x1b[31mb\u202e"})
    assert stated.says == "a [31mb"


def test_there_are_only_so_many() -> None:
    found, refused = read_properties(
        [document(f"f(n) == {i}", n="integers()") for i in range(MOST_PROPERTIES + 2)]
    )
    assert (len(found), len(refused)) == (MOST_PROPERTIES, 2)


def test_inputs_are_many_repeatable_and_as_described() -> None:
    stated = _stated("f(xs, n) == n", xs="lists(integers(5, 90), min_size=1)", n="integers(0, 3)")
    inputs = stated.inputs(80)
    assert [*map(str, inputs)] == [*map(str, stated.inputs(80))]
    assert len({*map(str, inputs)}) == 80
    assert all(map(stated.allows, inputs))
    assert any(len(set(one.args[0])) < len(one.args[0]) for one in inputs)  # type: ignore[call-overload,arg-type]
    assert not stated.allows(Arguments(([], 0)))


def _stated(holds: str, **values: str) -> StatedProperty:
    return read_property(document(holds, **values))
