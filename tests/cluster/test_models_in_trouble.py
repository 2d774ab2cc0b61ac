"""Wrong keys, slow answers, a person in the model's place: each to the end of a task."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.llm.emulator import KEY
from tests.adapters.llm.emulator import started as emulator_started
from tests.cluster.conftest import ROOT, ClusterAtWork, started

pytestmark = [pytest.mark.cluster, pytest.mark.slow]
LONG_WAY = """def largest(values):
    best = None
    for value in values:
        if best is None:
            best = value
        elif value > best:
            best = value
    return best
"""
SHORT_WAY = "def largest(values):\n    return max(values, default=None)\n"
TESTS = """from solution import largest


def test_largest():
    assert largest([3, 1, 2]) == 3
    assert largest([-2, -7]) == -2


def test_nothing():
    assert largest([]) is None
"""
WRONG = SHORT_WAY.replace("max", "min")
USED = {"input_tokens": 500, "output_tokens": 200}


def answer(code: str) -> dict[str, Any]:
    files = [{"path": "solution.py", "text": code}]
    return {"content": {"files": files, "notes": "Asks max()."}, "usage": USED}


FIXTURES = [
    {
        "match": {"userMessage": "take your time"},
        "response": answer(SHORT_WAY),
        "chaos": {"latencyMs": 25_000},
    },
    {"match": {"userMessage": "make it short"}, "response": answer(SHORT_WAY)},
]


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterAtWork]:
    """A cluster that has one endpoint with a wrong key and one with the right one."""
    folder = tmp_path_factory.mktemp("trouble")
    with emulator_started(tmp_path_factory.mktemp("emulator"), FIXTURES) as emulator:
        keys = {
            "OPENAI_BASE_URL": emulator.base_url("openai"),
            "OPENAI_API_KEY": "sk-wrong-9876543210",
            "OPENAI_FREE": "true",
            "ANTHROPIC_BASE_URL": emulator.base_url("anthropic"),
            "ANTHROPIC_API_KEY": KEY,
        }
        with started(folder / "state", ROOT, **keys) as at_work:
            yield at_work
        at_work.run("down", "--purge")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "solution.py").write_text(LONG_WAY)
    (tmp_path / "test_solution.py").write_text(TESTS)
    return tmp_path


def arguments(program: Path, kind: str, provider: str, description: str) -> list[str]:
    return [
        *("--kind", kind, "--provider", provider, "--level", "5", "--description", description),
        *("--tests", str(program / "test_solution.py"), str(program / "solution.py")),
    ]


def test_a_wrong_key_ends_the_task_with_what_to_set(asking: ClusterAtWork, program: Path) -> None:
    (program / "solution.py").write_text(WRONG)
    found = asking.until_ended(
        asking.submit(*arguments(program, "fix", "openai", "find the largest"))
    )
    assert found["ending"] == "infrastructure"
    assert "OPENAI_API_KEY" in found["summary"]
    assert "9876543210" not in json.dumps(found)


def test_a_model_makes_code_simpler(asking: ClusterAtWork, program: Path) -> None:
    found = asking.until_ended(
        asking.submit(*arguments(program, "refactor", "anthropic", "make it short"))
    )
    assert (found["ending"], found["proven_level"]) == ("proven", 5), found
    assert found["result"]["solution.py"] == SHORT_WAY
    assert found["dollars"] > 0


def test_a_question_under_way_is_cancelled(asking: ClusterAtWork, program: Path) -> None:
    (program / "solution.py").write_text(WRONG)
    task = asking.submit(*arguments(program, "fix", "anthropic", "take your time"))
    asking.until_running(task, "execute")
    time.sleep(1)
    assert asking.run("cancel", task).returncode == 0
    for _ in range(100):
        found = asking.show(task)
        if not any(step["state"] == "running" for step in found["steps"]):
            break
        time.sleep(0.2)
    assert found["ending"] == "cancelled"
    asked = next(step for step in found["steps"] if step["stage"] == "execute" and step["action"])
    assert (asked["state"], asked["elapsed_s"] < 15) == ("dropped", True)  # an answer takes 25 s


def test_a_person_in_the_models_place_mends_a_task(tmp_path: Path, program: Path) -> None:
    (program / "solution.py").write_text(WRONG)
    stand_in = [sys.executable, str(ROOT / "examples" / "stand_in.py"), "0"]
    with subprocess.Popen(
        stand_in, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as person:
        assert person.stdin
        assert person.stdout
        address = person.stdout.readline().split()[-1]
        given = {"OPENAI_BASE_URL": address, "OPENAI_FREE": "true", "OPENAI_MODEL": "me"}
        given |= {"FRACTAL_STATE_PROPERTIES": "false"}  # a person is asked for code alone
        with (
            started(tmp_path / "state", ROOT, **given) as at_work,
            ThreadPoolExecutor(1) as threads,
        ):
            task = at_work.submit(*arguments(program, "fix", "openai", "find the largest"))
            ended = threads.submit(at_work.until_ended, task)
            question = "".join(
                iter(person.stdout.readline, "--- your answer, then an empty line\n")
            )
            time.sleep(2)  # it is thought about
            person.stdin.write(json.dumps(answer(SHORT_WAY)["content"]) + "\n\n")
            person.stdin.flush()
            found = ended.result()
        at_work.run("down", "--purge")
        person.kill()
    assert "find the largest" in question
    assert found["ending"] == "proven", found
    assert found["result"]["solution.py"] == SHORT_WAY
