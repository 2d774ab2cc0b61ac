"""Containers, with a stand-in for the foreign program ``docker`` that starts processes."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox, docker, places
from fractal_rmo.adapters.sandbox.probe import forget, why_not
from fractal_rmo.adapters.sandbox.zygote_process import ZygoteKey
from fractal_rmo.domain.errors import ErrorCode, SandboxUnavailableError
from fractal_rmo.domain.run import Limits, RunEnding, RunRequest, Runtime, Tier

pytestmark = pytest.mark.thorough

IMAGE = docker.usual_image()
STAND_IN = Path(__file__).with_name("stand_in_docker.py")
EMPTY = RunRequest(Runtime.THIN, "unit_tests", {}, {"tests": [], "code": []})


def request(text: str, runtime: Runtime = Runtime.THIN, wall_s: float = 8.0) -> RunRequest:
    files = {"tests/test_it.py": text}
    payload = {"tests": ["test_it.py"], "code": []}
    return RunRequest(runtime, "unit_tests", files, dict(payload), Limits(wall_s=wall_s))


@pytest.fixture(autouse=True)
def forgetting() -> Iterator[None]:
    """What is known of Docker on this machine is not what is known of the stand-in."""
    forget()
    yield
    forget()


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Puts the stand-in on PATH with a behaviour; the file that it logs its calls to."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "docker"
    program.write_text(STAND_IN.read_text().replace("/usr/bin/env python3", sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    log = tmp_path / "calls"

    def behave(behaviour: str) -> Path:
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        for name, value in {"": behaviour, "_LOG": str(log), "_PYTHON": sys.executable}.items():
            monkeypatch.setenv(f"STAND_IN{name}", value)
        return log

    return behave


def test_the_command_isolates_and_never_downloads() -> None:
    key = ZygoteKey(Runtime.THIN, Tier.DOCKER, 1)
    words = docker.command(key, "python:3.11-slim", "fractal-x", "/tmp/door")
    at = words.index("python:3.11-slim")
    line = " ".join(words[:at])
    for option in (
        "docker run --rm --pull never --name fractal-x",
        "--network none",
        "--ipc private",
        "--read-only --tmpfs /tmp:rw,exec,nosuid,nodev,mode=1777,size=64m,nr_inodes=16384",
        "--user 65534:65534 --cap-drop ALL --security-opt no-new-privileges",
        "--pids-limit 256 --memory 2g --memory-swap 2g --shm-size 16m",
        "--env PYTHONHASHSEED=1",
    ):
        assert option in line
    assert words[at + 1 : at + 6] == ["python3", "-P", "-s", "-S", "-c"]
    assert json.loads(words[-1]) == {
        "line": "/opt/fractal/line/fractal-x",
        "runtime": "thin",
        "tools": [],
        "site": [],
        "ruff": "/opt/fractal/bin/ruff",
    }


def test_the_container_is_shown_jailed_code_and_packages_read_only_and_nothing_else() -> None:
    words = docker.command(ZygoteKey(Runtime.STATIC, Tier.DOCKER), IMAGE, "x", "/tmp/door")
    mounts = [words[n + 1] for n, word in enumerate(words) if word == "--mount"]
    assert all(mount.endswith(",readonly") for mount in mounts)
    shown = {mount.split('"source=')[1].split('"')[0] for mount in mounts}
    jailed = str(places.PROJECT_ROOT / "fractal_rmo" / "jailed")
    assert shown == {jailed, "/tmp/door", places.ruff_program(), *places.package_folders()}


@pytest.mark.parametrize(
    ("behaviour", "sentence"),
    [
        ("no daemon", "No Docker engine answers: start it, or set DOCKER_HOST."),
        ("refused", "Docker refuses this user: add the user to the group 'docker'."),
        (
            "no image",
            f"The image {IMAGE} is missing: run 'docker pull {IMAGE}'.",
        ),
        ("slow", "The Docker engine did not answer within 2 s."),
        ("broken run", "OCI runtime create failed"),
    ],
)
def test_each_reason_against_docker_is_named_with_its_remedy(
    stand_in: Callable[[str], Path], behaviour: str, sentence: str
) -> None:
    stand_in(behaviour)
    assert sentence in why_not(Tier.DOCKER)


def test_without_the_program_the_tier_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("docker") is None
    assert why_not(Tier.DOCKER) == "There is no program 'docker' on PATH: install Docker Engine."


def test_where_an_engine_answers_it_is_the_tier_that_is_chosen(
    stand_in: Callable[[str], Path],
) -> None:
    stand_in("fine")
    assert why_not(Tier.DOCKER) == ""
    assert ZygoteSandbox().tier is Tier.DOCKER


def test_a_forced_tier_that_does_not_work_is_refused(stand_in: Callable[[str], Path]) -> None:
    stand_in("no daemon")
    with pytest.raises(SandboxUnavailableError, match="docker: No Docker engine") as raised:
        _ = ZygoteSandbox(Tier.DOCKER).tier
    assert raised.value.code is ErrorCode.SANDBOX_UNAVAILABLE


@pytest.mark.parametrize("runtime", [Runtime.THIN, Runtime.THICK], ids=str)
def test_runs_share_a_container_and_leave_nothing(
    stand_in: Callable[[str], Path], runtime: Runtime
) -> None:
    log = stand_in("fine")
    sandbox = ZygoteSandbox(Tier.DOCKER)
    with sandbox.session() as run:
        for text, outcome in (("assert 1 + 1 == 2", "passed"), ("assert 1 + 1 == 3", "failed")):
            result = run(request(f"def test_it():\n    {text}\n", runtime))
            assert result.ending is RunEnding.COMPLETED, result
            assert f"'{outcome}'" in str(result.value)
            assert result.tier is Tier.DOCKER
    names = _names(log)
    sandbox.close()
    assert len(names) == len(set(names))
    _until(lambda: not any(name in _command_lines() for name in names))


def test_bad_endings_are_named_and_the_next_run_is_fine(stand_in: Callable[[str], Path]) -> None:
    stand_in("fine")
    sandbox = ZygoteSandbox(Tier.DOCKER)
    with sandbox.session() as run:
        assert run(request("while True: pass", wall_s=0.5)).ending is RunEnding.TIMED_OUT
        assert run(request("import os\nos._exit(0)")).ending is RunEnding.CRASHED
        # the session has the run's user in a container; the filter keeps it from being ended
        hit = "import os\ndef test_it():\n    os.kill(os.getppid(), 9)\n"
        assert "PermissionError" in str(run(request(hit)).value)
        assert run(EMPTY).ending is RunEnding.COMPLETED
    sandbox.close()


def test_two_sessions_have_two_containers(stand_in: Callable[[str], Path]) -> None:
    log = stand_in("fine")
    sandbox = ZygoteSandbox(Tier.DOCKER)
    with sandbox.session() as first, sandbox.session() as second:
        assert first(EMPTY).ending is RunEnding.COMPLETED
        assert second(EMPTY).ending is RunEnding.COMPLETED
        assert len(_names(log)) >= 2
    sandbox.close()


def test_two_linked_runs_speak_with_each_other(stand_in: Callable[[str], Path]) -> None:
    stand_in("fine")
    code = {"code/solution.py": "def half(n):\n    return n / 2\n"}
    tests = {"tests/test_it.py": "from solution import half\ndef test_it(): assert half(4) == 2\n"}
    payload = {"tests": ["test_it.py"], "code": ["solution.py"]}
    beside = RunRequest(Runtime.THIN, "serve_code", code, dict(payload))
    sandbox = ZygoteSandbox(Tier.DOCKER)
    with sandbox.session() as run:
        asked = RunRequest(Runtime.THICK, "unit_tests_apart", tests, dict(payload), beside=beside)
        result = run(asked)
    sandbox.close()
    assert result.ending is RunEnding.COMPLETED, result
    assert "'passed'" in str(result.value), result


def _names(log: Path) -> list[str]:
    calls = [json.loads(line) for line in log.read_text().splitlines()]
    return [call[call.index("--name") + 1] for call in calls if call[0] == "run"]


def _command_lines() -> str:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_text("utf-8", "replace"))
        except OSError:
            continue
    return "\n".join(found)


def _until(condition: Callable[[], bool], patience_s: float = 5.0) -> None:
    until = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)
