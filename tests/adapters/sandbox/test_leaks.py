"""However many runs there were, and however they ended, nothing of them is left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.adapters.sandbox.zygote_process import ZygoteKey
from fractal_rmo.domain.run import Limits, RunEnding, RunRequest, Runtime, Tier

pytestmark = pytest.mark.thorough
ROOT = Path(__file__).resolve().parents[3]
RUNS_OF_A_SESSION = 25
MOST_GROWTH_KB = 2048
"""Of the zygote or the host over all runs: allocators round, leaks grow with each run."""

GOOD = "def test_it(): open('left', 'w').write('x' * 1000)\n"
ENDINGS = {
    GOOD: RunEnding.COMPLETED,
    "import os\nos._exit(0)\n": RunEnding.CRASHED,
    "import os, time\nif os.fork() == 0: time.sleep(60)\nos._exit(3)\n": RunEnding.CRASHED,
    "print('x' * 300_000)\n": RunEnding.TOO_MUCH_OUTPUT,
}


def _request(text: str, wall_s: float = 8.0) -> RunRequest:
    payload = {"tests": ["test_it.py"], "code": []}
    limits = Limits(wall_s=wall_s)
    return RunRequest(Runtime.THIN, "unit_tests", {"tests/test_it.py": text}, dict(payload), limits)


AT_REST = 4
"""The zygote, and the keeper, the session and the run that are ready for the next task."""


class Traces:
    """What a sandbox and this process hold now."""

    def __init__(self, zygote: int) -> None:
        pids = _family(zygote)
        self.processes = len(pids)
        self.descriptors = {pid: len(_listed(f"/proc/{pid}/fd")) for pid in (os.getpid(), zygote)}
        self.memory_kb = {pid: _anonymous_kb(pid) for pid in (os.getpid(), zygote)}
        self.mounts = Path("/proc/self/mountinfo").read_text().count("\n")
        self.folders = {p for p in _folders() if _is_of(p, pids)}


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(member for child in children for member in _family(int(child)))]


def _anonymous_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


def _folders() -> Iterator[Path]:
    return Path("/tmp").glob("fractal-rmo-runs-*")


def _is_of(folder: Path, pids: list[int]) -> bool:
    """Whether one of the processes holds the folder: others run on this machine as well."""
    held = (
        _target(f"/proc/{pid}/fd/{name}") for pid in pids for name in _listed(f"/proc/{pid}/fd")
    )
    return str(folder) in held


def _target(link: str) -> str:
    """Nothing where the descriptor is closed meanwhile: the processes go on working."""
    try:
        return os.readlink(link)  # noqa: PTH115
    except OSError:
        return ""


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208
    except OSError:
        return []


def _perform(sandbox: ZygoteSandbox, runs: int) -> None:
    texts = list(ENDINGS.items())
    for first in range(0, runs, RUNS_OF_A_SESSION):
        with sandbox.session() as run:
            for number in range(first, min(first + RUNS_OF_A_SESSION, runs)):
                # mostly good ones: a bad ending costs more and shows no more
                text, ending = texts[number % len(texts)] if number % 5 == 0 else texts[0]
                assert run(_request(text)).ending is ending


def _nothing_is_left_after(tier: Tier, runs: int) -> None:
    sandbox = ZygoteSandbox(tier)
    _perform(sandbox, 2 * RUNS_OF_A_SESSION)  # what is imported once is no leak
    zygote = sandbox.zygote(ZygoteKey(Runtime.THIN, tier)).pid
    before = _settled(zygote)
    assert before.processes == AT_REST
    _perform(sandbox, runs)
    after = _settled(zygote)
    assert after.processes == before.processes
    assert after.descriptors == before.descriptors
    assert after.mounts == before.mounts
    assert len(after.folders) == len(before.folders) == (0 if tier is Tier.NAMESPACES else 1)
    for pid in (os.getpid(), zygote):
        grown = after.memory_kb[pid] - before.memory_kb[pid]
        assert grown < MOST_GROWTH_KB, (pid, before.memory_kb)
    sandbox.close()
    _until(lambda: not any(folder.exists() for folder in after.folders))


def _settled(zygote: int) -> Traces:
    """What there is when only the session that is built ahead is left."""
    _until(lambda: len(_family(zygote)) == AT_REST)
    return Traces(zygote)


@pytest.mark.slow
def test_three_hundred_runs_leave_nothing(sandbox: ZygoteSandbox) -> None:
    _nothing_is_left_after(sandbox.tier, 300)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_runs_leave_nothing(sandbox: ZygoteSandbox) -> None:
    _nothing_is_left_after(sandbox.tier, 10_000)


HOST = """
import sys
from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.adapters.sandbox.zygote_process import ZygoteKey
from fractal_rmo.domain.run import *
tier = Tier(sys.argv[1])
sandbox = ZygoteSandbox(tier)
request = RunRequest(Runtime.THIN, "unit_tests", {"tests/test_it.py": sys.argv[2]},
                     {"tests": ["test_it.py"], "code": []}, Limits(wall_s=60, cpu_s=60))
with sandbox.session() as run:
    print(sandbox.zygote(ZygoteKey(Runtime.THIN, tier)).pid, flush=True)
    run(request)
"""
ENDLESS = (
    "import os, time\nopen('left', 'w').close()\n"
    "if os.fork() == 0:\n    os.setsid()\n    os.fork()\n"
    "    while True: time.sleep(1)\nwhile True: pass\n"
)


@pytest.mark.parametrize("all_at_once", [False, True], ids=["host", "host_zygote_and_keeper"])
def test_a_host_killed_in_the_middle_of_a_run_leaves_nothing(
    sandbox: ZygoteSandbox, all_at_once: bool
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOST, sandbox.tier, ENDLESS], stdout=subprocess.PIPE, cwd=ROOT
    ) as host:
        assert host.stdout is not None
        zygote = int(host.stdout.readline())
        # the zygote, and twice a keeper, a session and its run, one of which has two more below it
        _until(lambda: len(_family(zygote)) >= 9)
        family = _family(zygote)
        folders = {p for p in _folders() if _is_of(p, family)}
        assert bool(folders) == (sandbox.tier is not Tier.NAMESPACES)
        host.kill()
        if all_at_once:
            for pid in family[:2]:
                with contextlib.suppress(ProcessLookupError):  # it may have left by itself
                    os.kill(pid, signal.SIGKILL)
    _until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in family))
    _until(lambda: not any(folder.exists() for folder in folders))


def test_what_was_killed_all_at_once_is_removed_by_the_next_zygote(sandbox: ZygoteSandbox) -> None:
    if sandbox.tier is Tier.NAMESPACES:
        pytest.skip("its folders are mounted, and gone with the last process")
    stale = Path("/tmp/fractal-rmo-runs-stale0")
    (stale / "box").mkdir(parents=True, exist_ok=True)
    own = ZygoteSandbox(sandbox.tier)
    with own.session() as run:
        assert run(_request(GOOD)).ending is RunEnding.COMPLETED
    own.close()
    assert not stale.exists()


def _until(condition: Callable[[], bool], patience_s: float = 10.0) -> None:
    until = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)
