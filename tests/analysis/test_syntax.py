from __future__ import annotations

import pytest

from fractal_rmo.domain.action import Priority
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole, Severity
from tests.analysis.asking import ask, ask_tree, rules


def report(text: str) -> AnalysisReport:
    return ask(AnalyzerRole.SYNTAX, text)


def test_errors_beyond_the_compilers_first_are_placed() -> None:
    found = report("print 'a'\nx = 1\nif x\n    y = 2\n")
    assert {1, 3} <= {finding.line for finding in found.findings}
    assert {finding.tool for finding in found.findings} == {"compiler", "parso"}
    assert {finding.severity for finding in found.findings} == {Severity.CRITICAL}


def test_a_place_has_line_column_and_snippet() -> None:
    [finding] = report("x = 1\ny = = 2\n").findings
    assert (finding.line, finding.column, finding.snippet) == (2, 5, "y = = 2")


def test_broken_code_asks_for_an_urgent_repair() -> None:
    found = report("def f(:\n    pass\n")
    assert [item.type for item in found.action_items] == ["validate_syntax", "repair"]
    assert found.action_items[1].priority is Priority.CRITICAL
    assert found.action_items[1].parameters == {"syntax": ["a.py:1"]}
    assert found.metrics["broken"] == ["a.py"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\nreturn x\n", 2),
        ("def f(a, a):\n    pass\n", 1),
        ("while 1:\n    pass\nbreak\n", 3),
        ("def f():\n    nonlocal x\n", 2),
    ],
)
def test_errors_that_only_compiling_finds(text: str, line: int) -> None:
    assert rules(report(text)) == [("syntax", line)]


def test_what_the_compiler_warns_of_is_no_error() -> None:
    found = report("x = 1\nprint(x is 1)\n")
    assert rules(found) == [("syntax-warning", 2)]
    assert [item.type for item in found.action_items] == ["validate_syntax"]


def test_nothing_is_run() -> None:
    assert report("raise SystemExit('this ran')\n").findings == ()


def test_the_outline_names_what_is_there() -> None:
    found = report("class A:\n    def m(self):\n        pass\n\ndef f():\n    pass\n")
    assert found.metrics["outline"] == {
        "a.py": ["class A (line 1)", "  def m (line 2)", "def f (line 5)"]
    }


def test_the_outline_bridges_an_error() -> None:
    found = report("class A:\n    def m(self):\n        pass\n\nx = = 1\n\ndef f():\n    pass\n")
    assert found.metrics["outline"] == {
        "a.py": ["class A (line 1)", "  def m (line 2)", "def f (line 7)"]
    }


def test_a_byte_order_mark_is_no_error() -> None:
    assert report("\ufeffx = 1\n").findings == ()


def test_a_form_feed_does_not_shift_the_snippet() -> None:
    [finding] = report("x = 1\x0c\n\x0c\ny = = 2\n").findings
    assert (finding.line, finding.snippet) == (3, "y = = 2")


def test_a_huge_file_is_named_and_only_its_syntax_checked() -> None:
    found = ask_tree(AnalyzerRole.SYNTAX, {"a.py": "x = 1\n" * 50_000})
    assert rules(found) == [("too-large", 1)]
    assert ask_tree(AnalyzerRole.SECURITY, {"a.py": "eval(x)\n" * 40_000}).findings == ()
