from __future__ import annotations

import pytest

from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole, Severity
from tests.analysis.asking import ask, ask_tree, rules


def report(text: str) -> AnalysisReport:
    return ask(AnalyzerRole.LOGIC, text)


SUSPICIOUS = [
    ("def f(x=[]):\n    return x\n", "mutable-default", 1),
    ("def f(*, x=dict()):\n    return x\n", "mutable-default", 1),
    ("def f(x):\n    if x:\n        return 1\n", "missing-return", 1),
    ("def f(x) -> int:\n    for i in x:\n        return i\n", "missing-return", 1),
    ("def f(x):\n    return 1\n    x += 1\n", "unreachable", 3),
    ("def f(x):\n    if x:\n        return 1\n    else:\n        raise x\n    x = 2\n",
     "unreachable", 6),
    ("def f(x):\n    while True:\n        x()\n    return 1\n", "unreachable", 4),
    ("for i in [1]:\n    continue\n    print(i)\n", "unreachable", 3),
    ("if 0:\n    print(1)\n", "unreachable", 2),
    ("import sys\ndef f():\n    sys.exit(1)\n    print(1)\n", "unreachable", 4),
    ("def f(n):\n    return n * f(n - 1)\n", "no-base-case", 2),
    ("def f(n):\n    if n:\n        f(1)\n    else:\n        f(2)\n", "no-base-case", 3),
    ("class A:\n    def f(self):\n        return self.f()\n", "no-base-case", 3),
    ("def f(x):\n    y = x + 1\n    return x\n", "unused-variable", 2),
    ("def f(x):\n    try:\n        x()\n    except ValueError as error:\n        pass\n",
     "unused-variable", 4),
    ("import os\n", "unused-import", 1),
    ("def f(x):\n    return x + yy\n", "undefined-name", 2),
    ("def f(x):\n    return x == None\n", "none-comparison", 2),
    ("def f(x):\n    return x == x\n", "self-comparison", 2),
    ("def f(x):\n    x = x\n    return x\n", "self-assignment", 2),
    ("def f(x):\n    try:\n        x()\n    except:\n        pass\n", "swallowed-exception", 4),
    ("def f(x):\n    try:\n        x()\n    finally:\n        return 1\n", "lost-exception", 5),
    ("d = {'a': 1, 'b': 2, 'a': 3}\n", "repeated-key", 1),
    ("def f():\n    return 1\n\n\ndef f():\n    return 2\n", "redefined", 5),
    ("def f(xs):\n    for x in xs:\n        if x:\n            xs.remove(x)\n",
     "changed-while-iterated", 4),
    ("def f(xs):\n    for x in xs:\n        del xs[x]\n", "changed-while-iterated", 3),
]  # fmt: skip


@pytest.mark.parametrize(("text", "rule", "line"), SUSPICIOUS)
def test_what_can_hardly_be_meant_is_found(text: str, rule: str, line: int) -> None:
    assert (rule, line) in rules(report(text))


ORDINARY = [
    "def f(n):\n    if n == 0:\n        return 1\n    return n * f(n - 1)\n",
    "def f(n):\n    return 1 if n == 0 else n * f(n - 1)\n",
    "def f(n):\n    return n == 0 or f(n - 1)\n",
    "def f(n):\n    for i in n:\n        yield i\n        yield from f(i)\n",
    "def f(xs):\n    return [f(x) for x in xs]\n",
    "def f():\n    from os import f\n    return f()\n",
    "def g():\n    return 1\n\nclass A:\n    def g(self):\n        return g()\n",
    "def f(x):\n    while True:\n        if x:\n            return x\n",
    "def f(x, g):\n    try:\n        return g(x)\n    except ValueError:\n        return None\n",
    "def f(x):\n    match x:\n        case 1: return 1\n        case _: raise x\n",
    "def f():\n    yield 1\n    return 2\n",
    "def f():\n    return\n    yield\n",
    "def f(x) -> int | None:\n    if x:\n        return 1\n",
    "def f(x):\n    if x:\n        return None\n    x()\n",
    "def f(x):\n    for i in x:\n        while True:\n            break\n        x(i)\n",
    "def f(g, x):\n    with g:\n        raise x\n    x()\n",
    "def f(x):\n    return x != x\n",
    "def f(xs):\n    for x in xs:\n        if x:\n            xs.remove(x)\n            break\n",
    "def f(xs):\n    for x in list(xs):\n        xs.remove(x)\n",
    (
        "def f():\n    total = 0\n    def g():\n        nonlocal total\n        total += 1\n"
        "    return g\n"
    ),
    "def f(x):\n    y = x\n    return locals()\n",
    "def f(x):\n    a, b = x\n    for i in x:\n        b()\n",
    "from os import *\n\ndef f():\n    return getcwd()\n",
    "import os\n__all__ = ['os']\n",
    "class A:\n    def top(self, which):\n        return which\n",
    (
        "from functools import singledispatch\n\n@singledispatch\ndef f(x): ...\n\n"
        "@f.register\ndef _(x: int): ...\n\n@f.register\ndef _(x: str): ...\n"
    ),
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_code_is_not_suspected(text: str) -> None:
    assert rules(report(text)) == []


def test_complexity_is_measured_by_function() -> None:
    found = report(
        "def f(x):\n    for i in x:\n        if i:\n            return i\n    return 0\n"
    )
    figures = {"f": {"cognitive": 3, "cyclomatic": 3, "lines": 5}}
    assert found.metrics["complexity"] == {"a.py": figures}


def test_decorated_and_inner_functions_are_measured_under_their_own_names() -> None:
    text = (
        "import functools\n\nclass A:\n    @functools.cache\n    def m(self, x):\n"
        "        def inner(y):\n            return y if y else 1\n        return inner(x)\n"
    )
    complexity = report(text).metrics["complexity"]
    assert complexity == {
        "a.py": {
            "A.m": {"cognitive": 1, "cyclomatic": 1, "lines": 4},
            "A.m.inner": {"cyclomatic": 2, "lines": 2},
        }
    }


def test_a_method_that_is_hard_to_follow_is_reported_at_its_line() -> None:
    deep = "".join(f"{'    ' * (i + 2)}if x[{i}]:\n" for i in range(6))
    text = f"class A:\n    def m(self, x):\n{deep}{'    ' * 8}x()\n"
    [finding] = report(text).findings
    assert (finding.rule, finding.line, finding.tool) == ("complexity", 2, "complexipy")
    assert finding.severity is Severity.INFO


def test_suspects_go_into_the_repair() -> None:
    found = report("def f(x=[]):\n    return yy\n")
    repair, check = found.action_items
    assert repair.parameters == {"suspects": ["a.py:2", "a.py:1"]}
    assert (check.type, check.parameters) == ("validate", {"tests": ["test_a.py"]})


@pytest.mark.thorough
def test_a_thousand_branches_cost_one_file_not_the_report() -> None:
    chain = "def f(a):\n    if a == 0:\n        return 0\n" + "".join(
        f"    elif a == {i}:\n        return {i}\n" for i in range(1, 1200)
    )
    found = ask_tree(AnalyzerRole.LOGIC, {"a.py": chain, "b.py": "def f(x=[]):\n    return x\n"})
    assert {"too-deep", "mutable-default"} <= {finding.rule for finding in found.findings}


def test_findings_are_capped_and_counted() -> None:
    found = report("".join(f"def f{i}(x=[]):\n    return x\n" for i in range(500)))
    assert (len(found.findings), found.metrics["findings"]) == (200, 500)
