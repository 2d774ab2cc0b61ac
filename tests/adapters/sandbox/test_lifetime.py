"""Zygotes come when they are needed and go with their host."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox, probe
from fractal_rmo.adapters.sandbox.environments import own_environment
from fractal_rmo.adapters.sandbox.zygote_process import ZygoteKey
from fractal_rmo.domain.run import Limits, RunCancelledError, RunEnding, RunRequest, Runtime

REQUEST = RunRequest(Runtime.THIN, "unit_tests", {}, {"tests": [], "code": []})
ROOT = Path(__file__).resolve().parents[3]


def test_a_run_after_the_session_is_refused(sandbox: ZygoteSandbox) -> None:
    with sandbox.session() as run:
        assert run(REQUEST).ending is RunEnding.COMPLETED
    with pytest.raises(RuntimeError, match="ended"):
        run(REQUEST)


def test_a_program_that_is_not_there_is_unavailable_not_failed(sandbox: ZygoteSandbox) -> None:
    with sandbox.session() as run:
        result = run(RunRequest(Runtime.THIN, "no_such_program", {}))
    assert result.ending is RunEnding.UNAVAILABLE
    assert "no_such_program" in result.detail


def test_a_dead_zygote_is_started_anew(sandbox: ZygoteSandbox) -> None:
    key = ZygoteKey(Runtime.THIN, sandbox.tier)
    killed = sandbox.zygote(key)
    before = killed.pid
    os.kill(before, signal.SIGKILL)
    _until(lambda: not killed.alive)
    with sandbox.session() as run:
        assert run(REQUEST).ending is RunEnding.COMPLETED
    assert sandbox.zygote(key).pid != before


def test_a_session_whose_zygote_dies_is_unavailable_then_recovers(sandbox: ZygoteSandbox) -> None:
    with sandbox.session() as run:
        run(REQUEST)
        os.kill(sandbox.zygote(ZygoteKey(Runtime.THIN, sandbox.tier)).pid, signal.SIGKILL)
        endless = {"tests/test_it.py": "while True: pass\n"}
        request = RunRequest(
            Runtime.THIN,
            "unit_tests",
            endless,
            {"tests": ["test_it.py"], "code": []},
            Limits(wall_s=5),
        )
        assert run(request).ending is RunEnding.UNAVAILABLE
        assert run(REQUEST).ending is RunEnding.COMPLETED


@pytest.mark.parametrize("beside", [False, True])
def test_a_run_that_nobody_wants_any_more_ends_at_once(
    sandbox: ZygoteSandbox, beside: bool
) -> None:
    wanted = threading.Event()
    tests = {"tests/test_it.py": "def test_1():\n    while True: pass\n"}
    payload = {"tests": ["test_it.py"], "code": []}
    request = RunRequest(Runtime.THIN, "unit_tests", tests, payload, Limits(wall_s=30, cpu_s=30))
    if beside:
        other = RunRequest(Runtime.THIN, "serve_code", {}, {"hash_seed": 0})
        request = replace(request, runtime=Runtime.THICK, program="unit_tests_apart", beside=other)
    with sandbox.session(stop=wanted.is_set) as run:
        assert run(REQUEST).ending is RunEnding.COMPLETED
        zygote = sandbox.zygote(ZygoteKey(request.runtime, sandbox.tier)).pid
        threading.Timer(1.0, wanted.set).start()
        began = time.monotonic()
        with pytest.raises(RunCancelledError):
            run(request)
        assert time.monotonic() - began < 5
    _until(lambda: len(_family(zygote)) <= 4)  # itself, and what waits for the next task


def test_threads_may_share_a_session(sandbox: ZygoteSandbox) -> None:
    with sandbox.session() as run, ThreadPoolExecutor(4) as pool:
        endings = list(pool.map(lambda _: run(REQUEST).ending, range(12)))
    assert endings == [RunEnding.COMPLETED] * 12


def test_a_session_outlives_the_thread_that_started_its_zygote(sandbox: ZygoteSandbox) -> None:
    own = ZygoteSandbox(sandbox.tier)
    thread = threading.Thread(target=lambda: own.warm(Runtime.THIN))
    thread.start()
    thread.join()
    pid = own.zygote(ZygoteKey(Runtime.THIN, own.tier)).pid
    with own.session() as run:
        assert run(REQUEST).ending is RunEnding.COMPLETED
    assert own.zygote(ZygoteKey(Runtime.THIN, own.tier)).pid == pid
    own.close()


def test_a_forked_child_starts_its_own_zygotes(sandbox: ZygoteSandbox) -> None:
    with sandbox.session() as run:
        run(REQUEST)
        parents = sandbox.zygote(ZygoteKey(Runtime.THIN, sandbox.tier)).pid
        child = os.fork()
        if child == 0:
            with sandbox.session() as inner:
                good = inner(REQUEST).ending is RunEnding.COMPLETED
            own = sandbox.zygote(ZygoteKey(Runtime.THIN, sandbox.tier)).pid
            sandbox.close()
            os._exit(0 if good and own != parents else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert run(REQUEST).ending is RunEnding.COMPLETED  # the parent's is untouched


def test_no_process_is_left_when_the_host_is_killed(sandbox: ZygoteSandbox) -> None:
    program = (
        "import sys, time; from fractal_rmo.adapters.sandbox import ZygoteSandbox;"
        "from fractal_rmo.adapters.sandbox.zygote_process import ZygoteKey;"
        "from fractal_rmo.domain.run import *;"
        f"s = ZygoteSandbox(Tier('{sandbox.tier}')); c = s.session(); r = c.__enter__();"
        "r(RunRequest(Runtime.THIN, 'unit_tests', {}, {'tests': [], 'code': []}));"
        "print(s.zygote(ZygoteKey(Runtime.THIN, s.tier)).pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=ROOT
    ) as host:
        assert host.stdout is not None
        zygote = int(host.stdout.readline())
        family = _family(zygote)
        assert len(family) >= 3  # the zygote, a keeper, a session
        host.kill()
    _until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in family))


def test_closing_leaves_no_process(sandbox: ZygoteSandbox) -> None:
    own = ZygoteSandbox(sandbox.tier)
    with own.session() as run:
        run(REQUEST)
        family = _family(own.zygote(ZygoteKey(Runtime.THIN, own.tier)).pid)
    own.close()
    _until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in family))


@pytest.mark.parametrize("member", [2, 3], ids=["session", "run"])
def test_what_was_ready_and_is_killed_harms_no_run(sandbox: ZygoteSandbox, member: int) -> None:
    own = ZygoteSandbox(sandbox.tier)
    try:
        with own.session() as run:
            run(REQUEST)
        zygote = own.zygote(ZygoteKey(Runtime.THIN, own.tier)).pid
        _until(lambda: len(_family(zygote)) == 4)  # zygote, keeper, session and waiting run
        os.kill(_family(zygote)[member], signal.SIGKILL)
        time.sleep(0.3)
        with own.session() as run:
            assert run(REQUEST).ending is RunEnding.COMPLETED
    finally:
        own.close()


@pytest.fixture
def started_by(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Makes another program the interpreter of zygotes."""

    def change(python: str) -> None:
        monkeypatch.setattr(sys, "executable", python)
        own_environment.cache_clear()

    yield change
    own_environment.cache_clear()


def test_a_zygote_that_cannot_start_is_unavailable_with_a_remedy(
    sandbox: ZygoteSandbox, started_by: Callable[[str], None]
) -> None:
    own = ZygoteSandbox(sandbox.tier)
    started_by("/nowhere/python")
    began = time.monotonic()
    with own.session() as run:
        result = run(REQUEST)
    assert result.ending is RunEnding.UNAVAILABLE
    assert "doctor" in result.detail
    assert time.monotonic() - began < 5
    assert probe.why_not(sandbox.tier) != ""


def test_a_broken_interpreter_is_unavailable_quickly(
    sandbox: ZygoteSandbox, started_by: Callable[[str], None]
) -> None:
    own = ZygoteSandbox(sandbox.tier)
    started_by("/bin/false")
    began = time.monotonic()
    with own.session() as run:
        assert run(REQUEST).ending is RunEnding.UNAVAILABLE
    assert time.monotonic() - began < 5
    own.close()


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:  # it ended meanwhile
        return []
    return [pid, *(member for child in children for member in _family(int(child)))]


def _until(condition: object, patience_s: float = 5.0) -> None:
    assert callable(condition)
    until = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)
