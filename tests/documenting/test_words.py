"""What is said was seen, and what cannot be shown is not."""

from __future__ import annotations

from typing import Any

import pytest

from fractal_rmo.documenting.asking import Seen
from fractal_rmo.documenting.words import WIDEST, examples, sentence
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.jailed.programs.plain_data import told
from fractal_rmo.validation.generated.answers import read_answer
from fractal_rmo.validation.generated.arguments import Arguments
from fractal_rmo.validation.generated.calls import Call
from fractal_rmo.validation.generated.targets import Catalogue, Target


def target(head: str) -> Target:
    code = SourceTree({"solution.py": f"{head}\n    ...\n"})
    found = Catalogue(code, SourceTree()).defined("solution.py", "f")
    assert found is not None
    return found


def seen(of: Target, *answers: Any) -> list[Seen]:
    """Exceptions stand for what was raised."""
    rows = []
    for n, answer in enumerate(answers):
        is_error = isinstance(answer, Exception)
        read: Any = (
            {"raised": [type(answer).__name__, str(answer), "", 0]} if is_error else told(answer)
        )
        rows.append(Seen(Call(of, Arguments((n,))), read_answer(read)))
    return rows


@pytest.mark.parametrize(
    ("head", "answers", "said"),
    [
        ("def f(a: int, *, b=1) -> int:", [1, 2], "Return int for ``a: int, *, b=1``."),
        ("def f(a: int) -> int:", [1, None], "Seen to return int or None for ``a: int``."),
        ("def f() -> 'list[str]':", [["a"]], "Return list[str]."),
        ("def f(a=1):", [2.0, KeyError()],
         "Seen to return float for ``a=1``, and to raise KeyError."),
        ("def f(a) -> bool:", [True, OSError()], "Return bool for ``a``; seen to raise OSError."),
        ("def f(a):", [iter([1])], "Seen to return an iterator for ``a``."),
        ("def f(a):", [None], ""),
        ("def f(a):", [], ""),
        ("def f(a):", [ValueError()], ""),
        ("def f(a='\"\"\"'):", [1], "Seen to return int for ``a``."),
        (f"def f({'a' * 90}):", [1], "Seen to return int."),
    ],
)  # fmt: skip
def test_a_sentence_claims_what_was_seen(head: str, answers: list[Any], said: str) -> None:
    of = target(head)
    assert sentence(of, seen(of, *answers)) == said


@pytest.mark.parametrize(
    "answer",
    [
        None, {1, 2}, [frozenset("ab")], float("inf"), object(), [object()], "x" * WIDEST, '"""',
        "<A at 0x7f001234>", "<BLANKLINE>", ValueError("a\nb"), UnicodeError(),
        ValueError(" begins blank"), ValueError("..."), type("OwnError", (Exception,), {})("x"),
    ],
)  # fmt: skip
def test_what_does_not_print_alike_is_no_example(answer: Any) -> None:
    assert examples(seen(target("def f(a):"), answer)) == []


def test_at_most_two_values_and_one_error_are_shown() -> None:
    rows = seen(target("def f(a):"), [], 1, 1, "b", KeyError("k"), ValueError())
    assert examples(rows) == [
        ">>> f(1)", "1", ">>> f(3)", "'b'",
        ">>> f(4)", "Traceback (most recent call last):", "    ...", "KeyError: 'k'",
    ]  # fmt: skip
    assert examples(seen(target("def f(a):"), iter([1])))[0] == ">>> list(f(0))"
