"""Which program each role becomes, and what keeps it from starting."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from fractal_rmo.adapters.embedded import valkey
from fractal_rmo.adapters.embedded.paths import StatePaths
from fractal_rmo.adapters.embedded.servers import purge
from fractal_rmo.config.load import CHECKOUT

SECRETS = {"SECRET_KEY": "0123456789abcdef" * 2, "FRACTAL_ACCESS_TOKEN": "fedcba9876543210" * 2}
Found = TypeVar("Found")
BECOME = "import sys; from fractal_rmo.agent import COMMANDS; print(*COMMANDS[sys.argv[1]]())"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=CHECKOUT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def command(role: str, **environment: str) -> str:
    done = run("-c", BECOME, role, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_web_is_one_process_whatever_is_set_around_it() -> None:
    words = command("web", PORT="5000", WEB_CONCURRENCY="4", **SECRETS)
    assert "--workers 1 " in words
    assert "--bind 127.0.0.1:5000" in words


@pytest.mark.parametrize(
    ("environment", "bound"),
    [
        ({}, "127.0.0.1:8080"),
        ({"FRACTAL_ENVIRONMENT": "production"}, "0.0.0.0:8080"),
        ({"FRACTAL_ENVIRONMENT": "production", "FRACTAL_HOST": "10.0.0.7"}, "10.0.0.7:8080"),
        ({"FRACTAL_HOST": "::1"}, "[::1]:8080"),
    ],
)
def test_only_production_opens_the_web(environment: dict[str, str], bound: str) -> None:
    assert f"--bind {bound} " in command("web", **environment, **SECRETS)


def test_the_web_does_not_start_open_in_production() -> None:
    done = run("-m", "fractal_rmo.agent", FRACTAL_ENVIRONMENT="production", AGENT_TYPE="web")
    assert done.returncode == 2
    assert "SECRET_KEY and FRACTAL_ACCESS_TOKEN" in done.stderr
    assert "Traceback" not in done.stderr


def test_two_hosts_and_two_processes_of_a_role_have_names_of_their_own() -> None:
    one = command("analyzer", FRACTAL_HOSTNAME="east")
    two = command("analyzer", FRACTAL_HOSTNAME="west", HONCHO_PROCESS_NAME="analyzer.2")
    assert "--hostname analyzer@east" in one
    assert "--hostname analyzer.2@west" in two


def test_the_model_worker_has_threads_and_a_queue_of_its_own() -> None:
    assert " --queues execute.llm --concurrency 200 --pool threads " in command("executor_llm")


@pytest.mark.parametrize("login", ["", "user", "user:", ":password", "user:password,other"])
def test_flower_does_not_start_open_in_production(login: str) -> None:
    production = {"FRACTAL_ENVIRONMENT": "production", "AGENT_TYPE": "flower"}
    done = run("-m", "fractal_rmo.agent", FLOWER_BASIC_AUTH=login, **production)
    assert done.returncode == 2
    assert done.stderr.startswith("error: FR501 Flower does not start without a login: set FLOWER")


@pytest.mark.parametrize(
    "environment",
    [{}, {"FRACTAL_ENVIRONMENT": "production", "FLOWER_BASIC_AUTH": "user:pass:word"}],
    ids=["development", "with a login"],
)
def test_flower_answers_this_machine_only(environment: dict[str, str]) -> None:
    # for Flower an option of the command line wins over FLOWER_ADDRESS
    assert "--address=127.0.0.1" in command("flower", FLOWER_ADDRESS="10.0.0.7", **environment)


def test_an_unknown_role_is_answered_with_those_there_are() -> None:
    done = run("-m", "fractal_rmo.agent", AGENT_TYPE="excutor")
    assert done.returncode == 2
    assert "executor_llm" in done.stderr


@pytest.mark.slow
@pytest.mark.cluster
def test_honcho_starts_an_embedded_server_again_that_was_killed(tmp_path: Path) -> None:
    paths = StatePaths(tmp_path)
    beside = str(Path(sys.executable).parent)
    path = f"{beside}:{os.environ['PATH']}"
    honcho = subprocess.Popen(
        [sys.executable, "-m", "honcho", "start", "release"],
        cwd=CHECKOUT, env={**os.environ, "FRACTAL_STATE": str(tmp_path), "PATH": path},
    )  # fmt: skip
    try:
        first = until(lambda: valkey.running(paths))
        until(lambda: valkey.answers(paths))
        os.kill(first.pid, signal.SIGKILL)
        again = until(lambda: valkey.answers(paths) and valkey.running(paths))
        assert again != first
    finally:
        honcho.terminate()
        honcho.wait()
        purge(paths)


def until(ask: Callable[[], Found | None]) -> Found:
    for _ in range(300):
        if found := ask():
            return found
        time.sleep(0.1)
    raise AssertionError(ask)
