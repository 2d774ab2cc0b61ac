"""Examples are found and compared as the standard library's doctest does it."""

from __future__ import annotations

import pytest

from fractal_rmo.validation.integration.examples import examples

TEXT = '''"""Module.

>>> 1 + 1
2
"""

class C:
    """No example here."""

    def m(self):
        """Deep.

        >>> C().m()
        >>> C().n()  # doctest: +SKIP
        """

async def a():
    """
    >>> 1 / 0
    Traceback (most recent call last):
        ...
    ZeroDivisionError: division by zero
    """

x = """
>>> not_a_docstring
"""
'''


def test_examples_of_every_docstring_with_their_lines() -> None:
    found = [[(e.line, e.source.strip()) for e in doc] for doc in examples(TEXT)]
    assert sorted(found) == [[(3, "1 + 1")], [(13, "C().m()")], [(19, "1 / 0")]]


@pytest.mark.parametrize("text", ["x = 1\n", '"""None."""\n', '"""\n>>>> an arrow\n"""\n', ""])
def test_what_is_no_example_is_not_counted(text: str) -> None:
    assert list(examples(text)) == []


RAISES = ">>> f()\nTraceback (most recent call last):\nValueError: no\n"
COMPARED = {
    # what: (the docstring's lines, what was printed, the exception, whether it holds)
    "the same": (">>> f()\n1\n", "1\n", "", True),
    "another": (">>> f()\n1\n", "2\n", "", False),
    "nothing where something is expected": (">>> f()\n1\n", "", "", False),
    "a blank line": (">>> f()\n1\n<BLANKLINE>\n2\n", "1\n\n2\n", "", True),
    "an ellipsis": (">>> f()  # doctest: +ELLIPSIS\n[1...9]\n", "[1, 2, 9]\n", "", True),
    "an ellipsis that is not asked for": (">>> f()\n[1...9]\n", "[1, 2, 9]\n", "", False),
    "white space": (">>> f()  # doctest: +NORMALIZE_WHITESPACE\n1 2\n", "1   2\n", "", True),
    "a surprising exception": (">>> f()\n1\n", "1\n", "ValueError: no\n", False),
    "an exception that is expected": (
        RAISES, "", "ValueError: no\n", True,
    ),
    "another message": (
        RAISES, "", "ValueError: x\n", False,
    ),
    "a detail that is ignored": (
        RAISES.replace("f()", "f()  # doctest: +IGNORE_EXCEPTION_DETAIL"),
        "", "m.ValueError: x\n", True,
    ),
    "an exception that does not come": (
        RAISES, "1\n", "", False,
    ),
    "no claim": (">>> f()\n", "1\n", "", True),
    "no claim, and an exception": (">>> f()\n", "", "ValueError: no\n", False),
    "a comparison that is true": (">>> f() == 1\n", "True\n", "", True),
    "a comparison that is false": (">>> f() == 1\n", "False\n", "", False),
    "a call that is false": (">>> f()\n", "False\n", "", True),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "output", "raised", "holds"), COMPARED.values(), ids=COMPARED.keys()
)
def test_comparison(text: str, output: str, raised: str, holds: bool) -> None:
    ((example,),) = examples(f'"""\n{text}"""\n')
    assert example.holds(output, raised) is holds
