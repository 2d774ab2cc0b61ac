"""The server as agents use it: a process of its own, the SDK's client, stdio."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import anyio
import jsonschema
import psutil
import pytest
from mcp.client.client import Client

from tests.mcp_server.talking import ROOT, content, speak

pytestmark = pytest.mark.thorough

EXAMPLE = ROOT / "examples" / "off_by_one"
BUGGY = {"solution.py": (EXAMPLE / "solution.py").read_text()}
TESTS = {"test_solution.py": (EXAMPLE / "test_solution.py").read_text()}
ENDLESS = {"solution.py": "def f():\n    while True: pass\n"}
MEETS_IT = {"test_s.py": "from solution import f\ndef test_1(): assert f() == 1\n"}


@pytest.mark.parametrize("mode", ["auto", pytest.param("legacy", marks=pytest.mark.slow)])
def test_an_agent_gets_a_failure_then_a_repair_then_its_proof(mode: str) -> None:
    async def session(client: Client) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        changing = {"fix_code", "refactor_code", "document_code"}
        assert set(tools) == {"validate_code", "analyze_code", "repair_data", *changing}
        first = content(await client.call_tool("validate_code", {"code": BUGGY, "tests": TESTS}))
        assert (first["proven"], first["proven_level"]) == (False, 2)
        assert "level 3 (unit) failed" in first["summary"]
        mended = content(await client.call_tool("fix_code", {"code": BUGGY, "tests": TESTS}))
        assert mended["proven"]
        assert "+ 1" in mended["diff"]
        asked = {"code": mended["files"], "tests": TESTS, "level": 5}
        proof = content(await client.call_tool("validate_code", asked))
        assert (proof["proven"], proof["proven_level"]) == (True, 5)
        for name, answer in (("validate_code", proof), ("fix_code", mended)):
            schema = tools[name].output_schema
            assert schema is not None
            jsonschema.validate(answer, schema)

    speak(session, mode)


@pytest.mark.slow
def test_docstrings_and_data_are_proven() -> None:
    code = {"solution.py": "def half(n):\n    return n / 2\n"}
    tests = {"test_s.py": "from solution import half\ndef test_1(): assert half(3) == 1.5\n"}
    schema = {"s.json": '{"properties": {"n": {"type": "integer"}}}'}
    table = {"data": {"t.csv": "n\n 1\n"}, "schema": schema}

    async def session(client: Client) -> None:
        answer = content(await client.call_tool("document_code", {"code": code, "tests": tests}))
        assert (answer["proven"], answer["proven_level"]) == (True, 4)
        assert ">>> half(3)\n    1.5\n" in answer["files"]["solution.py"]
        answer = content(await client.call_tool("repair_data", table))
        assert (answer["proven"], answer["files"]) == (True, {"t.csv": "n\n1\n"})
        assert (answer["repairs"][0]["rule"], answer["profile"][0]["name"]) == ("number", "n")

    speak(session)


@pytest.mark.slow
def test_code_is_simplified_and_proven_to_answer_as_before() -> None:
    code = {
        "solution.py": "def f(a):\n    if not a in (1, 2):\n        return True\n    return False\n"
    }
    tests = {"test_s.py": "from solution import f\ndef test_1(): assert f(3) and not f(1)\n"}

    async def session(client: Client) -> None:
        answer = content(await client.call_tool("refactor_code", {"code": code, "tests": tests}))
        assert (answer["proven"], answer["proven_level"]) == (True, 5)
        assert answer["files"]["solution.py"] == "def f(a):\n    return a not in (1, 2)\n"
        assert "solution.py, line 2: " in answer["explanation"]

    speak(session)


def test_analysis_finds_without_running() -> None:
    async def session(client: Client) -> None:
        code = {"solution.py": "import os\nos.system('touch /tmp/never')\neval(input())\n"}
        answer = content(await client.call_tool("analyze_code", {"code": code}))
        assert any("eval" in finding["message"] for finding in answer["findings"])
        assert answer["missing"] == []
        assert answer["action_items"][0]["type"] == "validate_syntax"

    speak(session)
    assert not Path("/tmp/never").exists()


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("validate_code", {"code": BUGGY, "tests": {}}, "FR111"),
    ("validate_code", {"code": {"../x.py": ""}, "tests": TESTS}, "FR105"),
    ("validate_code", {"code": BUGGY, "tests": TESTS, "level": 7}, "less than or equal to 6"),
    ("validate_code", {"code": BUGGY, "tests": TESTS, "python": "/nowhere"}, "FR402"),
    ("fix_code", {"code": "def f(): pass", "tests": TESTS}, "valid dictionary"),
]


def test_what_cannot_be_done_is_told_with_what_mends_it() -> None:
    async def session(client: Client) -> None:
        for tool, arguments, words in REFUSED:
            result = await client.call_tool(tool, arguments)
            assert result.is_error
            assert words in str(result.content)

    speak(session)


@pytest.mark.slow
def test_progress_is_told_while_the_search_goes_on() -> None:
    async def session(client: Client) -> None:
        seen: list[tuple[float, str]] = []

        async def hear(progress: float, total: float | None, message: str | None) -> None:
            assert total is None
            seen.append((progress, message or ""))

        arguments = {"code": BUGGY, "tests": TESTS, "level": 3}
        content(await client.call_tool("fix_code", arguments, progress_callback=hear))
        assert seen
        assert sorted(seen) == seen
        assert {words.partition(":")[0] for _, words in seen} <= {"repair", "validate"}

    speak(session)


@pytest.mark.slow
def test_a_cancelled_call_leaves_nothing_running() -> None:
    others = set(psutil.Process().children(recursive=True))

    async def session(client: Client) -> None:
        began = time.monotonic()
        with anyio.move_on_after(3):
            await client.call_tool("validate_code", {"code": ENDLESS, "tests": MEETS_IT})
            pytest.fail("it cannot have answered")
        while time.monotonic() - began < 15:
            if not _busy(others):
                break
            await anyio.sleep(0.2)
        assert not _busy(others)
        answer = await client.call_tool("validate_code", {"code": BUGGY, "tests": TESTS})
        assert not answer.is_error  # the server is still of use

    speak(session)


def _busy(others: set[psutil.Process]) -> list[int]:
    """New processes below this one that used the processor for most of the last moment."""
    family = set(psutil.Process().children(recursive=True)) - others
    before = {process.pid: _used(process) for process in family}
    time.sleep(0.5)
    return [process.pid for process in family if _used(process) - before[process.pid] > 0.3]


def _used(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def test_the_server_ends_with_its_client() -> None:
    family: list[psutil.Process] = []
    others = set(psutil.Process().children(recursive=True))

    async def session(client: Client) -> None:
        await client.list_tools()
        family.extend(set(psutil.Process().children(recursive=True)) - others)

    speak(session)
    _, alive = psutil.wait_procs(family, timeout=5)
    assert family
    assert not alive
