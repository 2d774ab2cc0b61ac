"""Only calls with data become tests, whatever a jail has written."""

from __future__ import annotations

import pytest

from fractal_rmo.services.assertions import NotATestError, read_body, read_call, read_value


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("assert f(3) == 7", "f"),
        ("assert f(1, 'a', [2.5], {'k': (None,)}) == -1.5", "f"),
        ("assert list(f(3)) == [1, 2]", "f"),
        ("assert C(3).f(1) == {1, 2}", "C.f"),
        ("assert C.f(1) == float('-inf')", "C.f"),
        ("assert f(1) == frozenset({1, 2})", "f"),
        ("assert f(1) == [frozenset(), set(), 1 + 2j]", "f"),
        ("with pytest.raises(ValueError):\n    f(-1)", "f"),
        ("given = ([3, 1],)\nf(*given)\nassert given == ([1, 3],)", "f"),
        ("given = ([3, 1],)\nC(2).f(*given)\nassert given == ([1, 3],)", "C.f"),
    ],
)
def test_what_levels_write_is_written_again(text: str, function: str) -> None:
    assert read_body(text, function).text() == text


def test_none_is_asked_for_as_people_do() -> None:
    assert read_body("assert f(3) == None", "f").text() == "assert f(3) is None"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "assert f(3) ==",
        "import os",
        "assert f(3) == 1\nimport os\nos.system('x')",
        "assert f(3) == __import__('os').system('x')",
        "assert f(__import__('os')) == 1",
        "assert f(3) == [x for x in (1,)]",
        "assert f(3) == (lambda: 1)()",
        "assert f(3) == 1, print('x')",
        "assert f(3) == 1 == g()",
        "assert f(3) != 1",
        "assert g(3) == 1",
        "assert C(3).f(1) == 1",
        "assert f.g(3) == 1",
        "assert f(x := 3) == 1",
        "assert f(3) == float('nan')",
        "assert f(3) == float(open('x').read())",
        "assert list(g(3)) == [1]",
        "assert f(3) == <object>",
        "assert f(3) == [1, 2, …",
        "with open('x'):\n    f(3)",
        "with pytest.raises(ValueError):\n    g(3)",
        "with pytest.raises(ValueError) as x:\n    import os",
        "with pytest.raises(a.b):\n    f(3)",
        "with pytest.raises(ValueError), open('x'):\n    f(3)",
        "given = f(3)\nassert given == 1",
        "other = (1,)\nf(*other)",
        "f(*other)",
        "f(**{'a': 1})",
        "if True:\n    f(3)",
        "assert f(3) == " + "(" * 5000,
    ],
)
def test_anything_else_is_no_test(text: str) -> None:
    with pytest.raises(NotATestError):
        read_body(text, "f")


@pytest.mark.parametrize("function", ["", "import", "C.def", "f\nimport os", "f()", "C.", "a b"])
def test_a_function_has_a_name(function: str) -> None:
    with pytest.raises(NotATestError):
        read_body("given = (1,)\nassert given == (1,)", function)


def test_nothing_of_the_text_is_left_but_its_meaning() -> None:
    text = "assert f('\u202e') == 1  # \u202e evil"
    assert read_body(text, "f").text() == "assert f('\\u202e') == 1"


@pytest.mark.parametrize(
    ("text", "right", "then"),
    [
        ("assert f(3) == 7", "[1, 2]", "assert f(3) == [1, 2]"),
        ("assert f(3) == 7", "None", "assert f(3) is None"),
        ("assert f(3) == 7", "raises Odd", "with pytest.raises(Odd):\n    f(3)"),
        ("with pytest.raises(ValueError):\n    f(3)", "'x'", "assert f(3) == 'x'"),
        ("assert f(3) == None", "0", "assert f(3) == 0"),
        ("f(3)", "1", "assert f(3) == 1"),
    ],
)
def test_the_right_answer_takes_the_place_of_the_wrong_one(
    text: str, right: str, then: str
) -> None:
    assert read_body(text, "f").corrected(right).text() == then


@pytest.mark.parametrize("right", ["", "x", "g()", "raises", "raises a.b", "1; 2", "raises x()"])
def test_a_right_answer_is_a_literal_or_an_exception(right: str) -> None:
    with pytest.raises(NotATestError):
        read_body("assert f(3) == 7", "f").corrected(right)


def test_a_call_is_taken_apart() -> None:
    module, function, call = read_call("a.b.f(1, x=[2])")
    assert (module, function, call.func.id) == ("a.b", "f", "f")  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["f(1)", "a.f(g())", "a.f(**b)", "a.f", "a().f(1)", "a.f(1) + 1"])
def test_other_calls_are_not(text: str) -> None:
    with pytest.raises(NotATestError):
        read_call(text)


def test_a_value_is_data() -> None:
    with pytest.raises(NotATestError):
        read_value("<Odd object>")
