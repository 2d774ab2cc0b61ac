"""The command as a person runs it: a real process, a real sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from fractal_rmo.services.report_schema import report_schema
from tests import undecided
from tests.cli.running import EXAMPLES, ROOT, copy, fractal

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize(
    ("example", "mended"),
    [
        ("off_by_one", "range(len(values) - size + 1)"),
        pytest.param("wrong_operator", "year % 100 != 0 or year", marks=pytest.mark.slow),
        pytest.param("swapped_arguments", "power(base, exponent // 2)", marks=pytest.mark.slow),
        pytest.param("method_bug", "if amount > self.balance", marks=pytest.mark.slow),
    ],
)
def test_an_example_is_repaired_and_proven(example: str, mended: str, tmp_path: Path) -> None:
    code, tests = copy(example, tmp_path)
    done = fractal("fix", code, "--tests", tests, "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert document["proven_level"] == 3
    assert mended in document["files"]["solution.py"]


@pytest.mark.slow
def test_two_files_are_repaired_together() -> None:
    done = fractal("fix", EXAMPLES / "two_files", "--tests", EXAMPLES / "two_files")
    assert done.returncode == 0, done.stderr
    assert "+    return round(net * (1 + RATES[kind]), 2)" in done.stdout
    assert "proven to level 3" in done.stdout


def test_apply_writes_the_proven_patch(tmp_path: Path) -> None:
    code, tests = copy("off_by_one", tmp_path)
    assert fractal("fix", code, "--tests", tests, "--apply").returncode == 0
    assert "len(values) - size + 1" in code.read_text()
    assert fractal("validate", code, "--tests", tests).returncode == 0


@pytest.mark.slow
def test_what_the_tests_leave_open_is_not_applied_and_a_further_test_decides(
    tmp_path: Path,
) -> None:
    code, tests = tmp_path / "solution.py", tmp_path / "test_solution.py"
    code.write_text(undecided.CODE)
    tests.write_text(undecided.TESTS)
    done = fractal("fix", code, "--tests", tests, "--apply", "--json")
    document = json.loads(done.stdout)
    jsonschema.validate(document, report_schema())
    assert (done.returncode, document["proven"], document["diff"]) == (1, False, "")
    assert "The tests do not decide" in document["explanation"]
    assert document["choice"]["decided"] is False
    assert "+++ b/solution.py" in document["choice"]["diff"]
    assert code.read_text() == undecided.CODE
    tests.write_text(undecided.TESTS + undecided.MORE)
    done = fractal("fix", code, "--tests", tests, "--apply")
    assert "proven to level 3" in done.stdout, done.stdout + done.stderr


@pytest.mark.slow
def test_tests_that_can_never_pass_end_not_proven(tmp_path: Path) -> None:
    code, tests = copy("off_by_one", tmp_path)
    tests.write_text("def test_never():\n    assert False\n")
    before = code.read_text()
    done = fractal("fix", code, "--tests", tests, "--apply", "--seconds", "5")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "NOT proven" in done.stdout
    assert code.read_text() == before


@pytest.mark.slow
def test_tests_that_import_something_missing_are_not_proven(tmp_path: Path) -> None:
    code, tests = copy("off_by_one", tmp_path)
    tests.write_text("import not_there\n" + tests.read_text())
    done = fractal("fix", code, "--tests", tests)
    assert (done.returncode, "not_there" in done.stdout) == (1, True), done.stderr


@pytest.mark.slow
def test_the_end_of_the_time_is_said(tmp_path: Path) -> None:
    code, tests = copy("off_by_one", tmp_path)
    tests.write_text("def test_never():\n    assert False\n")
    done = fractal("fix", code, "--tests", tests, "--seconds", "0")
    assert "candidates; none" in done.stdout, done.stdout


@pytest.mark.slow
def test_a_patch_of_a_file_with_a_space_is_one_that_git_applies(tmp_path: Path) -> None:
    code, _ = copy("off_by_one", tmp_path)
    code.rename(code.with_name("my code.py"))
    (tmp_path / "solution.py").write_text(
        "import importlib\nwindow_sums = importlib.import_module('my code').window_sums\n"
    )
    done = fractal("fix", tmp_path, "--tests", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    patch = done.stdout[: done.stdout.index("\n┏")]
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=f"{patch}\n", text=True, check=True)
    assert fractal("validate", tmp_path, "--tests", tmp_path).returncode == 0


def test_code_that_does_not_parse_is_told_where(tmp_path: Path) -> None:
    code, tests = copy("off_by_one", tmp_path)
    code.write_text("def window_sums(:\n    pass\n")
    done = fractal("fix", code, "--tests", tests, "--json")
    (verdict,) = json.loads(done.stdout)["verdicts"]
    assert done.returncode == 1
    assert (verdict["level"], verdict["outcome"]) == (1, "failed")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--level", "7"), "FR107"),
        (("--level", "six"), "FR107"),
    ],
)
def test_a_level_that_is_not_there_is_refused_by_name(
    arguments: tuple[str, str], code: str, tmp_path: Path
) -> None:
    files = copy("off_by_one", tmp_path)
    done = fractal("fix", files[0], "--tests", files[1], *arguments)
    assert (done.returncode, code in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "FR102"), (b"\xff\xfe\x00", "FR104"), (b"x\0", "FR104"), (b"#" * 1_048_577, "FR103")],
)
def test_what_is_no_code_is_refused(content: bytes, code: str, tmp_path: Path) -> None:
    path, tests = copy("off_by_one", tmp_path)
    path.write_bytes(content)
    done = fractal("fix", path, "--tests", tests)
    assert (done.returncode, code in done.stderr) == (2, True), done.stderr


def test_a_missing_path_and_broken_tests_are_named(tmp_path: Path) -> None:
    code, tests = copy("off_by_one", tmp_path)
    assert "FR112" in fractal("fix", tmp_path / "no.py", "--tests", tests).stderr
    tests.write_text("def test(:\n")
    assert "test_solution.py, line 1" in fractal("fix", code, "--tests", tests).stderr


@pytest.mark.slow
def test_what_lies_beside_the_tests_comes_with_them(tmp_path: Path) -> None:
    tests = tmp_path / "tests"
    tests.mkdir()
    (tmp_path / "solution.py").write_text("def half(n):\n    return n / 2\n")
    (tests / "__init__.py").write_text("")
    (tests / "helpers.py").write_text("FOUR = 4\n")
    (tests / "cases.json").write_text("[[6, 3]]")
    (tests / "test_it.py").write_text(
        "import json\nfrom pathlib import Path\nfrom solution import half\n"
        "from .helpers import FOUR\n\n\ndef test_it():\n    assert half(FOUR) == 2\n"
        "    for a, b in json.loads((Path(__file__).parent / 'cases.json').read_text()):\n"
        "        assert half(a) == b\n"
    )
    done = fractal("validate", tmp_path / "solution.py", "--tests", tests)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_an_interpreter_is_named_as_it_lies_from_here(tmp_path: Path) -> None:
    code, tests = tmp_path / "solution.py", tmp_path / "test_solution.py"
    code.write_text("import markupsafe\n\n\ndef f(x):\n    return markupsafe.escape(x)\n")
    tests.write_text("from solution import f\n\n\ndef test_it():\n    assert str(f(1)) == '1'\n")
    python = os.path.relpath(sys.executable, ROOT)
    done = fractal("validate", code, "--tests", tests, "--python", python)
    assert done.returncode == 0, done.stdout + done.stderr
    done = fractal("validate", code, "--tests", tests, "--python", "nowhere/python")
    assert (done.returncode, "FR402" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--kind", "dance"), "FR106"),
        (("--kind", "generate"), "FR110"),
        (("--kind", "data"), "FR131"),
        (("--provider", "psychic"), "FR113"),
        (("--level", "7"), "FR107"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_server_starts(
    arguments: tuple[str, str], code: str, tmp_path: Path
) -> None:
    files = copy("off_by_one", tmp_path)
    state = tmp_path / "state"
    command = [sys.executable, "-m", "fractal_rmo.cli.main", "submit", *map(str, files)]
    command.insert(-1, "--tests")
    done = subprocess.run(
        [*command, *arguments],
        cwd=ROOT,
        env={**os.environ, "FRACTAL_STATE": str(state)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, code in done.stderr) == (2, True), done.stderr
    assert not state.exists()


def test_a_terminal_that_knows_only_ascii_gets_its_table(tmp_path: Path) -> None:
    code, tests = copy("off_by_one", tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "fractal_rmo.cli.main", "validate", code, "--tests", tests,
         "--level", "1"],
        cwd=ROOT, env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (done.returncode, "1 syntax" in done.stdout) == (0, True), done.stderr


def test_every_code_is_explained() -> None:
    assert "KIND_NOT_BUILT" in fractal("explain", "fr109").stdout
    assert fractal("explain", "FR999").returncode == 2


@pytest.mark.slow
def test_a_file_that_cannot_be_written_keeps_every_file(tmp_path: Path) -> None:
    code, tests = copy("off_by_one", tmp_path)
    before = code.read_text()
    draft = code.with_name(code.name + ".fractal-rmo-new")
    draft.mkdir()  # where the new text would be prepared
    done = fractal("fix", code, "--tests", tests, "--apply")
    assert (done.returncode, "FR116" in done.stderr) == (2, True), done.stderr
    assert code.read_text() == before


def test_declared_commands_of_a_folder_are_proven_with_it(tmp_path: Path) -> None:
    (tmp_path / "half.py").write_text("def half(n):\n    return n / 2\n")
    (tmp_path / "test_half.py").write_text(
        "from half import half\n\n\ndef test_it():\n    assert half(3) == 1.5\n"
    )
    (tmp_path / "pyproject.toml").write_text("[project.scripts]\nhalve = 'half:main'\n")
    done = fractal("validate", tmp_path, "--tests", tmp_path, "--level", "4", "--json")
    *_, verdict = json.loads(done.stdout)["verdicts"]
    assert (verdict["level"], verdict["outcome"]) == (4, "failed")
    assert "pyproject.toml, line 2: finding 'half:main' fails" in verdict["summary"]


def test_verdicts_are_written_for_other_tools(tmp_path: Path) -> None:
    code, tests = copy("off_by_one", tmp_path)
    junit, sarif = tmp_path / "junit.xml", tmp_path / "found.sarif"
    files = ("--junit", junit, "--sarif", sarif)
    assert fractal("validate", code, "--tests", tests, *files).returncode == 1
    assert 'tests="3" failures="1"' in junit.read_text()
    (run,) = json.loads(sarif.read_text())["runs"]
    assert {result["ruleId"] for result in run["results"]} >= {"unit"}
    refused = fractal("validate", code, "--tests", tests, "--junit", tmp_path / "no" / "j.xml")
    assert (refused.returncode, "--junit" in refused.stderr) == (2, True)


@pytest.mark.slow
def test_a_fix_is_reported_in_every_form(tmp_path: Path) -> None:
    code, tests = copy("off_by_one", tmp_path)
    junit, sarif = tmp_path / "junit.xml", tmp_path / "found.sarif"
    files = ("--junit", junit, "--sarif", sarif, "--json")
    done = fractal("fix", code, "--tests", tests, *files)
    assert 'tests="3" failures="0"' in junit.read_text()
    assert json.loads(sarif.read_text())["runs"][0]["results"] == []
    schema = json.loads(fractal("schema").stdout)
    jsonschema.validate(json.loads(done.stdout), schema)


@pytest.mark.slow
@pytest.mark.parametrize("level", ["1", "6"])
def test_a_report_fits_the_printed_schema(level: str, tmp_path: Path) -> None:
    (tmp_path / "solution.py").write_text("def f(n):\n    return n * 2\n")
    (tmp_path / "test_solution.py").write_text(
        "from solution import f\n\n\ndef test_it():\n    assert f(2) == 4\n"
    )
    done = fractal("validate", tmp_path, "--tests", tmp_path, "--level", level, "--json")
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads(fractal("schema").stdout))
    assert len(document["verdicts"]) == int(level)


def test_a_pipe_in_a_folder_is_no_file_to_wait_for(tmp_path: Path) -> None:
    copy("off_by_one", tmp_path)
    os.mkfifo(tmp_path / "pipe.py")
    assert fractal("validate", tmp_path, "--tests", tmp_path, "--level", "1").returncode == 0


@pytest.mark.parametrize("variable", ["DATABASE_URL", "REDIS_URL"])
def test_a_wrong_address_is_a_sentence(variable: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fractal_rmo.cli.main", "tasks"],
        cwd=ROOT,
        env={**os.environ, variable: "garbage", "FRACTAL_STATE": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "FR501" in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr


def test_a_dry_run_shows_the_questions_and_their_price(tmp_path: Path) -> None:
    state = tmp_path / "state"
    ours = {"FRACTAL_STATE": str(state), "OPENAI_API_KEY": "sk-nobody", "OPENAI_BASE_URL": ""}
    done = subprocess.run(
        [sys.executable, "-m", "fractal_rmo.cli.main", "submit", "--kind", "generate",
         "--description", "Write add(a, b).", "--provider", "openai", "--dry-run", "--json"],
        cwd=ROOT, env={**os.environ, **ours}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    tests, code, *later = json.loads(done.stdout)
    assert (tests["role"], code["role"]) == ("validator", "executor")
    words = ["notes syntax", "notes logic", "notes dependency", "notes security"]
    words += ["notes performance", "plan", "propose", "propose", "explain"]
    assert [each["purpose"] for each in later] == [f"generate {word}" for word in words]
    assert all(0 < offer["dollars"] < 0.2 for each in later for offer in each["offers"])
    assert "Write add(a, b)." in code["user"]
    assert "Write add(a, b)." not in code["system"]
    (offer,) = code["offers"]
    assert (offer["endpoint"], offer["model"]) == ("openai", "gpt-6-luna")
    assert 0 < offer["dollars"] < 0.1
    assert not state.exists()
