"""The written file is run: by pytest, beside the code it is about."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.services.assertions import NotATestError
from fractal_rmo.services.new_tests import accepted, file_text, free_name, refused
from fractal_rmo.services.questions import Question, questions
from fractal_rmo.validation.stated.level import BROKEN
from tests.validation.stated.documents import document

pytestmark = pytest.mark.thorough

CODE = SourceTree(
    {
        "one.py": (
            "class Odd(Exception):\n    pass\n\n\n"
            "def half(n):\n    if n % 2:\n        raise Odd\n    return n // 2\n\n\n"
            "class Till:\n    def __init__(self, held):\n        self.held = held\n\n"
            "    def add(self, n):\n        return self.held + n\n"
        ),
        "two.py": "def half(n):\n    return n / 2\n",
    }
)


def asked(*items: tuple[str, str, str]) -> list[Question]:
    """Gaps of (path, function, assertion)."""
    gaps: list[Json] = [
        {"path": path, "function": function, "assertion": assertion, "line": 6, "question": "?"}
        for path, function, assertion in items
    ]
    return questions([Verdict(Level.MUTATION, Outcome.FAILED, "", {"gaps": gaps})], CODE)


def run(text: str, folder: Path) -> tuple[int, str]:
    """(exit code, output) of the file under a plain pytest."""
    for name, content in {**CODE.files, "test_gaps.py": text}.items():
        (folder / name).write_text(content)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_gaps.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_accepted_questions_are_tests_that_pass(tmp_path: Path) -> None:
    found = asked(
        ("one.py", "half", "assert half(4) == 2"),
        ("one.py", "half", "with pytest.raises(Odd):\n    half(3)"),
        ("two.py", "half", "assert half(3) == 1.5"),
        ("one.py", "Till.add", "assert Till(2).add(3) == 5"),
        ("one.py", "Till.add", "given = (1,)\nTill(2).add(*given)\nassert given == (1,)"),
    )
    text = file_text([accepted(question) for question in found])
    assert text.count("def test_half_") == 3
    assert "from one import Odd, Till, half\n" in text
    assert "    from two import half\n" in text
    code, output = run(text, tmp_path)
    assert (code, "5 passed" in output) == (0, True), output


@pytest.mark.slow
def test_a_no_with_the_right_answer_is_a_test_that_fails(tmp_path: Path) -> None:
    (found,) = asked(("two.py", "half", "assert half(3) == 1.5"))
    text = file_text([refused(found, "raises ValueError", CODE)])
    assert "import pytest" in text
    assert "fails until it is mended" in text
    code, output = run(text, tmp_path)
    assert (code, "1 failed" in output) == (1, True), output


@pytest.mark.slow
def test_a_mere_no_is_kept_to_look_at(tmp_path: Path) -> None:
    found = asked(
        ("two.py", "half", "assert half(3) == 1.5"),
        ("one.py", "half", "with pytest.raises(Odd):\n    half(3)"),
        ("one.py", "half", "assert half(4) == <Odd>\nimport os"),
    )
    text = file_text([refused(question, "", CODE) for question in found])
    assert "# To look at, said to be wrong: assert half(3) == 1.5\n" in text
    assert "os" not in text.partition("# To look")[2]
    assert run(text, tmp_path)[0] == 5  # no tests


def test_a_broken_property_of_a_model_is_a_test_that_fails(tmp_path: Path) -> None:
    item = document("math.isclose(half(half(x)), x / 5)", "", "two", x="integers(0, 9)")
    assert isinstance(item, Mapping)
    told: JsonObject = {**item, "outcome": BROKEN, "arguments": ["4"], "answer": "gives False"}
    (found,) = questions([Verdict(Level.PROPERTY, Outcome.PASSED, "", {"stated": [told]})], CODE)
    text = file_text([accepted(found)])
    assert "import math\n\nfrom two import half\n" in text
    assert "    x = 4\n    assert math.isclose(half(half(x)), x / 5)\n" in text
    assert "fails until the code is mended" in text
    code, output = run(text, tmp_path)
    assert (code, "1 failed" in output) == (1, True), output


def test_what_cannot_be_written_is_not_accepted() -> None:
    (found,) = asked(("one.py", "half", "assert half(4) == <Odd>"))
    with pytest.raises(NotATestError, match="literal"):
        accepted(found)


def test_no_answers_are_no_file() -> None:
    assert file_text([]) == ""


def test_the_name_is_free() -> None:
    assert free_name(SourceTree({"test_x.py": ""})) == "test_gaps.py"
    assert free_name(SourceTree({"test_gaps.py": ""})) == "test_gaps_2.py"
