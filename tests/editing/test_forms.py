"""Normal forms: one for each program, however it is spelled, and pieces like the whole."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest

from fractal_rmo.editing import forms, judging
from fractal_rmo.editing.forms import normal_form

pytestmark = pytest.mark.thorough

ALIKE = [
    ("def f(a): return a\n", "# said\ndef f(a):\n\n    return (a)\n"),
    ("x = 1\n\n\n@a.b(\n    1,\n)\n@c\ndef f(): pass\n", "x = 1\n@a.b(1)\n@c\ndef f(): pass\n"),
    ('T = """\ndef f(\nclass A:\n"""\ndef g(): 1\n', "T = '\\ndef f(\\nclass A:\\n'\ndef g(): 1\n"),
    ("def f(): pass\nif x:\n    y = 1\n", "def f(): return None\n\nif (x): y = 1\n"),
]
OTHER = [
    ("def f(a): return a\n", "def f(a): return +a\n"),
    ("def f(): pass\ndef g(): pass\n", "def g(): pass\ndef f(): pass\n"),
    ("'text'\ndef f(): pass\n", "def f(): pass\n'text'\n"),
    ("def f(): pass\nx = 1\n", "def f():\n    pass\n    x = 1\n"),
]
BROKEN = [
    "def f(:\ndef g(): pass\n",
    "def f(): pass\n@a\n",
    "def f(): pass\nfrom __future__ import annotations\n",
    "x = 1\ndef f(): pass\nglobal x\n",
    'x = """\ndef f(): pass\n',
    "def f(): pass\n  def g(): pass\n",
    "try:\n    pass\ndef f(): pass\nfinally: pass\n",
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_spelling_makes_no_difference(one: str, other: str) -> None:
    assert normal_form(one) == normal_form(other) is not None


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_another_program_has_another_form(one: str, other: str) -> None:
    assert normal_form(one) != normal_form(other)


@pytest.mark.parametrize("text", BROKEN)
def test_what_does_not_compile_has_none(text: str) -> None:
    with pytest.raises(SyntaxError):
        compile(text, "", "exec", dont_inherit=True)
    assert normal_form(text) is None


def test_pieces_tell_apart_what_the_whole_does() -> None:
    for file in (Path(forms.__file__), Path(judging.__file__)):
        lines = file.read_text().splitlines(keepends=True)
        cuts = ["".join([*lines[:n], *lines[n + 1 :]]) for n in range(0, len(lines), 4)]
        for cut in cuts:
            assert (normal_form(cut) is None) == _is_broken(cut), file
        wholes = {forms._form(cut) for cut in cuts}
        assert len({normal_form(cut) for cut in cuts}) == len(wholes), file


def _is_broken(text: str) -> bool:
    try:
        compile(text, "", "exec", dont_inherit=True)
    except SyntaxError:
        return True
    return False


def test_of_a_long_file_only_what_differs_is_compiled() -> None:
    text = "".join(f"def f{n}(a, b):\n    return (a - b) * {n}\n\n\n" for n in range(3_000))
    begin = process_time()
    normal_form(text)
    first, begin = process_time() - begin, process_time()
    assert len({normal_form(text.replace(f"* {n}\n", "+ 1\n")) for n in range(5)}) == 5
    assert process_time() - begin < first
