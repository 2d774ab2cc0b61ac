"""What is read from the text of code and tests."""

from __future__ import annotations

import time

import pytest

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.generated.given_calls import MAX_EXAMPLES, property_tests
from fractal_rmo.validation.generated.targets import Catalogue, Found

CODE = {"solution.py": "def f(a, b=1, *, c=2):\n    return a\n\n\ndef g(a):\n    return a\n"}


def _found(tests: str, code: dict[str, str] | None = None) -> Found:
    return Catalogue(SourceTree(code or CODE), SourceTree({"test_s.py": tests})).called()


def _examples(tests: str) -> list[str]:
    (target,) = _found(tests).targets
    return [str(arguments) for arguments in target.examples]


PARAMETRIZED = """
import pytest
from solution import f
@pytest.mark.parametrize('x, y', [(1, 2), (3, 4)])
def test(x, y):
    assert f(x) == y
"""
LOOPED = """
from solution import f
ROWS = [('a', 1), ('b', 2)]
def test():
    for x, y in ROWS:
        assert f(x) == y
"""


@pytest.mark.parametrize(
    ("tests", "examples"),
    [
        ("from solution import f\ndef test():\n    assert f([1], c=-2) == 1\n", ["[1], c=-2"]),
        ("import solution\ndef test():\n    assert solution.f('a') == 1\n", ["'a'"]),
        ("import solution as s\ndef test():\n    s.f({1: (2,)})\n", ["{1: (2,)}"]),
        ("from solution import f as h\nclass TestF:\n    def test(self):\n        h(1)\n", ["1"]),
        ("from solution import f\ndef test():\n    x = [1]\n    assert f(x) == 1\n", ["[1]"]),
        (PARAMETRIZED, ["1", "3"]),
        (LOOPED, ["'a'", "'b'"]),
        ("from solution import f\ndef test():\n    f(open('x'))\n    f(1e999)\n    f(2)\n", ["2"]),
    ],
)
def test_literal_calls_of_the_tests_are_examples(tests: str, examples: list[str]) -> None:
    assert _examples(tests) == examples


def test_only_what_the_tests_call_is_a_target() -> None:
    found = _found("from solution import f, g\ndef test():\n    assert g(1) == 1\n")
    assert [t.place for t in found.targets] == ["solution.g"]


def test_a_function_is_found_through_the_package_that_exports_it() -> None:
    code = {"src/pkg/__init__.py": "from .inner import f\n", "src/pkg/inner.py": "def f(a): ...\n"}
    found = _found("from pkg import f\ndef test():\n    assert f(1) == 1\n", code)
    assert [(t.place, t.path) for t in found.targets] == [("pkg.f", "src/pkg/inner.py")]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("class f: ...\n", "a class"),
        ("async def f(a): ...\n", "a coroutine function"),
        ("import x\n@x.deco\ndef f(a): ...\n", "decorated"),
        ("f = len\n", "not a function of the code"),
    ],
)
def test_what_cannot_be_called_says_why(code: str, why: str) -> None:
    tests = "from solution import f\ndef test():\n    f(1)\n"
    found = _found(tests, {"solution.py": code})
    assert not found.targets
    assert why in found.left[0]


@pytest.mark.parametrize(
    ("body", "exact"),
    [
        ("assert f(1) == [1]", True),
        ("r = f(1)\n    assert r == [1]", True),
        ("assert set(f(1)) == {1}", False),
        ("self.assertEqual(f(1), [1])", True),
        ("f(1)", False),
    ],
)
def test_an_answer_that_is_compared_as_it_is_counts_as_exact(body: str, exact: bool) -> None:
    (target,) = _found(f"from solution import f\ndef test(self):\n    {body}\n").targets
    assert target.exact is exact


def test_properties_of_hypothesis_are_counted() -> None:
    tests = (
        "import hypothesis\nfrom hypothesis import given, strategies as st\n"
        "@given(st.integers())\ndef test_a(n): ...\n"
        "@hypothesis.given(st.text())\ndef test_b(n): ...\n"
        "def test_c(): ...\n"
    )
    assert property_tests(SourceTree({"test_s.py": tests})) == 2


@pytest.mark.parametrize(
    "body",
    [
        f"assert f({'[' * 90}{']' * 90}) == 1",
        f"assert x{'.a().b' * 400}() == f(1)",
        f"assert f({'1 + ' * 3000}1) == 1",
        "\n    ".join(f"for x in {list(range(30))}: f(x, 'y{n}')" for n in range(400)),
    ],
    ids=["nested", "chained", "added", "many"],
)
def test_tests_that_are_made_to_take_long_do_not(body: str) -> None:
    begun = time.monotonic()
    found = _found(f"from solution import f\ndef test():\n    {body}\n")
    assert all(len(target.examples) <= MAX_EXAMPLES for target in found.targets)
    assert time.monotonic() - begun < 3


def test_text_that_does_not_parse_is_passed_over() -> None:
    assert _found("from solution import f\ndef test(:\n") == Found(())


CLASSES = {
    "solution.py": (
        "class C:\n    def __init__(self, n, *, k=1):\n        self.n = n\n"
        "    def f(self, a, b=2):\n        return a\n"
        "    @staticmethod\n    def g(a):\n        return a\n"
        "    @classmethod\n    def h(cls, a):\n        return a\n"
        "    @property\n    def size(self):\n        return self.n\n"
        "    async def later(self):\n        return 1\n"
    )
}


@pytest.mark.parametrize(
    ("tests", "place", "examples", "makers"),
    [
        ("from solution import C\ndef t(): C(12).f(3)\n", "solution.C.f", ["3"], ["12"]),
        (
            "from solution import C\ndef t():\n    c = C(12, k=2)\n    assert c.f(3) == 3\n",
            "solution.C.f", ["3"], ["12, k=2"],
        ),
        (
            "import solution as s\nc = s.C(1)\ndef t(): assert c.f(b=[1], a=0) == 3\n",
            "solution.C.f", ["b=[1], a=0"], ["1"],
        ),
        ("from solution import C\ndef t(): assert C.g(4) == 4\n", "solution.C.g", ["4"], None),
        ("import solution\ndef t(): assert solution.C.h(4) == 4\n", "solution.C.h", ["4"], None),
    ],
)  # fmt: skip
def test_methods_are_called_as_the_tests_call_them(
    tests: str, place: str, examples: list[str], makers: list[str] | None
) -> None:
    found = _found(tests, CLASSES)
    (target,) = found.targets
    assert target.place == place
    assert [str(each) for each in target.examples] == examples
    assert (target.maker and [str(each) for each in target.maker.examples]) == makers
    assert [arg.arg for arg in target.positional][:1] == ["a"]
    assert not found.left


@pytest.mark.parametrize(
    "body", ["C(1).later()", "C(1).size()", "C(1).missing()", "f(1).x()", "C(1).f.g()"]
)
def test_what_is_no_method_of_the_code_is_no_target(body: str) -> None:
    code = {**CLASSES, "other.py": "def f(a):\n    return a\n"}
    found = _found(f"from solution import C\nfrom other import f\ndef t(): {body}\n", code)
    assert {target.place for target in found.targets} <= {"other.f"}


def test_a_function_of_the_code_is_found_by_its_file_with_all_calls_of_the_tests() -> None:
    code = {"src/pkg/__init__.py": "from .inner import f\n", "src/pkg/inner.py": "def f(a): ...\n"}
    tests = "from pkg import f\nfrom pkg.inner import f as g\ndef test():\n    f(1)\n    g(2)\n"
    catalogue = Catalogue(SourceTree(code), SourceTree({"test_s.py": tests}))
    target = catalogue.defined("src/pkg/inner.py", "f")
    assert target is not None
    assert target.place == "pkg.inner.f"
    assert [str(each) for each in target.examples] == ["1", "2"]
    assert catalogue.defined("src/pkg/inner.py", "g") is None
    assert catalogue.defined("src/pkg/none.py", "f") is None
