"""A language model in the pipeline: a real cluster, a real SDK, a server that others wrote."""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fractal_rmo.domain.step import ROLES
from tests.adapters.llm.emulator import KEY, Emulator
from tests.adapters.llm.emulator import started as emulator_started
from tests.cluster.conftest import ClusterAtWork, started

pytestmark = pytest.mark.cluster
ASKED = "Write a Python function to calculate factorial"
INTERFACE = "solution.factorial(n: int) -> int: raises ValueError for negative numbers"
CODE = '''def factorial(n: int) -> int:
    """The product of the whole numbers from 1 to n; raises ValueError for negative numbers."""
    if n < 0:
        raise ValueError("n must not be negative")
    result = 1
    for factor in range(2, n + 1):
        result *= factor
    return result
'''
TESTS = """import pytest
from solution import factorial


@pytest.mark.parametrize(("n", "expected"), [(0, 1), (1, 1), (2, 2), (3, 6), (10, 3628800)])
def test_factorials(n, expected):
    assert factorial(n) == expected


def test_five():
    assert factorial(5) == 120


def test_negative_numbers_are_refused():
    with pytest.raises(ValueError):
        factorial(-1)
"""


def said(**document: Any) -> dict[str, Any]:
    return {"content": document, "usage": {"prompt_tokens": 500, "completion_tokens": 200}}


def files(**texts: str) -> list[dict[str, str]]:
    return [{"path": f"{name}.py", "text": text} for name, text in texts.items()]


STATED = [
    {
        "module": "solution",
        "says": "Each factorial is that of the number before it, times the number.",
        "parameters": [{"name": "n", "values": "integers(1, 20)"}],
        "given": "",
        "holds": "factorial(n) == n * factorial(n - 1)",
    },
    {
        "module": "solution",
        "says": "Factorials grow.",
        "parameters": [{"name": "n", "values": "integers(0, 20)"}],
        "given": "",
        "holds": "factorial(n + 1) > factorial(n)",
    },
]
DOUBLING = "Write double(x), which doubles a number or a text"
NOTE = "Nothing but numbers is doubled, and zero is what comes of them."
STEP = "Answer x + x, which doubles numbers and texts."
EXPLANATION = "It adds x to itself, and is called as double(x)."
DOUBLED = "def double(x):\n    return x + x\n"
DOUBLING_TESTS = """from solution import double


def test_a_number():
    assert double(3) == 6


def test_a_text():
    assert double("ab") == "abab"
"""

FIXTURES = [
    {"match": {"systemMessage": "You state properties"}, "response": said(properties=STATED)},
    {"match": {"userMessage": "CHANGE\n"}, "response": said(lines=[EXPLANATION])},
    {
        "match": {"userMessage": f"PLAN OF ANOTHER MODEL\n- {STEP}"},
        "response": said(files=files(solution=DOUBLED), notes="Adds."),
    },
    {"match": {"userMessage": f"- logic: {NOTE}"}, "response": said(lines=[STEP])},
    {"match": {"userMessage": "test_a_text failed"}, "response": said(lines=[NOTE])},
    {
        "match": {"userMessage": DOUBLING},
        "response": said(files=files(solution="def double(x):\n    return 0\n"), notes="Zero."),
    },
    {
        "match": {"userMessage": f"INTERFACE\n{INTERFACE}"},
        "response": said(files=files(solution=CODE), notes="Multiplies."),
    },
    {
        "match": {"userMessage": ASKED},
        "response": said(files=files(test_solution=TESTS), interface=INTERFACE),
    },
]
SCRIPT = [
    {"contains": "You state properties", "answers": [{"properties": STATED}]},
    {"contains": "You write pytest tests", "answers": [{"files": files(test_solution=TESTS),
                                                        "interface": INTERFACE}]},
    {"contains": "", "answers": [{"files": files(solution=CODE), "notes": "Multiplies."}]},
]  # fmt: skip


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with emulator_started(tmp_path_factory.mktemp("emulator"), FIXTURES) as running:
        yield running


@pytest.fixture(scope="module")
def asking(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterAtWork]:
    """A cluster in which a model is configured."""
    at_work = None
    try:
        folder = tmp_path_factory.mktemp("asking")
        (folder / "script.json").write_text(json.dumps(SCRIPT))
        with started(
            folder / "state",
            FRACTAL_SIMULATED_SCRIPT=str(folder / "script.json"),
            OPENAI_BASE_URL=emulator.base_url("openai"),
            OPENAI_API_KEY=KEY,
            OPENAI_FREE="true",
        ) as at_work:
            yield at_work
    finally:
        if at_work:
            at_work.run("down", "--purge")


def test_python_has_a_function_written_and_proven(asking: ClusterAtWork) -> None:
    program = f"""
from fractal_rmo.domain.task import Task
from fractal_rmo.orchestrator import Orchestrator
result = Orchestrator().process_task(Task(description={ASKED!r}))
import json
from fractal_rmo.services.documents import view_document
print(json.dumps([result.success, result.code, view_document(result.report)], default=dict))
"""
    done = asking.python("-c", program)
    assert done.returncode == 0, done.stderr
    success, code, report = json.loads(done.stdout)
    assert (success, report["proven_level"]) == (True, 5), report
    assert "def factorial" in code
    assert report["written_tests"] == {"test_solution.py": TESTS}
    assert report["tests"] == {}
    actions = [step["action"] for step in report["steps"] if step["stage"] == "execute"]
    assert actions == ["", "tests-2", "properties-3", "propose-4", "judge-5", "explain-6"]
    assert report["summary"].endswith(f"A model says of it: {EXPLANATION}")
    unit = next(v for v in report["verdicts"] if v["level"] == 3)
    assert "A language model wrote the tests." in unit["summary"]


def test_a_property_that_a_model_stated_and_the_code_breaks_is_a_question(
    asking: ClusterAtWork,
) -> None:
    program = f"""
import json
from fractal_rmo.domain.task import Provider, Task, TaskKind
from fractal_rmo.domain.verdict import Level
from fractal_rmo.orchestrator import Orchestrator
from fractal_rmo.services.documents import view_document
task = Task({ASKED!r}, kind=TaskKind.GENERATE, level=Level.PROPERTY, provider=Provider.SIMULATED)
print(json.dumps(view_document(Orchestrator().process_task(task).report), default=dict))
"""
    done = asking.python("-c", program)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["ending"], report["proven_level"]) == ("proven", 5), report
    level = next(v for v in report["verdicts"] if v["level"] == 5)
    assert [one["outcome"] for one in level["evidence"]["stated"]] == ["held", "broken"]
    (question,) = [q for q in report["questions"] if q["kind"] == "stated_property"]
    assert question["test"] == "n = 0\nassert factorial(n + 1) > factorial(n)"
    assert "A model that had not seen the code stated: 'Factorials grow.'" in question["question"]


def test_notes_and_a_plan_reach_the_second_proposal(
    asking: ClusterAtWork, emulator: Emulator, tmp_path: Path
) -> None:
    tests = tmp_path / "test_solution.py"
    tests.write_text(DOUBLING_TESTS)
    task = asking.submit(
        "--kind", "generate", "--description", DOUBLING, "--tests", tests, "--provider", "openai"
    )
    document = asking.until_ended(task)
    assert document["ending"] == "proven", document["summary"]
    assert document["result"] == {"solution.py": DOUBLED}
    steps = {step["action"]: step["output"] for step in document["steps"]}
    assert steps["notes-4"]["notes"] == {role: [NOTE] for role in ROLES}
    assert steps["plan-5"]["plan"] == [STEP]
    ((*_, asked),) = [body["messages"] for body in emulator.heard("PLAN OF ANOTHER MODEL")]
    assert all(f"- {role}: {NOTE}" in asked["content"] for role in ROLES)
    assert EXPLANATION in document["summary"]


@pytest.mark.slow
def test_a_form_has_a_function_written_and_proven(asking: ClusterAtWork) -> None:
    base = f"http://127.0.0.1:{asking.environment['PORT']}"
    link = urllib.parse.urlsplit(asking.run("open").stdout.strip())
    with httpx2.Client(base_url=base, follow_redirects=True) as browser:
        browser.get(f"{link.path}?{link.query}")
        page = browser.get("/").text
        hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
        form = {"kind": "generate", "description": ASKED, "level": "5", "provider": "auto"}
        form |= {"code_name": "solution.py", "code_text": ""}
        form |= {"tests_name": "test_solution.py", "tests_text": ""}
        answer = browser.post("/", data={**hidden, **form})
        task = str(answer.url).rpartition("/")[2]
        document = asking.until_ended(task)
        page = browser.get(f"/tasks/{task}").text
    assert (document["ending"], document["proven_level"]) == ("proven", 5), document
    assert "def factorial" in document["result"]["solution.py"]
    assert "Tests that a language model wrote" in page
