"""Gaps become tests on a person's word: the real command, in a real terminal."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import ROOT, fractal

pytestmark = pytest.mark.thorough

CODE = """\
def grade(points):
    if points >= 90:
        return "A"
    if points >= 75:
        return "B"
    return "C"
"""
TESTS = """\
from grades import grade


def test_it():
    assert grade(95) == "A"
    assert grade(80) == "B"
    assert grade(10) == "C"
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return _written(tmp_path)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The questions about these files: their ids are those of the content, so asked for once."""
    return questions(_written(tmp_path_factory.mktemp("asked")))


def _written(folder: Path) -> tuple[Path, Path]:
    code, tests = folder / "grades.py", folder / "test_grades.py"
    code.write_text(CODE)
    tests.write_text(TESTS)
    return code, tests


def validate(files: tuple[Path, Path], *more: str | Path) -> subprocess.CompletedProcess[str]:
    return fractal("validate", files[0], "--tests", files[1], "--level", "6", *more)


def questions(files: tuple[Path, Path]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(validate(files, "--json").stdout)["questions"]
    return found


def in_a_terminal(typed: str, *arguments: str | Path) -> tuple[int, str]:
    """(exit code, standard error) of the command when a person has typed this."""
    command = [sys.executable, "-m", "fractal_rmo.cli.main", *map(str, arguments)]
    ours, theirs = pty.openpty()
    try:
        os.write(ours, typed.encode())
        done = subprocess.run(
            command,
            cwd=ROOT,
            stdin=theirs,
            capture_output=True,
            text=True,
            check=False,
            timeout=110,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    return done.returncode, done.stderr


def test_accepted_gaps_are_tests_with_which_the_code_is_proven(
    files: tuple[Path, Path], found: list[dict[str, Any]]
) -> None:
    assert {"assert grade(90) == 'A'", "assert grade(75) == 'B'"} <= {q["test"] for q in found}
    printed = validate(files, "--accept-gaps", ",".join(q["id"] for q in found))
    new = files[1].with_name("test_grades_gaps.py")
    assert printed.returncode == 1, printed.stderr
    assert all(q["id"] in printed.stdout for q in found)
    assert f"wrote {new}: {len(found)} tests" in printed.stderr
    assert files[1].read_text() == TESTS
    again = fractal("validate", files[0], "--tests", new.parent, "--level", "6")
    assert again.returncode == 0, again.stdout


def test_a_no_becomes_a_failing_test_and_nothing_is_overwritten(
    files: tuple[Path, Path], found: list[dict[str, Any]]
) -> None:
    asked = next(q["id"] for q in found if q["test"] == "assert grade(75) == 'B'")
    new = files[0].parent / "mine.py"
    done = validate(files, "--correct-gap", f"{asked}='C'", "--new-tests", new)
    assert done.returncode == 1, done.stderr
    assert "assert grade(75) == 'C'" in new.read_text()
    before = new.read_text()
    done = validate(files, "--accept-gaps", asked, "--new-tests", new)
    assert (done.returncode, "no file is overwritten" in done.stderr) == (2, True), done.stderr
    assert new.read_text() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--accept-gaps", "ffffff"), "No question has the id 'ffffff'. Open ones: "),
        (("--correct-gap", "ffffff"), "is not of the form ID=VALUE"),
        (("--correct-gap", "{id}=open('x')"), "neither a literal nor"),
        (("--ask",), "--ask needs a terminal"),
    ],
)
def test_what_cannot_be_answered_is_a_sentence(
    files: tuple[Path, Path], found: list[dict[str, Any]], options: tuple[str, ...], says: str
) -> None:
    done = validate(files, *(option.format(id=found[0]["id"]) for option in options))
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    assert not files[1].with_name("test_grades_gaps.py").exists()


@pytest.mark.slow
def test_a_person_is_asked_in_turn(files: tuple[Path, Path], found: list[dict[str, Any]]) -> None:
    first, second, *_ = found
    typed = "y\nn\nopen(1)\n'Z'\n" + "s\n" * 5
    code, said = in_a_terminal(
        typed, "validate", files[0], "--tests", files[1], "--level", "6", "--ask"
    )
    assert code == 1, said
    assert first["question"][:20] in said.replace("\n", " ")
    assert "neither a literal" in said
    text = files[1].with_name("test_grades_gaps.py").read_text()
    call = second["test"].partition(" == ")[0]
    assert first["test"] in text
    assert f"{call} == 'Z'" in text
    assert text.count("def test_") == 2


@pytest.mark.slow
def test_a_no_without_a_right_answer_is_noted(
    files: tuple[Path, Path], found: list[dict[str, Any]]
) -> None:
    first = found[0]
    arguments = ("validate", files[0], "--tests", files[1], "--level", "6", "--ask")
    in_a_terminal("n\n\n" + "s\n" * 5, *arguments)
    text = files[1].with_name("test_grades_gaps.py").read_text()
    assert f"# To look at, said to be wrong: {first['test']}" in text
    assert "def test_" not in text


@pytest.mark.slow
def test_a_counter_example_is_kept_as_a_failing_test(tmp_path: Path) -> None:
    code, tests = tmp_path / "solution.py", tmp_path / "test_solution.py"
    code.write_text(
        "def sign(n: int) -> str:\n    if n > 0:\n        word = 'plus'\n"
        "    elif n < 0:\n        word = 'minus'\n    return word\n"
    )
    tests.write_text(
        "from solution import sign\n\n\ndef test_it():\n    assert sign(3) == 'plus'\n"
        "    assert sign(-3) == 'minus'\n"
    )
    (found,) = questions((code, tests))
    assert (found["kind"], found["test"]) == ("counter_example", "sign(0)")
    validate((code, tests), "--accept-gaps", found["id"])
    done = fractal("validate", code, "--tests", tmp_path, "--level", "3")
    assert (done.returncode, "test_sign_1 failed" in done.stdout) == (1, True), done.stdout
