"""The quick runner against the real pytest: same ids, same order, same outcomes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fractal_rmo.domain.run import Runtime
from fractal_rmo.jailed.programs.quick_support import is_supported

UnitTests = Callable[..., dict[str, Any]]
CODE = {
    "solution.py": "def half(n):\n    return n / 2\n",
    "sub/helping.py": "def third(n):\n    return n / 3\n",
}
HEAD = "import enum, math, re, unittest, pytest\nfrom solution import half\n"

ALIKE = {
    "one parameter": (
        "@pytest.mark.parametrize('n', [1, 0, -2, 'x', None, True, 1.5, b'\\xff', '', 'é\\n'])\n"
        "def test_1(n): assert half(n) <= n\n"
    ),
    "several": (
        "@pytest.mark.parametrize('n, half_of_it', [(2, 1), (3, 1), (4, 2)])\n"
        "def test_1(n, half_of_it): assert half(n) == half_of_it\n"
        "@pytest.mark.parametrize(['n', 'm'], ([2, 1], [4, 2]))\n"
        "def test_2(m, n): assert half(n) == m\n"
        "@pytest.mark.parametrize('n,', [(2,), (4,)])\n"
        "def test_3(n): assert half(n) == n // 2\n"
        "@pytest.mark.parametrize(('n',), [(2,), (4,)])\n"
        "def test_4(n): assert half(n) == n // 2\n"
    ),
    "stacked": (
        "@pytest.mark.parametrize('a', [1, 2])\n"
        "@pytest.mark.parametrize('b', 'x y'.split() or [])\n"
        "def test_1(a, b): assert a\n"
        "@pytest.mark.parametrize('a', [1, 2])\n@pytest.mark.parametrize('b', ['x', 'y'])\n"
        "def test_2(a, b): assert a > 1 or b == 'x'\n"
    ),
    "values of many kinds": (
        "class Color(enum.Enum):\n    RED = 1\n"
        "def helper(): return 1\n"
        "@pytest.mark.parametrize('v', [[1], (1, 2), {'a': 1}, {1}, Color.RED, helper, int, math,"
        " re.compile('a+'), object(), lambda: 1, 'a' * 101, 10**30, float('nan'), ValueError])\n"
        "def test_1(v): assert v\n"
        "@pytest.mark.parametrize('v', [(1, 2), (3,)])\ndef test_2(v): assert len(v) == 2\n"
    ),
    "duplicates": (
        "@pytest.mark.parametrize('v', [1, 1, '1', 'a', 'a', 'a0', '', ''])\n"
        "def test_1(v): assert v\n"
    ),
    "ids": (
        "@pytest.mark.parametrize('v', [1, 2, 3], ids=['one', None, 'three'])\n"
        "def test_1(v): assert v > 1\n"
        "@pytest.mark.parametrize('v', [1, 2], ids=lambda v: f'v{v}' if v > 1 else None)\n"
        "def test_2(v): assert v > 1\n"
        "@pytest.mark.parametrize('v', [1, [2]], ids=repr)\ndef test_3(v): assert v\n"
        "@pytest.mark.parametrize('v', [1, 2], ids=[])\ndef test_4(v): assert v\n"
    ),
    "param": (
        "CASES = [pytest.param(1, 2, id='low'), (3, 4), pytest.param(5, 6)]\n"
        "@pytest.mark.parametrize('v, w', CASES)\n"
        "def test_1(v, w): assert v > 1\n"
    ),
    "a list by name": (
        "CASES = [(1, 2), (2, 3)]\n"
        "@pytest.mark.parametrize('v, w', CASES)\ndef test_1(v, w): assert v + 1 == w\n"
    ),
    "classes": (
        "class TestA:\n"
        "    test_data = [1, 2]\n"
        "    @pytest.mark.parametrize('n', [1, 2])\n"
        "    def test_b(self, n): assert n in self.test_data\n"
        "    def test_a(self): assert half(2) == 2\n"
        "class Helper:\n    def test_no(self): assert 0\n"
        "class Case(unittest.TestCase):\n"
        "    def test_z(self): self.assertEqual(half(2), 1)\n"
        "    def test_y(self): self.assertEqual(half(2), 2)\n"
    ),
    "raises and approx": (
        "def test_1():\n    with pytest.raises(TypeError, match='unsupported'): half('a')\n"
        "def test_2():\n    with pytest.raises(ValueError): half('a')\n"
        "def test_3():\n    with pytest.raises(ValueError): half(1)\n"
        "def test_4(): assert half(0.2) == pytest.approx(0.1)\n"
    ),
    "fixtures": (
        "@pytest.fixture\ndef two():\n    return [2]\n"
        "@pytest.fixture()\ndef four(two): two.append(4); return half(8)\n"
        "def test_1(two): two.append(1); assert two == [2, 1]\n"
        "def test_2(four, two): assert (four, two) == (4, [2, 4])\n"
        "def test_3(two, four): assert len(two) == 1\n"
        "@pytest.mark.parametrize('n', [1, 2])\n"
        "def test_4(four, n): assert half(four) == n\n"
        "class TestA:\n    def test_5(self, two): assert two == [2]\n"
    ),
    "a fixture beside variables of its name": (
        "@pytest.fixture\ndef two():\n    two = [2]\n    return two\n"
        "def test_1(two): assert two == [2]\n"
        "def test_2():\n    two = half(8)\n    assert two == 4\n"
    ),
    "a fixture that fails": (
        "@pytest.fixture\ndef bad(): return half('a')\n"
        "@pytest.fixture\ndef no(): raise unittest.SkipTest('why')\n"
        "@pytest.fixture\ndef end(): raise SystemExit(3)\n"
        "def test_1(bad): assert 1\ndef test_2(no): assert 0\ndef test_3(end): assert 0\n"
    ),
    "fixtures that end": (
        "ENDED = []\n"
        "@pytest.fixture\ndef one():\n    yield 1\n    ENDED.append(1)\n"
        "@pytest.fixture\ndef two(one):\n    yield one + 1\n    ENDED.append(2)\n"
        "@pytest.fixture\ndef both(one):\n    yield 1\n    yield 2\n"
        "@pytest.fixture\ndef none():\n    if ENDED == 0: yield 1\n"
        "@pytest.fixture\ndef bad():\n    yield 1\n    half('a')\n"
        "def test_1(two): assert two == 2\n"
        "def test_2(): assert ENDED == [2, 1]\n"
        "def test_3(two, bad): assert 0\n"
        "def test_4(): assert ENDED == [2, 1, 2, 1]\n"
        "def test_5(bad): assert bad\n"
        "def test_6(both): assert both\n"
        "def test_7(none): assert 1\n"
    ),
    "fixtures that are offered": (
        "import os\n"
        "def test_1(monkeypatch):\n"
        "    monkeypatch.setenv('X', '1')\n"
        "    monkeypatch.setattr('builtins.input', lambda *_: '4')\n"
        "    assert half(int(input())) == 2 and os.environ['X']\n"
        "def test_2(): assert 'X' not in os.environ and input() == '4'\n"
        "@pytest.fixture\ndef told(capsys):\n"
        "    print('a')\n    yield capsys\n    print('b')\n"
        "def test_3(told, capsys):\n"
        "    print('c')\n    assert capsys.readouterr().out == 'a\\nc\\n'\n"
        "def test_4(capsys):\n    print('c')\n    out, err = capsys.readouterr()\n    assert err\n"
        "def test_5(tmp_path):\n"
        "    (tmp_path / 'a').write_text('b')\n    assert os.listdir(tmp_path)\n"
        "@pytest.mark.parametrize('n', [1, 2])\n"
        "def test_6(n, tmp_path): assert n == 1 and not list(tmp_path.iterdir())\n"
        "class TestA:\n    def test_7(self, capsys, monkeypatch): assert capsys is monkeypatch\n"
    ),
    "all names of the code": (
        "from solution import *\nfrom sub.helping import *\n"
        "def test_1(): assert half(third(6)) == 1\ndef test_2(): assert half(third(6)) == 2\n"
    ),
    "endings": (
        "def test_1(): raise SystemExit(3)\n"
        "def test_2(): raise unittest.SkipTest('why')\n"
        "def test_3(): raise BaseException\n"
        "def helper(): assert 0\n"
    ),
    "coroutines beside the tests": (
        "import asyncio\n"
        "async def later(n): return half(n)\n"
        "class Slow:\n    async def half(self, n): return await later(n)\n"
        "def test_1(): assert asyncio.run(later(2)) == 1\n"
        "def test_2(): assert asyncio.run(Slow().half(4)) == 1\n"
    ),
    "setups of classes": (
        "SAID = []\n"
        "class A(unittest.TestCase):\n"
        "    @classmethod\n    def setUpClass(cls):\n"
        "        cls.n = 4\n        cls.addClassCleanup(SAID.append, 'cleaned')\n"
        "        cls.enterClassContext(__import__('contextlib').nullcontext())\n"
        "    @classmethod\n    def tearDownClass(cls): SAID.append('down')\n"
        "    @staticmethod\n    def two(): return 2\n"
        "    def test_1(self): self.assertEqual(half(self.n), self.two())\n"
        "    def test_2(self): assert not SAID; self.addClassCleanup(SAID.append, 'late')\n"
        "    def test_3(self): assert SAID\n"
        "class TestB:\n"
        "    def setup_class(cls): cls.n = 2; SAID.append(cls.__name__)\n"
        "    @classmethod\n    def teardown_class(cls): SAID.append('end')\n"
        "    def setup_method(self, method): self.name = method.__name__\n"
        "    def teardown_method(self): SAID.append(self.name)\n"
        "    def test_5(self): assert SAID == ['down', 'late', 'cleaned', 'TestB']\n"
        "    @pytest.mark.parametrize('k', [1, 2])\n"
        "    def test_6(self, k, tmp_path): assert half(self.n) == k, self.name\n"
        "    def test_7(self): assert SAID[4:] == ['test_5', 'test_6', 'test_6']\n"
        "def test_8(): assert SAID[-1] == 'end'\n"
    ),
    "setups of classes that fail": (
        "RUN = []\n"
        "class A(unittest.TestCase):\n"
        "    @classmethod\n    def setUpClass(cls): RUN.append(1); half('a')\n"
        "    def test_1(self): pass\n"
        "    def test_2(self): pass\n"
        "class B(unittest.TestCase):\n"
        "    @classmethod\n    def setUpClass(cls): raise unittest.SkipTest('why')\n"
        "    def test_1(self): assert 0\n"
        "class C(unittest.TestCase):\n"
        "    @classmethod\n    def tearDownClass(cls): half('a')\n"
        "    def test_1(self): pass\n"
        "    def test_2(self): pass\n"
        "class D(unittest.TestCase):\n"
        "    @classmethod\n    def setUpClass(cls): cls.addClassCleanup(half, 'a')\n"
        "    def test_1(self): pass\n"
        "    def test_2(self): self.fail()\n"
        "class E(unittest.TestCase):\n"
        "    @classmethod\n    def setUpClass(cls): raise SystemExit(3)\n"
        "    def test_1(self): pass\n"
        "class TestF:\n"
        "    def setup_method(self): half('a')\n"
        "    def teardown_method(self): RUN.append(2)\n"
        "    def test_1(self): pass\n"
        "class TestG:\n"
        "    def teardown_method(self): half('a')\n"
        "    def test_1(self): pass\n"
        "    def test_2(self): assert 0\n"
        "class TestH:\n"
        "    @staticmethod\n    def setup_class(): raise ValueError\n"
        "    def test_1(self): pass\n"
        "    def test_2(self): pass\n"
        "def test_last(): assert RUN == [1]\n"
    ),
    "setups of the module": (
        "SAID = []\n"
        "def setUpModule(): SAID.append('up')\n"
        "def setup_module(): SAID.append('other')\n"
        "def teardown_module(module): module.half('a')\n"
        "def setup_function(function): SAID.append(function.__name__)\n"
        "def teardown_function(): SAID.append('down')\n"
        "@pytest.fixture\ndef said(): return list(SAID)\n"
        "def test_1(said): assert said == ['up', 'test_1']\n"
        "class TestA:\n    def test_2(self): assert SAID == ['up', 'test_1', 'down']\n"
        "def test_3(): assert SAID[3:] == ['test_3']\n"
    ),
    "a setup of the module that fails": (
        "def setup_module(module): module.half('a')\n"
        "def teardown_module(): raise ValueError\n"
        "def test_1(): pass\n"
        "class A(unittest.TestCase):\n    def test_2(self): pass\n"
    ),
    "wrong numbers of values": (
        "@pytest.mark.parametrize('a, b', [(1, 2), (3,)])\ndef test_1(a, b): assert a\n"
    ),
    "wrong number of ids": (
        "@pytest.mark.parametrize('a', [1, 2], ids=['x'])\ndef test_1(a): assert a\n"
    ),
}


@pytest.mark.parametrize("body", ALIKE.values(), ids=ALIKE.keys())
def test_ids_order_and_outcomes_are_those_of_pytest(unit_tests: UnitTests, body: str) -> None:
    tests = {"sub/test_q.py": HEAD + body}
    quick, real = (_said(unit_tests(Runtime.THICK, tests, CODE, quick=q)) for q in (True, False))
    assert quick == real, real
    assert real["results"] or real["problem"]


def _said(value: dict[str, Any]) -> dict[str, Any]:
    results = [
        (r["id"], r["outcome"], r["type"] if r["outcome"] == "failed" else "", r["path"])
        for r in value["results"]
    ]
    return {"collected": value["collected"], "results": results, "problem": bool(value["problem"])}


NOT_PLAIN = {
    "marks of a set": (
        "@pytest.mark.parametrize('n', [pytest.param(1, marks=pytest.mark.skip)])\n"
        "def test_1(n): assert n\n"
    ),
    "indirect": ("@pytest.mark.parametrize('n', [1], indirect=True)\ndef test_1(n): assert n\n"),
    "computed values": "@pytest.mark.parametrize('n', range(3))\ndef test_1(n): assert n\n",
    "no values": "@pytest.mark.parametrize('n', [])\ndef test_1(n): assert n\n",
    "a list that changes": (
        "C = [1]\nC = []\n@pytest.mark.parametrize('n', C)\ndef test_1(n): assert n\n"
    ),
    "a fixture that is not offered": (
        "@pytest.mark.parametrize('n', [1])\ndef test_1(n, caplog): assert n\n"
    ),
    "what is printed, shown for once": (
        "def test_1(capsys):\n    with capsys.disabled(): print(1)\n"
    ),
    "a fixture's name for something else": (
        "capsys = 1\n@pytest.fixture\ndef f(capsys): return 1\ndef test_1(f): assert f\n"
    ),
    "a fixture for all": (
        "@pytest.fixture(autouse=True)\ndef f(): return 1\ndef test_1(): assert 1\n"
    ),
    "a fixture of what follows": (
        "@pytest.fixture\ndef f(g): return g\n@pytest.fixture\ndef g(): return 1\n"
        "def test_1(f): assert f\n"
    ),
    "a fixture's name bound in a header": (
        "@pytest.fixture\ndef two(): return 2\n"
        "def helper(x=(two := 3)): return x\ndef test_1(two): assert two == 2\n"
    ),
    "a fixture's name bound by an error": (
        "@pytest.fixture\ndef two(): return 2\n"
        "try:\n    half('a')\nexcept TypeError as two:\n    pass\n"
        "def test_1(two): assert two == 2\n"
    ),
    "a fixture in a class": (
        "class TestA:\n    @pytest.fixture\n    def f(self): return 1\n"
        "    def test_1(self, f): assert f\n"
    ),
    "a fixture by another's name": (
        "@pytest.fixture\ndef f(): return 1\nf = 2\ndef test_1(f): assert f\n"
    ),
    "a parameter in a fixture's place": (
        "@pytest.fixture\ndef f(): return 1\n"
        "@pytest.mark.parametrize('f', [2])\ndef test_1(f): assert f == 2\n"
    ),
    "a default": "@pytest.mark.parametrize('n', [1])\ndef test_1(n, m=1): assert n\n",
    "another mark": (
        "@pytest.mark.xfail\n@pytest.mark.parametrize('n', [1])\ndef test_1(n): assert n\n"
    ),
    "a class parametrized": (
        "@pytest.mark.parametrize('n', [1])\nclass TestA:\n    def test_1(self, n): assert n\n"
    ),
    "a case parametrized": (
        "class C(unittest.TestCase):\n"
        "    @pytest.mark.parametrize('n', [1])\n    def test_1(self, n): assert n\n"
    ),
    "param under another name": (
        "p = pytest.param\n@pytest.mark.parametrize('n', [p(1)])\ndef test_1(n): assert n\n"
    ),
    "mark under another name": "m = pytest.mark\n@m.skip\ndef test_1(): assert 0\n",
    "pytest under another name": "import pytest as pt\ndef test_1(): pt.skip('no')\n",
    "skip": "def test_1(): pytest.skip('no')\n",
    "a setup that is a test's helper too": (
        "def setup_module(): pass\nsetup_module = print\ndef test_1(): pass\n"
    ),
    "a setup of the other kind": (
        "class C(unittest.TestCase):\n    def setup_method(self): pass\n"
        "    def test_1(self): pass\n"
    ),
    "a nested class": "class TestA:\n    class TestB:\n        def test_1(self): assert 1\n",
}


@pytest.mark.parametrize("body", NOT_PLAIN.values(), ids=NOT_PLAIN.keys())
def test_what_needs_a_session_is_left_to_pytest(tmp_path: Path, body: str) -> None:
    file = tmp_path / "test_q.py"
    file.write_text(HEAD + body)
    assert not is_supported("test_q.py", file, with_pytest=True)


PLAIN = [name for name in ALIKE if name not in ("stacked", "all names of the code")]


@pytest.mark.parametrize("name", PLAIN)
def test_the_comparison_compares_two_runners(tmp_path: Path, name: str) -> None:
    file = tmp_path / "test_q.py"
    file.write_text(HEAD + ALIKE[name])
    assert is_supported("test_q.py", file, with_pytest=True)
    assert not is_supported("test_q.py", file, with_pytest=False)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("def half(n): return n / 2\n", True),
        ("def test_half(): pass\n", False),
        ("class Tests: pass\n", False),
        ("class Case(unittest.TestCase): pass\nimport unittest\n", False),
        ("import pytest\n", False),
        ("from math import *\n", False),
        ("def two(): return 3\n", False),
        ("def half(n):\n    two = n\n    return two / 2\n", True),
        ("def half(n):\n    global two\n    two = n\n", False),
        ("try:\n    two = 3\nfinally: pass\n", False),
        ("capsys = 1\n", False),
        ("def half(n:\n", False),
    ],
)
def test_all_names_of_the_code_are_plain_where_none_is_one_of_the_tests(
    tmp_path: Path, text: str, plain: bool
) -> None:
    file, body = tmp_path / "test_q.py", "@pytest.fixture\ndef two(): return 2\n"
    test = "def test_1(two, capsys): assert two\n"
    file.write_text(f"import pytest\nfrom solution import *\n{body}{test}")
    (tmp_path / "solution.py").write_text(text)
    assert is_supported("test_q.py", file, True, [str(tmp_path)]) is plain
    assert not is_supported("test_q.py", file, True)


@pytest.mark.parametrize(
    "line", ["from unittest import mock", "import unittest.mock as m", "import asyncio"]
)
def test_what_only_the_larger_runtime_has_in_memory_goes_there(tmp_path: Path, line: str) -> None:
    file = tmp_path / "test_q.py"
    file.write_text(f"{line}\ndef test_1(): pass\n")
    assert is_supported("test_q.py", file, with_pytest=True)
    assert not is_supported("test_q.py", file, with_pytest=False)


def test_stopping_early_is_no_problem_of_pytest(unit_tests: UnitTests) -> None:
    text = "def test_1(tmp_path): assert 0\ndef test_2(): assert 1\n"
    value = unit_tests(Runtime.THICK, {"test_q.py": text}, {}, stop_at_first_failure=True)
    assert [r["outcome"] for r in value["results"]] == ["failed"]
    assert value["problem"] == ""
