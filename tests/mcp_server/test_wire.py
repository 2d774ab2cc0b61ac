"""The server under what no SDK would send, and under clients that do not behave."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

import psutil
import pytest

from tests.mcp_server.talking import HELLO, ROOT

pytestmark = pytest.mark.thorough

Server = subprocess.Popen[bytes]
READY = {"jsonrpc": "2.0", "method": "notifications/initialized"}
CODE = {"s.py": "def f(x):\n    return x + 1\n"}
ENDLESS = {"s.py": "def f(x):\n    while True:\n        pass\n"}
TESTS = {"test_s.py": "from s import f\n\ndef test_1():\n    assert f(1) == 2\n"}


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that has been greeted."""
    with subprocess.Popen(
        [sys.executable, "-m", "fractal_rmo.mcp_server"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        send(process, HELLO)
        assert answer(process)["id"] == 1
        send(process, READY)
        yield process
        process.kill()


def send(server: Server, *messages: Mapping[str, Any] | bytes) -> None:
    assert server.stdin
    for message in messages:
        line = message if isinstance(message, bytes) else json.dumps(message).encode()
        server.stdin.write(line + b"\n")
    server.stdin.flush()


def answer(server: Server) -> Any:
    """The next line of the server."""
    assert server.stdout
    return json.loads(server.stdout.readline())


def call(number: int, tool: str, **arguments: Any) -> dict[str, Any]:
    params = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


def test_lines_that_are_no_messages_are_passed_over(server: Server) -> None:
    broken = [b"no json", b'{"jsonrpc":', b"\xff\x00", b"[]", b"42", b"", b"[" * 100_000]
    send(server, *broken, call(2, "validate_code", code=CODE, tests=TESTS))
    assert answer(server)["result"]["structuredContent"]["proven"] is True


def test_what_is_too_large_is_refused_and_the_next_call_answered(server: Server) -> None:
    huge = {"s.py": "x = '" + "a" * 20_000_000 + "'\n"}
    send(server, call(2, "analyze_code", code=huge))
    assert "FR103" in str(answer(server)["result"]["content"])
    send(server, call(3, "analyze_code", code=CODE))
    assert answer(server)["result"]["structuredContent"]["findings"] == []


def test_calls_at_once_are_all_answered(server: Server) -> None:
    send(server, *(call(n, "validate_code", code=CODE, tests=TESTS) for n in range(2, 6)))
    answers = [answer(server) for _ in range(4)]
    assert sorted(found["id"] for found in answers) == [2, 3, 4, 5]
    assert all(found["result"]["structuredContent"]["proven"] for found in answers)


_SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param("hang up", marks=_SLOW),
        pytest.param(signal.SIGINT, marks=_SLOW),
        pytest.param(signal.SIGTERM, marks=_SLOW),
        signal.SIGKILL,
    ],
)
def test_nothing_of_a_call_outlives_the_server(
    server: Server, ending: str | signal.Signals
) -> None:
    send(server, call(2, "validate_code", code=ENDLESS, tests=TESTS))
    time.sleep(3)  # while the loop runs, or at the worst is about to
    family = psutil.Process(server.pid).children(recursive=True)
    assert family
    if isinstance(ending, signal.Signals):
        os.kill(server.pid, ending)
    else:
        assert server.stdin
        server.stdin.close()
    server.wait(5)
    assert not psutil.wait_procs(family, timeout=5)[1]
