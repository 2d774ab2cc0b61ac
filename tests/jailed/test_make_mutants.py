"""Mutants are made of mutmut's operators, and of nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.jailed.mutants import Values, endings

pytestmark = pytest.mark.thorough


def texts(code: str, value: Values) -> set[str]:
    """The mutated files."""
    return {code[: m["start"]] + m["text"] + code[m["end"] :] for m in value["mutants"]}


def test_mutants_are_edits_of_functions_and_methods(make: Callable[..., Values]) -> None:
    code = "LIMIT = 1\ndef f(a):\n    return a + 1\nclass C:\n    def g(self):\n        return 2\n"
    value = make({"solution.py": code})
    assert texts(code, value) == {
        code.replace("a + 1", "a - 1"), code.replace("a + 1", "a + 2"), code.replace("2", "3"),
    }  # fmt: skip
    assert {(m["function"], m["line"]) for m in value["mutants"]} == {("f", 2), ("C.g", 5)}
    assert value["possible"] == 3
    assert value["tools"]["mutmut"]


@pytest.mark.parametrize(
    "comment", ["# pragma: no mutate", "# pragma: no mutate block", "# pragma: no mutate start"]
)
def test_comments_switch_nothing_off(make: Callable[..., Values], comment: str) -> None:
    plain = make({"solution.py": "def f(a):\n    return a + 1\n"})
    commented = make(
        {"solution.py": f"{comment}\ndef f(a):  {comment}\n    return a + 1  {comment}\n"}
    )
    assert len(commented["mutants"]) == len(plain["mutants"]) == 2


@pytest.mark.parametrize(
    "code",
    [
        "x = 1 + 1\n",
        "",
        "def f():\n    'words'\n    return g()\n",
        "import functools\n@functools.cache\ndef f():\n    return 1\n",
        "class C:\n    class D:\n        def f(self):\n            return 1\n",
    ],
)
def test_what_mutmut_leaves_alone_and_docstrings_stay(
    make: Callable[..., Values], code: str
) -> None:
    assert make({"solution.py": code})["mutants"] == []


@pytest.mark.parametrize(
    "code", ["\ufeffdef f(é):\r\n    return 'é' + é\r\n", "def f(a):\n\treturn a*2"]
)
def test_places_are_right_whatever_the_text_looks_like(
    make: Callable[..., Values], code: str
) -> None:
    plain = code.removeprefix("\ufeff")
    for text in texts(plain, make({"solution.py": code})):
        compile(text, "solution.py", "exec")
        assert text.startswith("def f(")
        assert text != plain


def test_static_and_class_methods_are_placed_by_their_def(
    make: Callable[..., Values], judge: Callable[..., Values]
) -> None:
    code = (
        "class C:\n    @staticmethod\n    def f():\n        return 1\n"
        "    @classmethod\n    async def g(cls):\n        return 2\n"
    )
    made = make({"solution.py": code})["mutants"]
    assert [(m["function"], m["line"]) for m in made] == [("C.f", 3), ("C.g", 6)]
    tests = (
        "import asyncio\nfrom solution import C\n"
        "def test_1():\n    assert (C.f(), asyncio.run(C.g())) == (1, 2)\n"
    )
    assert endings(judge(code, tests, *made)) == ["killed", "killed"]


def test_a_block_keeps_its_indentation(make: Callable[..., Values]) -> None:
    code = (
        "def f(a):\n    if a:\n        match a:\n            case 1:\n                return a\n"
        "            case _:\n                return None\n"
    )
    without = code.replace("            case 1:\n                return a\n", "")
    assert without in texts(code, make({"solution.py": code}))


def test_a_sample_is_the_same_each_time(make: Callable[..., Values]) -> None:
    code = {"solution.py": "def f(a):\n" + "    a = a + 1\n" * 40 + "    return a\n"}
    one, again, other = make(code, 10), make(code, 10), make(code, 10, seed=2)
    assert one == again != other
    assert len(one["mutants"]) == 10
    assert one["possible"] == 120


def test_what_does_not_compile_is_no_mutant(make: Callable[..., Values]) -> None:
    code = "def f(a):\n    return g(a=a, *a)\n"
    value = make({"solution.py": code})
    assert len(value["mutants"]) <= value["possible"]
    for text in texts(code, value):
        compile(text, "solution.py", "exec")


def test_a_file_that_cannot_be_parsed_is_named(make: Callable[..., Values]) -> None:
    value = make({"a.py": "def f(:\n", "b.py": "def f():\n    return 1\n"})
    assert "a.py" in value["problem"]
    assert len(value["mutants"]) == 1
