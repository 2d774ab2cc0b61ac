from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fractal_rmo.analysis.swarm import analyze
from fractal_rmo.domain.errors import InputError
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole
from fractal_rmo.domain.source import SourceTree


def report(role: AnalyzerRole, text: str, **others: str) -> AnalysisReport:
    files = {"a.py": text, **{f"{name}.py": other for name, other in others.items()}}
    found = analyze(role, SourceTree(files), SourceTree({"test_a.py": "import a\n"}))
    assert found.failed == ""
    return found


def rules(found: AnalysisReport) -> list[tuple[str, int]]:
    return [(finding.rule, finding.line) for finding in found.findings]


def test_every_syntax_error_is_placed() -> None:
    found = report(AnalyzerRole.SYNTAX, "x = (1,\ny = 2\n\ndef f(:\n    pass\n")
    assert len(found.findings) >= 2
    assert {finding.tool for finding in found.findings} == {"parso"}
    assert "repair_syntax" in {item.type for item in found.action_items}


def test_the_outline_names_what_is_there() -> None:
    found = report(
        AnalyzerRole.SYNTAX, "class A:\n    def m(self):\n        pass\n\ndef f():\n    pass\n"
    )
    assert found.metrics["outline"] == {
        "a.py": ["class A (line 1)", "  def m (line 2)", "def f (line 5)"]
    }


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        ("def f(x=[]):\n    return x\n", "mutable-default", 1),
        ("def f(x):\n    if x:\n        return 1\n", "missing-return", 1),
        ("def f(x):\n    return 1\n    x += 1\n", "unreachable", 3),
        ("def f(n):\n    return n * f(n - 1)\n", "no-base-case", 2),
    ],
)
def test_suspicious_flow_is_found(text: str, rule: str, line: int) -> None:
    assert (rule, line) in rules(report(AnalyzerRole.LOGIC, text))


@pytest.mark.parametrize(
    "text",
    [
        "def f(n):\n    if n == 0:\n        return 1\n    return n * f(n - 1)\n",
        "def f(n):\n    return 1 if n == 0 else n * f(n - 1)\n",
        "def f(x):\n    while True:\n        if x:\n            return x\n",
        "def f(x):\n    try:\n        return g(x)\n    except ValueError:\n        return None\n",
        "def f(x):\n    match x:\n        case 1: return 1\n        case _: raise x\n",
        "def f():\n    yield 1\n    return 2\n",
    ],
)
def test_ordinary_flow_is_not_suspected(text: str) -> None:
    assert rules(report(AnalyzerRole.LOGIC, text)) == []


def test_complexity_is_measured_by_function() -> None:
    text = "def f(x):\n    for i in x:\n        if i:\n            return i\n    return 0\n"
    found = report(AnalyzerRole.LOGIC, text)
    assert found.metrics["complexity"] == {"a.py": {"f": {"cognitive": 3, "cyclomatic": 3}}}


def test_the_dependency_graph_and_its_ring() -> None:
    found = report(
        AnalyzerRole.DEPENDENCY, "import b\nimport os\nimport numpy as np\n", b="import a\n"
    )
    assert found.metrics["graph"] == {"a.py": ["b.py"], "b.py": ["a.py"]}
    assert rules(found) == [("third-party", 3), ("import-cycle", 1)]
    assert [item.parameters["module"] for item in found.action_items] == ["numpy"]


def test_required_versions_are_read() -> None:
    tree = SourceTree({"a.py": "import numpy\n", "requirements.txt": "NumPy>=2.1  # fast\n"})
    found = analyze(AnalyzerRole.DEPENDENCY, tree, SourceTree())
    assert found.action_items[0].parameters["version"] == ">=2.1"


def test_risks_are_found_in_spite_of_suppression() -> None:
    text = "import subprocess\n\ndef f(x):\n    subprocess.call(x, shell=True)  # nosec\n"
    found = report(AnalyzerRole.SECURITY, text)
    assert ("B602", 4) in rules(found)
    assert "review_security" in {item.type for item in found.action_items}


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        (
            "def f(x):\n    s = ''\n    for i in x:\n        s += 'a'\n    return s\n",
            "string-building",
            4,
        ),
        (
            "def f(x):\n    a = []\n    for i in x:\n        if i in a:\n            pass\n",
            "list-membership",
            4,
        ),
        ("def f(x, a):\n    for i in x:\n        a.insert(0, i)\n", "insert-at-start", 3),
    ],
)
def test_costly_patterns_are_found(text: str, rule: str, line: int) -> None:
    assert (rule, line) in rules(report(AnalyzerRole.PERFORMANCE, text))


def test_loop_depth_is_measured() -> None:
    text = "def f(x):\n    for i in x:\n        for j in i:\n            [k for k in j]\n"
    found = report(AnalyzerRole.PERFORMANCE, text)
    assert found.metrics["loop_depth"] == {"a.py:f": 3}
    assert rules(found) == [("nested-loops", 1)]


HOSTILE = [
    "",
    "(" * 5000,
    "x = " + "-" * 20000 + "1",
    "\x0c\x1b[2J",
    "a" * 100_000,
    "if 1:\n" * 200,
]


@pytest.mark.parametrize("role", AnalyzerRole)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_ends_in_a_report(role: AnalyzerRole, text: str) -> None:
    assert analyze(role, SourceTree({"a.py": text}), SourceTree()).role is role


@given(st.text(max_size=200))
def test_no_text_makes_an_analyzer_raise(text: str) -> None:
    try:
        tree = SourceTree({"a.py": text})
    except InputError:
        return
    for role in AnalyzerRole:
        assert analyze(role, tree, tree).role is role
