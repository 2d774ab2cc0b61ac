from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Outcome
from fractal_rmo.validation.subject import Subject
from fractal_rmo.validation.syntax import check_file, syntax_level

Canned = Callable[..., tuple[Any, Any]]


def test_good_files_pass_without_any_run(canned: Canned) -> None:
    subject = Subject(SourceTree({"a.py": "x = 1\n"}), SourceTree({"test_a.py": "import a\n"}))
    verdict, asked = canned(syntax_level(subject), [])
    assert (verdict.outcome, asked) == (Outcome.PASSED, [])
    assert verdict.evidence["files"] == 2


def test_an_error_has_its_place_and_snippet(canned: Canned) -> None:
    subject = Subject(SourceTree({"a.py": "x = 1\ny = (2\n", "b.py": "pass\n"}), SourceTree())
    verdict, _ = canned(syntax_level(subject), [])
    assert verdict.outcome is Outcome.FAILED
    assert verdict.evidence["errors"] == [
        {
            "path": "a.py",
            "line": 2,
            "column": 5,
            "message": "'(' was never closed",
            "snippet": "y = (2",
        }
    ]
    assert verdict.summary == "a.py, line 2, column 5: '(' was never closed."


def test_broken_tests_fail_too(canned: Canned) -> None:
    subject = Subject(SourceTree({"a.py": ""}), SourceTree({"test_a.py": "def"}))
    assert canned(syntax_level(subject), [])[0].outcome is Outcome.FAILED


def test_no_python_file_is_no_pass(canned: Canned) -> None:
    subject = Subject(SourceTree({"notes.txt": "hello"}), SourceTree())
    assert canned(syntax_level(subject), [])[0].outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "text", ["return 1\n", "break\n", "def f():\n    nonlocal x\n", "x = " + "(" * 5000, "é = '\n"]
)
def test_what_cannot_be_compiled_is_an_error(text: str) -> None:
    found = check_file("a.py", text)
    assert found is not None
    assert found["message"]


def test_warnings_are_no_errors() -> None:
    assert check_file("a.py", "x = '\\d' is 'a'\n") is None
