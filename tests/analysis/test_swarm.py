from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fractal_rmo.analysis import swarm
from fractal_rmo.analysis.document import from_document, to_document
from fractal_rmo.analysis.swarm import analyze, warm
from fractal_rmo.domain.errors import InputError
from fractal_rmo.domain.finding import AnalyzerRole
from fractal_rmo.domain.source import SourceTree

HOSTILE = {
    "empty": "",
    "blank": " \n\t\n",
    "parentheses": "(" * 5000,
    "negations": "x = " + "-" * 20_000 + "1",
    "sum": "x = " + "1 + " * 2500 + "1\n",
    "attributes": "x = a" + ".b" * 2500 + "\n",
    "branches": "if a:\n  pass\n" + "elif a:\n  pass\n" * 2500,
    "classes": "".join(" " * i + f"class A{i}:\n" for i in range(90)) + " " * 90 + "x = 1\n",
    "escapes": "\x0c\x1b[2J",
    "long name": "a" * 100_000,
    "broken nesting": "if 1:\n" * 200,
    "f-strings": "f'{" * 500,
    "bidirectional": "x = '\u202e'\n",
    "byte-order mark": "\ufeffx = 1\n",
    "carriage returns": "x = 1\rif x:\r  eval(x)\r",
    "false coding": "# coding: utf-16\nx = 'é'\n",
    "dots": "from " + "." * 3000 + "a import b\n",
    "open string": "x = '''\n" + "a\n" * 1000,
}


@pytest.mark.thorough
@pytest.mark.parametrize("role", AnalyzerRole)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_ends_in_a_report(role: AnalyzerRole, text: str) -> None:
    tree = SourceTree({"a.py": text})
    report = analyze(role, tree, tree)
    assert (report.role, report.failed) == (role, "")
    assert all(finding.line >= 1 for finding in report.findings)
    assert from_document(json.loads(json.dumps(to_document(report, "x", "y")))) == report


PIECES = st.sampled_from(
    ["def f(x):\n", "    return", " x", "if ", ":\n", "    ", "\n", "(", ")", "[", "]", "'", '"',
     "import a", "from . import b", "for x in y", "while ", "\\", "\x0c", "é", "\u2028", "#", "f'{",
     "x = ", "class A", "lambda: ", "match x:\n", "case ", "yield ", "*", "**", "=", "@a\n"]
)  # fmt: skip


@given(st.text(max_size=200) | st.lists(PIECES, max_size=30).map("".join))
@settings(max_examples=40, deadline=None)
def test_no_text_makes_an_analyzer_fail(text: str) -> None:
    try:
        tree = SourceTree({"a.py": text, "b.py": "import a\n"})
    except InputError:
        return
    for role in AnalyzerRole:
        report = analyze(role, tree, tree)
        assert (report.role, report.failed) == (role, "")


def test_an_exception_becomes_a_failed_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_tree: SourceTree, _tests: SourceTree) -> None:
        raise ValueError("out\0side \ud800")

    monkeypatch.setattr(swarm, "ANALYZERS", {AnalyzerRole.LOGIC: broken})
    report = analyze(AnalyzerRole.LOGIC, SourceTree(), SourceTree())
    assert (report.failed, report.confidence) == ("ValueError: out?side ?", 0.0)


HEAVY = "bandit", "parso", "lizard", "complexipy"
PROGRAM = f"""
import sys
from fractal_rmo.analysis import document, merge, order, swarm
print([name for name in {HEAVY} if name in sys.modules])
swarm.warm()
print([name for name in {HEAVY} if name in sys.modules])
"""


@pytest.mark.thorough
def test_heavy_libraries_wait_for_the_warming() -> None:
    run = subprocess.run(  # a fresh interpreter, since this one has them all by now
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines() == ["[]", str([*HEAVY])]
    assert run.stderr == ""


def test_the_same_tree_gives_the_same_report() -> None:
    warm()
    tree = SourceTree({"a.py": "def f(x=[]):\n    return eval(x)\n"})
    for role in AnalyzerRole:
        assert analyze(role, tree, tree) == analyze(role, tree, tree)
