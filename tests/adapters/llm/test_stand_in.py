"""The example by which a person answers: questions come several at once, and in streams."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

STAND_IN = Path(__file__).parents[3] / "examples" / "stand_in.py"
PROMPT = "--- your answer, then an empty line\n"


@pytest.fixture
def person() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, STAND_IN, "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        yield running
        running.kill()


def asked(port: int, question: str, **more: Any) -> HTTPConnection:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    body = {"model": "me", "messages": [{"role": "user", "content": question}], **more}
    connection.request("POST", "/v1/chat/completions", json.dumps(body))
    return connection


def types(person: subprocess.Popen[str], answer: str) -> str:
    """What was printed up to where the answer is awaited."""
    assert person.stdin
    assert person.stdout
    printed = "".join(iter(person.stdout.readline, PROMPT))
    person.stdin.write(answer + "\n\n")
    person.stdin.flush()
    return printed


def where(person: subprocess.Popen[str]) -> int:
    assert person.stdout
    return int(person.stdout.readline().split(":")[-1].split("/")[0])


def test_questions_that_come_together_are_answered_one_by_one(
    person: subprocess.Popen[str],
) -> None:
    port = where(person)
    kept = [asked(port, f"question {number}") for number in range(5)]
    printed = [types(person, f"answer {number}") for number in range(5)]
    heard = [json.load(connection.getresponse()) for connection in kept]
    answers = {found["choices"][0]["message"]["content"].strip() for found in heard}
    assert answers == {f"answer {number}" for number in range(5)}
    assert all(text.count("question") == 1 for text in printed)


def test_a_stream_is_answered_by_one(person: subprocess.Popen[str]) -> None:
    port = where(person)
    connection = asked(port, "in pieces?", stream=True)
    types(person, '{"ok": true}')
    response = connection.getresponse()
    assert response.headers["Content-Type"] == "text/event-stream"
    first, last, _ = response.read().decode().split("\n\n")
    assert json.loads(first.removeprefix("data: "))["choices"][0]["delta"]["content"].strip() == (
        '{"ok": true}'
    )
    assert last == "data: [DONE]"


def test_who_gave_up_is_not_answered(person: subprocess.Popen[str]) -> None:
    port = where(person)
    first = asked(port, "the first")
    assert person.stdout
    assert "the first" in "".join(iter(person.stdout.readline, PROMPT))
    asked(port, "the impatient").close()
    assert person.stdin
    person.stdin.write("done\n\n")
    person.stdin.flush()
    assert first.getresponse().status == 200
    last = asked(port, "the last")
    assert "impatient" not in types(person, "done")
    assert last.getresponse().status == 200
