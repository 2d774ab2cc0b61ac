"""Both SDKs against a second emulator, of other people: fakellm."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPConnection
from typing import Any

import pytest

from fractal_rmo.adapters.llm.speaker import Feature
from fractal_rmo.domain.model import Endpoint, ModelError, ModelProvider, ModelTrouble
from tests.adapters.llm.conftest import NAMES, Ledger, Made, request_for
from tests.adapters.llm.emulator import until_it_listens

pytestmark = pytest.mark.thorough

ANSWER = {"ok": True}
RULES = [
    {
        "name": "by_tool",
        "when": {"messages_contain": "only tools", "tools_include": "answer"},
        "respond": {"content": "", "tool_calls": [{"name": "answer", "arguments": ANSWER}]},
    },
    {
        "name": "no_schema",
        "when": {"messages_contain": "only tools"},
        "respond": {"status": 400, "error": "json_schema is unknown"},
    },
    {
        "name": "tool_unasked",
        "when": {"messages_contain": "streamed tool"},
        "respond": {"content": "", "tool_calls": [{"name": "answer", "arguments": ANSWER}]},
    },
    {
        "name": "ill",
        "when": {"messages_contain": "falls ill"},
        "respond": {"status": 503, "error": "out of order"},
    },
    {
        "name": "limit",
        "when": {"messages_contain": "too often"},
        "respond": {"status": 429, "error": "slow down"},
    },
    {
        "name": "key",
        "when": {"messages_contain": "whose key"},
        "respond": {"status": 401, "error": "invalid x-api-key"},
    },
    {
        "name": "plain",
        "when": {"messages_contain": "plain"},
        "respond": {"content": '{"ok": true}'},
    },
]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("second")
    rules = folder / "rules.yaml"
    rules.write_text(json.dumps({"version": 1, "rules": RULES}))  # JSON is YAML
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found = int(free.getsockname()[1])
    command = [sys.executable, "-m", "uvicorn", "fakellm.server:app", "--port", str(found)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={**os.environ, "FAKELLM_CONFIG": str(rules)}
        )
        try:
            until_it_listens(process, found, folder / "log")
            yield found
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture
def second(port: int, provider: str) -> Endpoint:
    root = f"http://127.0.0.1:{port}"
    url = f"{root}/v1" if provider == "openai" else root
    return Endpoint(provider, ModelProvider(provider), url, timeout_s=30)


def _matched(port: int) -> list[dict[str, Any]]:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/_fakellm/stats")
    recent: list[dict[str, Any]] = json.load(connection.getresponse())["recent"]
    return recent


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_is_read(
    second: Endpoint, provider: str, made: Made, purse: Ledger, *, stream: bool
) -> None:
    models = made.models(replace(second, stream=stream))
    reply = models.ask(request_for("plain"), seconds=30, purse=purse)
    assert (reply.document, reply.attempts, reply.model) == (ANSWER, 1, NAMES[provider])
    assert purse.reserved[0].usage.tokens >= reply.usage.tokens > 0
    assert reply.dollars > 0


def test_a_server_without_schemas_answers_by_a_tool(
    second: Endpoint, provider: str, made: Made, port: int
) -> None:
    models = made.models(second)
    reply = models.ask(request_for("only tools"), seconds=30)
    assert (reply.document, reply.attempts) == (ANSWER, 1)
    assert Feature.SCHEMA in made.speakers[provider].refused(NAMES[provider])
    asked = [each["matched_rule"] for each in _matched(port)[:2]]
    assert asked == ["by_tool", "no_schema"]  # the newest first


@pytest.mark.parametrize("stream", [False, True])
def test_a_call_of_a_tool_is_the_answer(second: Endpoint, made: Made, *, stream: bool) -> None:
    models = made.models(replace(second, stream=stream))
    assert models.ask(request_for("streamed tool"), seconds=30).document == ANSWER


@pytest.mark.parametrize(
    ("words", "trouble", "attempts"),
    [
        ("falls ill", ModelTrouble.OVERLOADED, 3),
        ("too often", ModelTrouble.RATE_LIMITED, 3),
        ("whose key", ModelTrouble.BAD_KEY, 1),
        ("anything else", ModelTrouble.MALFORMED, 3),  # it answers with an echo
    ],
)
def test_each_trouble_says_what_to_do(
    second: Endpoint, made: Made, purse: Ledger, words: str, trouble: ModelTrouble, attempts: int
) -> None:
    with pytest.raises(ModelError) as failed:
        made.models(second).ask(request_for(words), seconds=60, purse=purse)
    assert failed.value.trouble is trouble, failed.value
    assert [entry[3] for entry in purse.settled] == [trouble] * attempts
