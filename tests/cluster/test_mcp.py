"""The cluster's tools of the MCP server: another agent hands tasks in and follows them."""

from __future__ import annotations

import re
from typing import Any

import anyio
import pytest
from mcp.client.client import Client

from tests.cluster.conftest import ROOT, ClusterAtWork
from tests.cluster.test_faults import SLOW, TESTS, until_nothing_is_open
from tests.mcp_server.talking import Session, content, speak

pytestmark = pytest.mark.cluster
EXAMPLE = ROOT / "examples" / "off_by_one"
BUGGY = {
    "code": {"solution.py": (EXAMPLE / "solution.py").read_text()},
    "tests": {"test_solution.py": (EXAMPLE / "test_solution.py").read_text()},
}
UNENDING = {"code": {"solution.py": SLOW}, "tests": {"test_solution.py": TESTS}}
UNKNOWN = "01a211e5-7822-751d-b3da-3347432e7439"


def with_cluster(cluster: ClusterAtWork, session: Session) -> None:
    speak(session, options=["--cluster"], environment=cluster.environment)


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    return content(await client.call_tool(tool, arguments))


def test_a_task_is_handed_in_waited_for_and_read(cluster: ClusterAtWork) -> None:
    async def session(client: Client) -> None:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert names > {"validate_code", "submit_task", "get_task", "wait_task", "cancel_task"}
        task = (await call(client, "submit_task", **BUGGY, key="mcp-once"))["id"]
        again = (await call(client, "submit_task", **BUGGY, key="mcp-once"))["id"]
        assert again == task
        heard: list[float] = []

        async def hear(progress: float, total: float | None, message: str | None) -> None:
            assert (total, bool(message)) == (60.0, True)
            heard.append(progress)

        waited = {"task_id": task, "seconds": 60}
        state = content(await client.call_tool("wait_task", waited, progress_callback=hear))
        assert (state["ending"], state["proven_level"]) == ("proven", 3)
        assert state["levels"] == {"1": "passed", "2": "passed", "3": "passed"}
        assert heard
        assert heard == sorted(set(heard))
        report = await call(client, "get_task", task_id=task)
        assert "+ 1" in report["diff"]
        assert "+ 1" in report["result"]["solution.py"]
        assert [verdict["outcome"] for verdict in report["verdicts"]] == ["passed"] * 3

    with_cluster(cluster, session)


def test_a_long_task_is_left_waiting_and_cancelled(cluster: ClusterAtWork) -> None:
    tasks = []

    async def session(client: Client) -> None:
        task = (await call(client, "submit_task", **UNENDING))["id"]
        tasks.append(task)
        state = await call(client, "wait_task", task_id=task, seconds=0.5)
        assert state["ending"] is None
        with anyio.move_on_after(1):
            await client.call_tool("wait_task", {"task_id": task, "seconds": 600})
            pytest.fail("it cannot have ended")
        ended = await call(client, "cancel_task", task_id=task)
        assert (ended["ending"], ended["state"]) == ("cancelled", "failed")
        second = await client.call_tool("cancel_task", {"task_id": task})
        assert second.is_error
        assert "FR203" in str(second.content)

    with_cluster(cluster, session)
    until_nothing_is_open(cluster, tasks[0])


def test_what_cannot_be_done_is_told(cluster: ClusterAtWork) -> None:
    refused: list[tuple[str, dict[str, Any], str]] = [
        *((tool, {"task_id": UNKNOWN}, f"FR201 There is no task {UNKNOWN}")
          for tool in ("get_task", "wait_task", "cancel_task")),
        ("get_task", {"task_id": "../x"}, "is no task id"),
        ("wait_task", {"task_id": UNKNOWN, "seconds": 601}, "less than or equal to 600"),
        ("submit_task", {**BUGGY, "kind": "cook"}, "FR106 'cook' is no kind of task"),
        ("submit_task", {**BUGGY, "kind": "generate"}, "FR110"),
        ("submit_task", {"code": BUGGY["code"]}, "FR111"),
        ("submit_task", {**BUGGY, "provider": "openai"}, "FR110"),
        ("submit_task", {**BUGGY, "provider": "nobody"}, "'nobody' is no provider"),
        ("submit_task", {**BUGGY, "key": "a\nb"}, "FR115"),
    ]  # fmt: skip

    async def session(client: Client) -> None:
        for tool, arguments, words in refused:
            result = await client.call_tool(tool, arguments)
            assert result.is_error, (tool, arguments)
            assert words in str(result.content)

    with_cluster(cluster, session)


def test_many_calls_at_once_connect_once(
    cluster: ClusterAtWork, capfd: pytest.CaptureFixture[str]
) -> None:
    """The first calls of a client, all at once, while nothing is connected yet."""

    async def session(client: Client) -> None:
        answers: list[bool] = []

        async def one() -> None:
            result = await client.call_tool("get_task", {"task_id": UNKNOWN})
            answers.append("FR201" in str(result.content))

        async with anyio.create_task_group() as group:
            for _ in range(12):
                group.start_soon(one)
        assert answers == [True] * 12

    with_cluster(cluster, session)
    assert not re.search("Traceback|started the embedded", capfd.readouterr().err)
