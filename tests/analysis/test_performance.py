from __future__ import annotations

import pytest

from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole
from tests.analysis.asking import ask, rules


def report(text: str) -> AnalysisReport:
    return ask(AnalyzerRole.PERFORMANCE, text)


COSTLY = [
    ("def f(x):\n    s = ''\n    for i in x:\n        s += i\n    return s\n",
     "string-building", 4),
    ("s = ''\nwhile 1:\n    s = s + 'a'\n", "string-building", 3),
    ("def f(x):\n    a = []\n    for i in x:\n        a = a + [i]\n", "list-building", 4),
    ("def f(x):\n    a = []\n    for i in x:\n        if i in a:\n            pass\n",
     "list-membership", 4),
    ("def f(x, y):\n    a = sorted(y)\n    return [i for i in x if i in a]\n",
     "list-membership", 3),
    ("def f(x):\n    a = [1]\n    for i in x:\n        a.index(i)\n", "list-search", 4),
    ("def f(x, a):\n    for i in x:\n        a.insert(0, i)\n", "insert-at-start", 3),
    ("def f(a):\n    while a:\n        a.pop(0)\n", "pop-at-start", 3),
    ("def f(x, y):\n    for i in x:\n        if i > max(y):\n            return i\n",
     "repeated-call", 3),
    ("import re\n\ndef f(x):\n    for i in x:\n        re.compile('a')\n", "repeated-call", 5),
    ("def f(x):\n    for i in x:\n        for j in x:\n            i(j)\n", "pairwise-loops", 3),
    ("def f(x):\n    for i in x:\n        for j in i:\n            while j:\n                j()\n",
     "nested-loops", 4),
    ("def f(n):\n    if n < 2:\n        return n\n    return f(n - 1) + f(n - 2)\n",
     "repeated-recursion", 4),
]  # fmt: skip


@pytest.mark.parametrize(("text", "rule", "line"), COSTLY)
def test_costly_patterns_are_found(text: str, rule: str, line: int) -> None:
    found = report(text)
    assert rules(found) == [(rule, line)]
    assert [item.parameters for item in found.action_items] == [{"places": [f"a.py:{line}"]}]


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    t = 0\n    for i in x:\n        t += i\n    return t\n",
        "def f(x, a):\n    b = set(a)\n    return [i for i in x if i in b]\n",
        "def f(x, y):\n    for i in sorted(y):\n        x(i)\n",
        "def f(x, y):\n    for i in x:\n        y.append(i)\n        x(max(y))\n",
        "def f(x):\n    for i in x:\n        x(max(i))\n",
        "def f(x):\n    a = [1]\n    return x in a\n",
        "from functools import cache\n\n@cache\ndef f(n):\n    return f(n - 1) + f(n - 2)\n",
        "def f(x):\n    for i in x:\n        for j in i:\n            x(j)\n",
        "def f(x):\n    for i in x:\n        def g(y):\n            return max(y)\n        x(g)\n",
    ],
)
def test_ordinary_code_is_not_blamed(text: str) -> None:
    found = report(text)
    assert rules(found) == []
    assert found.action_items == ()


def test_nested_loops_report_a_cost_once() -> None:
    text = "def f(x):\n    s = ''\n    for i in x:\n        for j in i:\n            s += j\n"
    assert rules(report(text)) == [("string-building", 5)]


def test_loop_depth_is_measured() -> None:
    found = report("def f(x):\n    for i in x:\n        for j in i:\n            [k for k in j]\n")
    assert found.metrics["loop_depth"] == {"a.py:f": 3}
    assert rules(found) == [("nested-loops", 4)]
