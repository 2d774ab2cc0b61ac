from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.thorough

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("_checks", SCRIPTS / "_checks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "_checks", module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def python(
    checks: ModuleType, program: str, share_s: int = 20, report: Path | None = None
) -> object:
    return checks.Check("it", [sys.executable, "-c", program], share_s, report)


def test_a_failing_check_does_not_hide_the_one_behind_it(
    checks: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    both = [python(checks, "raise SystemExit(1)"), python(checks, "print('second')")]
    results = checks.perform_in_turn(both, tmp_path)
    assert [result.good for result in results] == [False, True]
    assert "second" in capfd.readouterr().out


def test_a_check_that_hangs_is_ended_with_its_children(checks: ModuleType, tmp_path: Path) -> None:
    program = (
        "import os, time\nchild = os.fork()\n"
        "child or open('child', 'w').write(str(os.getpid()))\ntime.sleep(600)"
    )
    begun = time.monotonic()
    result = checks.perform(python(checks, program, share_s=1), tmp_path)
    assert time.monotonic() - begun < 10
    assert (result.code, result.good) == (None, False)
    child = int((tmp_path / "child").read_text())
    stat = Path(f"/proc/{child}/stat")
    deadline = time.monotonic() + 5
    while stat.exists() and stat.read_text().split()[2] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_lanes_run_at_the_same_time(checks: ModuleType, tmp_path: Path) -> None:
    meet = "import os, time\nwhile not os.path.exists('{}'): time.sleep(0.02)\n"
    first = python(checks, "open('a', 'w')\n" + meet.format("b"))
    second = python(checks, "open('b', 'w')\n" + meet.format("a"))
    results = checks.perform_side_by_side([[first], [second]], tmp_path)
    assert [result.good for result in results] == [True, True]


@pytest.mark.parametrize(
    ("test", "counted", "good"),
    [
        ("def test_a(): pass\ndef test_b(): assert 0", (1, 1), False),
        pytest.param(
            "import pytest\ndef test_a(): pass\ndef test_b(): pytest.skip()",
            (1, 0),
            True,
            marks=pytest.mark.slow,
        ),
        pytest.param("x = 1", (0, 0), True, marks=pytest.mark.slow),
        ("import os\ndef test_a(): os._exit(1)", (0, 1), False),
    ],
)
def test_tests_are_counted_and_a_crash_counts_as_a_failure(
    checks: ModuleType, tmp_path: Path, test: str, counted: tuple[int, int], good: bool
) -> None:
    (tmp_path / "test_it.py").write_text(test)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    report = tmp_path / "it.xml"
    command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", "test_it.py"]
    result = checks.perform(checks.Check("it", command, 60, report), tmp_path)
    assert (checks.count(result), result.good) == (counted, good)


def test_the_last_line_sums_every_run(
    checks: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "it.xml"
    report.write_text('<testsuites><testsuite tests="5" failures="1" skipped="1"/></testsuites>')
    run = checks.Result(checks.Check("it", [], 1, report), 1, 2.0)
    assert checks.summarise([run, run]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "6 passed, 2 failed"


def test_a_whole_run_without_a_single_test_is_no_success(checks: ModuleType) -> None:
    assert checks.summarise([checks.Result(checks.Check("ruff", [], 1), 0, 0.1)]) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_whole_check_that_is_ended_leaves_nothing_running(
    number: signal.Signals, tmp_path: Path
) -> None:
    program = f"""
import signal, sys
from pathlib import Path
sys.path.insert(0, {str(SCRIPTS)!r})
import _checks
signal.signal({number.value}, _checks.end_all)
body = "import os, time; open(f'{{name}}-pid', 'w').write(str(os.getpid())); time.sleep(600)"
commands = {{n: [sys.executable, "-c", body.format(name=n)] for n in ("a", "b")}}
lanes = [[_checks.Check(name, command, 600)] for name, command in commands.items()]
_checks.perform_side_by_side(lanes, Path({str(tmp_path)!r}))
"""
    with subprocess.Popen([sys.executable, "-c", program]) as process:
        begun = [tmp_path / "a-pid", tmp_path / "b-pid"]
        deadline = time.monotonic() + 20
        while not all(file.exists() and file.read_text() for file in begun):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(20) == 128 + number
    for file in begun:
        with pytest.raises(ProcessLookupError):
            os.kill(int(file.read_text()), 0)
