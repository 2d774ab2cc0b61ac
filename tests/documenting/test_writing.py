"""Docstrings are written where they belong, and nothing else changes."""

from __future__ import annotations

import ast

import pytest

from fractal_rmo.documenting.places import places, reads_itself
from fractal_rmo.documenting.writing import bare, written
from fractal_rmo.domain.source import SourceTree

CASES = {
    "a block": (
        "def f(a):\n    return a\n",
        'def f(a):\n    """Said.\n\n    >>> f(1)\n    1\n    """\n    return a\n',
    ),
    "one line": (
        "def f(a): return a\n",
        'def f(a):\n    """Said.\n\n    >>> f(1)\n    1\n    """\n    return a\n',
    ),
    "carriage returns and tabs": (
        "class A:\r\n\tdef f(s): # h\r\n\t\t# kept\r\n\t\treturn 1\r\n",
        'class A:\r\n\tdef f(s): # h\r\n\t\t"""Said.\r\n\r\n\t\t>>> f(1)\r\n\t\t1\r\n\t\t"""\r\n\t\t# kept\r\n\t\treturn 1\r\n',  # noqa: E501
    ),
    "a decorated first statement": (
        "def f(a):\n    @g\n    def h(): ...\n    return h\n",
        'def f(a):\n    """Said.\n\n    >>> f(1)\n    1\n    """\n    @g\n    def h(): ...\n    return h\n',  # noqa: E501
    ),
    "a docstring of one line": (
        "def f(a):\n    '''Kept.  '''\n",
        "def f(a):\n    '''Kept.  \n\n    >>> f(1)\n    1\n    '''\n",
    ),
    "a docstring of lines": (
        'def f(a):\n    R"""Kept\\n.\n\n    More.\n    """\n    return a  # é\n',
        'def f(a):\n    R"""Kept\\n.\n\n    More.\n\n    >>> f(1)\n    1\n    """\n    return a  # é\n',  # noqa: E501
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_only_a_docstring_is_new(case: str) -> None:
    before, after = CASES[case]
    (place,) = places(SourceTree({"s.py": before}))
    edit = written(place, "Said.", [">>> f(1)", "1"])
    assert edit is not None
    assert edit.apply(before) == after
    assert bare(ast.parse(after)) == bare(ast.parse(before))
    (again,) = places(SourceTree({"s.py": after}))
    assert not again.is_open


@pytest.mark.parametrize(
    "text",
    [
        'def f(a):\n    "one line"\n    return a\n',
        'def f(a):\n    """two""" """texts"""\n    return a\n',
        'def f(a): """there"""\n',
        "def f(a): \\\n  return a  # joined\n",
    ],
)
def test_what_would_have_to_be_rewritten_is_left_alone(text: str) -> None:
    (place,) = places(SourceTree({"s.py": text}))
    edit = written(place, "", [">>> f(1)", "1"])
    assert edit is None or bare(ast.parse(edit.apply(text))) == bare(ast.parse(text))
    assert edit is None or "joined" in text


@pytest.mark.parametrize("opened", ['"""', 'r"""'])
def test_backslashes_read_as_they_are_meant(opened: str) -> None:
    for text in ("def f(a):\n    return a\n", f'def f(a):\n    {opened}Kept."""\n'):
        (place,) = places(SourceTree({"s.py": text}))
        edit = written(place, "Said.", [">>> f('\\n')", "'\\n'"])
        assert edit is not None
        node = ast.parse(edit.apply(text)).body[0]
        assert isinstance(node, ast.FunctionDef)
        assert ">>> f('\\n')\n'\\n'" in (ast.get_docstring(node) or "")


def test_other_encodings_take_plain_letters_only() -> None:
    text = "# coding: latin-1\ndef f(a):\n    return a\n"
    (place,) = places(SourceTree({"s.py": text}))
    assert written(place, "Said.", [">>> f('é')", "'é'"]) is None
    assert written(place, "Said.", [">>> f('e')", "'e'"]) is not None


def test_private_nested_and_broken_code_is_no_place() -> None:
    text = (
        "def _f(): ...\nclass _A:\n    def f(self): ...\n"
        "class B:\n    def __len__(self): ...\n    def g(self):\n        def h(): ...\n"
    )
    found = places(SourceTree({"a.py": text, "b.py": "def f(:\n"}))
    assert [place.name for place in found] == ["B.g"]


@pytest.mark.parametrize("line", ["f.__doc__", "import inspect; inspect.getsource(f)"])
def test_code_that_reads_itself_is_known(line: str) -> None:
    assert reads_itself(SourceTree({"s.py": f"def f(): ...\n{line}\n"})) == "s.py"
    assert not reads_itself(SourceTree({"s.py": "def f(): ...\n"}))
