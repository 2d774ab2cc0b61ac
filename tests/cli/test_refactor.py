"""'fractal-rmo refactor' as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from fractal_rmo.services.report_schema import report_schema
from tests.cli.running import fractal

pytestmark = pytest.mark.thorough

CODE = """import math


def odd(xs):
    # any of them
    for x in xs:
        if x % 2 == 1:
            return True
    return False
"""
TESTS = "from solution import odd\n\n\ndef test_it():\n    assert odd([2, 3]) and not odd([2])\n"
SIMPLER = "def odd(xs):\n    # any of them\n    return any(x % 2 == 1 for x in xs)\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    code, tests = tmp_path / "solution.py", tmp_path / "test_solution.py"
    code.write_text(CODE)
    tests.write_text(TESTS)
    return code, tests


def test_a_simpler_file_is_proven_written_and_verified(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRACTAL_SIGNING_KEY", str(tmp_path / "key.pem"))
    code, tests = files
    proof = tmp_path / "proof.json"
    done = fractal("refactor", code, "--tests", tests, "--apply", "--proof", proof)
    assert done.returncode == 0, done.stdout + done.stderr
    assert code.read_text() == SIMPLER
    assert "2 simplifications made." in done.stdout
    assert "solution.py, line 6: " in done.stdout
    assert "proven to level 5" in done.stdout
    assert json.loads(proof.read_text())["task"]["same_behaviour"] is True
    done = fractal("verify", proof)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_reports_say_what_was_done(files: tuple[Path, Path], tmp_path: Path) -> None:
    code, tests = files
    junit = tmp_path / "junit.xml"
    done = fractal("refactor", code, "--tests", tests, "--level", "3", "--json", "--junit", junit)
    document = json.loads(done.stdout)
    jsonschema.validate(document, report_schema())
    assert (done.returncode, document["proven_level"]) == (0, 3)
    assert [edit["rule"] for edit in document["edits"]] == ["unused-import", "searching-loop"]
    assert junit.read_text().count("<testcase") >= 3
    assert code.read_text() == CODE


def test_code_whose_tests_fail_is_not_touched(files: tuple[Path, Path]) -> None:
    code, tests = files
    tests.write_text("from solution import odd\n\n\ndef test_it():\n    assert odd([2])\n")
    done = fractal("refactor", code, "--tests", tests, "--apply")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "the tests do not pass on the code as it is" in done.stdout
    assert code.read_text() == CODE
