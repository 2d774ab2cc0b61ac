from __future__ import annotations

import pytest

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.repair.wording import ASKED, NO_WORDS, wording

ONE = SourceTree({"a.py": "def f(x):\n    return x\n"})
TWO = SourceTree({"a.py": "def first(x):\n    return x\n\n\ndef best(x):\n    return x\n"})


@pytest.mark.parametrize(
    ("description", "old", "new"),
    [
        ("Ignore the case of letters.", "x", "x.lower()"),
        ("Names in alphabetical order.", "x", "sorted(x)"),
        ("Each distinct word.", "x", "set(x)"),
        ("At least eight characters.", ">", ">="),
        ("A leap year is divisible by 400.", "100", "400"),
        ("The integer half of it.", "/", "//"),
        ("None for an empty list.", "0", "None"),
    ],
)
def test_an_edit_that_brings_in_what_is_asked_for_is_likelier(
    description: str, old: str, new: str
) -> None:
    assert wording(description, ONE).times("f", old, new) == ASKED


@pytest.mark.parametrize(
    ("description", "old", "new"),
    [
        ("", "x", "x.lower()"),
        ("Ignore the case of letters.", "x", "x.strip()"),
        ("Ignore the case of letters.", "x.lower()", "y.lower()"),
        ("A list of 4000 names.", "100", "400"),
    ],
)
def test_what_is_not_asked_for_or_was_there_is_not(description: str, old: str, new: str) -> None:
    assert wording(description, ONE).times("f", old, new) == 1


def test_where_a_sentence_names_a_function_it_speaks_of_no_other() -> None:
    words = wording("first(x) is sorted. best(x) is at least 3.", TWO)
    assert words.times("first", "x", "sorted(x)") == ASKED
    assert words.times("best", "x", "sorted(x)") == 1
    assert words.times("best", ">", ">=") == ASKED
    assert words.times("third", ">", ">=") == ASKED


def test_what_a_function_holds_it_is_not_asked_for() -> None:
    code = SourceTree({"a.py": "def f(x):\n    return sorted(x)[0] >= 3\n"})
    words = wording("The smallest in alphabetical order is at least 3, or 8.", code)
    assert words.times("f", "set(x)", "sorted(x)") == 1
    assert words.times("f", ">", ">=") == 1
    assert words.times("f", "3", "8") == ASKED


def test_a_docstring_speaks_of_its_function() -> None:
    code = SourceTree({"a.py": 'def f(x):\n    """Reverse it."""\n    return x\n'})
    assert wording("", code).times("f", "x", "reversed(x)") == ASKED
    assert wording("", code).times("g", "x", "reversed(x)") == 1


def test_the_numbers_of_the_words_may_be_used() -> None:
    assert wording("From 8 to 0.5, of 12345678901.", ONE).numbers == (8, 0.5)
    assert not NO_WORDS.numbers
