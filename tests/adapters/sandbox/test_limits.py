"""Whatever a run uses up, it ends as that, with the figure, and the next run is unharmed."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fractal_rmo.domain.run import Limits, RunEnding, Runtime, Tier

if TYPE_CHECKING:
    from tests.adapters.sandbox.conftest import Trials

FINE = "assert 1 + 1 == 2"


def test_plain_success_is_completed(trials: Trials) -> None:
    result = trials.body(FINE)
    assert result.ending is RunEnding.COMPLETED
    assert result.duration_s > 0
    assert result.tier in Tier


def test_endless_loop_ends_as_timed_out(trials: Trials) -> None:
    result = trials.body("while True: pass", Limits(wall_s=0.5))
    assert result.ending is RunEnding.TIMED_OUT
    assert "0.5 s" in result.detail
    assert 0.4 < result.duration_s < 3


@pytest.mark.thorough
def test_processor_time_ends_as_timed_out_even_when_the_signal_is_ignored(trials: Trials) -> None:
    body = """
    import signal
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    while True: pass
    """
    result = trials.body(body, Limits(wall_s=20, cpu_s=1))
    assert result.ending is RunEnding.TIMED_OUT
    assert "1 s of processor time" in result.detail


def test_memory_bomb_ends_as_out_of_memory(trials: Trials) -> None:
    for runtime in (Runtime.THIN, Runtime.THICK):
        body = "x = []\nwhile True: x.append(bytearray(1 << 20))"
        result = trials.body(body, Limits(memory_mb=100), runtime)
        assert result.ending is RunEnding.OUT_OF_MEMORY, result
        assert "100 MB" in result.detail
        assert "test_it" in result.detail


def test_children_each_below_the_limit_are_out_of_memory_together(hidden: Trials) -> None:
    body = """
    import os, time
    for _ in range(4):
        if os.fork() == 0:
            block = b'x' * (60 << 20)
            time.sleep(30)
    time.sleep(30)
    """
    result = hidden.body(body, Limits(memory_mb=100, wall_s=8))
    assert result.ending is RunEnding.OUT_OF_MEMORY
    assert "together" in result.detail


def test_output_flood_is_stopped(trials: Trials) -> None:
    result = trials.body("import os\nwhile True: os.write(1, b'x' * 1000)", Limits(output_kb=64))
    assert result.ending is RunEnding.TOO_MUCH_OUTPUT
    assert "64 KB" in result.detail
    assert len(result.output) <= 64 * 1024


def test_what_tests_print_is_cut(trials: Trials) -> None:
    body = "import sys\nprint('y' * 2_000_000, flush=True)\nprint('x' * 300_000, file=sys.stderr)"
    for extra in ("", "import pytest\nprint(pytest.skip)\n"):
        runtime = Runtime.THICK if extra else Runtime.THIN
        result = trials.body(f"{extra}{body}", runtime=runtime)
        assert result.ending is RunEnding.COMPLETED, result
        assert 60_000 < len(result.output) < 70_000
    result = trials.tests({"test_it.py": "print('x' * 300_000)\ndef test_it(): pass\n"}, {})
    assert result.ending is RunEnding.TOO_MUCH_OUTPUT


def test_output_within_the_cap_is_kept_and_made_harmless(trials: Trials) -> None:
    result = trials.body(r"print('a\x1b[2Jb\u202ec')")
    assert result.ending is RunEnding.COMPLETED
    assert result.output == "a\\x1b[2Jb\\u202ec\n"


def test_disk_fill_is_an_error_inside_the_run(trials: Trials) -> None:
    body = """
    with open('big', 'wb') as file:
        while True: file.write(bytes(1 << 20))
    """
    result = trials.body(body, Limits(file_mb=4))
    assert result.ending is RunEnding.COMPLETED
    assert "File too large" in str(result.value)


def test_fork_bomb_is_capped_and_nothing_survives(trials: Trials) -> None:
    marker = f"survivor-{os.getpid()}-{time.monotonic_ns()}"
    body = f"""
    import os, sys, time, ctypes
    ctypes.CDLL(None).prctl(15, b'{marker[-15:]}', 0, 0, 0)
    started = 0
    try:
        for _ in range(500):
            if os.fork() == 0:
                try:
                    os.setsid()
                    os.fork()
                finally:
                    time.sleep(60)
            started += 1
    except OSError:
        pass
    assert started < 40, started
    """
    result = trials.body(body, Limits(processes=32))
    assert result.ending is RunEnding.COMPLETED
    assert "passed" in str(result.value), result.value
    assert marker[-15:] not in _names_of_processes()


def test_descriptors_are_limited(trials: Trials) -> None:
    result = trials.body("import os\nkept = [os.pipe() for _ in range(200)]", Limits(open_files=32))
    assert "Too many open files" in str(result.value)


def test_a_run_after_every_bad_ending_is_fine(trials: Trials) -> None:
    trials.body("while True: pass", Limits(wall_s=0.3))
    trials.body("import os\nos.kill(os.getpid(), 9)")
    trials.body("import os, signal\nos.kill(-1, signal.SIGTERM)")
    result = trials.body(FINE)
    assert result.ending is RunEnding.COMPLETED
    assert "'passed'" in str(result.value)


def test_deep_folders_and_many_files_leave_nothing(trials: Trials) -> None:
    body = """
    import os
    for _ in range(1500):
        os.mkdir('deep'); os.chdir('deep')
    """
    assert trials.body(body).ending is RunEnding.COMPLETED
    result = trials.body("import os\nassert os.listdir('.') == [], os.listdir('.')")
    assert "'passed'" in str(result.value)


def _names_of_processes() -> set[str]:
    names = set()
    for status in Path("/proc").glob("[0-9]*/comm"):
        try:
            names.add(status.read_text().strip())
        except OSError:
            continue
    return names
