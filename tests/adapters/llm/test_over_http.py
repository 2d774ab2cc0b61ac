"""Both SDKs over HTTP, against an emulator that others wrote."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from fractal_rmo.adapters.llm.speaker import Feature
from fractal_rmo.domain.model import (
    Endpoint,
    ModelCancelledError,
    ModelError,
    ModelProvider,
    ModelTrouble,
    Usage,
)
from tests.adapters.llm.conftest import NAMES, Ledger, Made, endpoint_at, request_for
from tests.adapters.llm.emulator import KEY, Emulator

pytestmark = pytest.mark.thorough

STAND_IN = Path(__file__).resolve().parents[3] / "examples" / "stand_in.py"


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_is_read_counted_and_priced(
    endpoint: Endpoint, provider: str, made: Made, purse: Ledger, *, stream: bool
) -> None:
    models = made.models(replace(endpoint, stream=stream))
    reply = models.ask(request_for("plain"), seconds=30, purse=purse)
    assert (reply.document, reply.usage, reply.attempts) == ({"ok": True}, Usage(100, 20), 1)
    assert (reply.endpoint, reply.model) == (provider, NAMES[provider])
    per_million = {"openai": 100 * 2 + 20 * 10, "anthropic": 100 * 4 + 20 * 20}[provider]
    assert reply.dollars == pytest.approx(per_million / 1e6)
    assert purse.settled == [("token 1", reply.usage, reply.dollars, None)]
    assert purse.reserved[0].usage.tokens >= reply.usage.tokens
    assert purse.reserved[0].dollars >= reply.dollars


def test_the_schema_goes_to_the_server(
    endpoint: Endpoint, provider: str, made: Made, emulator: Emulator
) -> None:
    made.models(endpoint).ask(request_for("plain, by its schema"), seconds=30)
    body = emulator.heard("plain, by its schema")[-1]
    if provider == "openai":
        asked = body["response_format"]["json_schema"]
        assert (asked["strict"], asked["schema"]["required"]) == (True, ["ok"])
        assert body["temperature"] == 0.3
    else:  # the emulator writes down no output_config, and the SDK would refuse a temperature
        assert "temperature" not in body
    assert '"required"' in body["messages"][0]["content"]  # for servers that enforce nothing


def test_a_rate_limit_is_waited_for(endpoint: Endpoint, made: Made, purse: Ledger) -> None:
    reply = made.models(endpoint).ask(request_for("rate limit"), seconds=30, purse=purse)
    assert (reply.attempts, reply.document) == (2, {"ok": True})
    assert reply.latency_s >= 2  # as the server said, not the usual one second
    assert [entry[3] for entry in purse.settled] == [ModelTrouble.RATE_LIMITED, None]
    assert purse.settled[0][1].tokens == 0


@pytest.mark.parametrize(
    ("words", "trouble", "attempts"),
    [
        ("ill", ModelTrouble.OVERLOADED, 3),
        ("cut", ModelTrouble.CONNECTION, 3),
        ("garbled", ModelTrouble.MALFORMED, 3),
        ("prose", ModelTrouble.MALFORMED, 3),
        ("wrong type", ModelTrouble.MALFORMED, 3),
        ("unknown model", ModelTrouble.NO_SUCH_MODEL, 1),
        ("very long", ModelTrouble.TOO_LONG, 1),
        ("schema too long", ModelTrouble.TOO_LONG, 1),
        ("no credit", ModelTrouble.NO_CREDIT, 1),
        ("odd", ModelTrouble.NOT_ACCEPTED, 1),
        ("endless", ModelTrouble.CUT_OFF, 1),
    ],
)
def test_each_trouble_says_what_to_do(
    endpoint: Endpoint, made: Made, purse: Ledger, words: str, trouble: ModelTrouble, attempts: int
) -> None:
    models = made.models(endpoint)
    with pytest.raises(ModelError) as failed:
        models.ask(request_for(words), seconds=60, purse=purse)
    assert failed.value.trouble is trouble, failed.value
    assert [entry[3] for entry in purse.settled] == [trouble] * attempts


def test_a_refused_key_is_named_and_never_repeated(
    endpoint: Endpoint, provider: str, made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = made.keys[provider] = "sk-wrong-9876543210"
    with pytest.raises(ModelError) as failed:
        made.models(endpoint).ask(request_for("plain"), seconds=30)
    assert failed.value.trouble is ModelTrouble.BAD_KEY
    said = f"{failed.value}{failed.value!r}{caplog.text}{made.speaker(endpoint)!r}"
    assert wrong not in said
    assert KEY not in said


def test_an_answer_in_a_fence_is_read(endpoint: Endpoint, made: Made) -> None:
    reply = made.models(endpoint).ask(request_for("fenced"), seconds=30)
    assert reply.document == {"ok": True}


def test_what_an_endpoint_does_not_take_is_learned(emulator: Emulator, made: Made) -> None:
    endpoint = endpoint_at(emulator, "openai")
    models = made.models(endpoint)
    for _ in range(2):
        reply = models.ask(request_for("no temperature"), seconds=30)
        assert reply.attempts == 1  # the refusal cost nothing and is no failure
    bodies = emulator.heard("no temperature")
    assert ["temperature" in body for body in bodies] == [True, False, False]
    assert made.speakers["openai"].refused(NAMES["openai"]) == {Feature.TEMPERATURE}


def test_without_structured_output_a_tool_is_asked_for(
    endpoint: Endpoint, provider: str, made: Made, emulator: Emulator
) -> None:
    reply = made.models(endpoint).ask(request_for("no schema"), seconds=30)
    assert reply.document == {"ok": True}
    last = emulator.heard("no schema")[-1]
    assert "JSON Schema" in str(last["messages"][0])
    assert "answer" in str(last["tools"])
    if provider == "openai":  # the emulator writes down no choice of Anthropic's
        assert "answer" in str(last["tool_choice"])
        assert "response_format" not in last


def test_without_tools_either_the_prompt_asks(
    endpoint: Endpoint, provider: str, made: Made, emulator: Emulator
) -> None:
    reply = made.models(endpoint).ask(request_for("no tools"), seconds=30)
    assert reply.document == {"ok": True}
    last = emulator.heard("no tools")[-1]
    assert "JSON Schema" in str(last["messages"][0])
    assert "tools" not in last
    if provider == "openai":
        assert last["response_format"] == {"type": "json_object"}


def test_a_torn_stream_is_no_answer(
    endpoint: Endpoint, provider: str, made: Made, purse: Ledger
) -> None:
    models = made.models(replace(endpoint, stream=True))
    with pytest.raises(ModelError) as failed:
        models.ask(request_for("torn"), seconds=60, purse=purse)
    assert failed.value.trouble is ModelTrouble.CONNECTION, provider
    assert purse.settled[0][1].tokens_out == 1000  # what it had written is not known


def test_without_streams_the_answer_comes_whole(
    endpoint: Endpoint, provider: str, made: Made
) -> None:
    models = made.models(replace(endpoint, stream=True))
    assert models.ask(request_for("no streams"), seconds=30).document == {"ok": True}
    assert Feature.STREAM in made.speakers[provider].refused(NAMES[provider])


@pytest.mark.parametrize("stream", [False, True])
def test_cancelling_is_heard_at_once(
    endpoint: Endpoint, made: Made, purse: Ledger, *, stream: bool
) -> None:
    asked_at = time.monotonic()
    models = made.models(replace(endpoint, stream=stream))
    with pytest.raises(ModelCancelledError):
        models.ask(
            request_for("slow"),
            seconds=30,
            cancelled=lambda: time.monotonic() > asked_at + 0.5,
            purse=purse,
        )
    assert time.monotonic() - asked_at < 0.5 + 3  # the answer takes 20 s
    [(_, usage, _, _)] = purse.settled
    assert usage.estimated  # it may have been written to its end, so that is what counts
    assert usage.tokens_out == 1000


def test_the_deadline_ends_a_call(endpoint: Endpoint, made: Made, purse: Ledger) -> None:
    began = time.monotonic()
    with pytest.raises(ModelError) as failed:
        made.models(endpoint).ask(request_for("slow"), seconds=0.6, purse=purse)
    assert failed.value.trouble is ModelTrouble.TIMED_OUT
    assert time.monotonic() - began < 0.6 + 3


def test_another_endpoint_is_asked_at_once(emulator: Emulator, made: Made, purse: Ledger) -> None:
    first, second = (endpoint_at(emulator, name) for name in NAMES)
    ill = replace(first, name="ill", base_url="http://127.0.0.1:9/v1")
    reply = made.models(ill, second).ask(request_for("plain"), seconds=60, purse=purse)
    assert (reply.endpoint, reply.attempts) == ("anthropic", 2)
    assert [entry[3] for entry in purse.settled] == [ModelTrouble.CONNECTION, None]
    assert purse.settled[0][1].tokens == 0  # nothing was sent, so nothing can be billed


def test_an_unknown_host_is_a_matter_of_settings(endpoint: Endpoint, made: Made) -> None:
    nowhere = replace(endpoint, base_url="http://no-such-host.invalid/v1")
    with pytest.raises(ModelError) as failed:
        made.models(nowhere).ask(request_for("plain"), seconds=20)
    assert failed.value.trouble is ModelTrouble.NO_SUCH_HOST


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    endpoint: Endpoint, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert made.models(endpoint).ask(request_for("plain"), seconds=30).attempts == 1


def test_a_person_may_take_time(emulator: Emulator, made: Made) -> None:
    endpoint = endpoint_at(emulator, "openai")
    reply = made.models(endpoint).ask(request_for("by hand"), seconds=30)
    assert reply.latency_s > 1
    assert reply.attempts == 1


def test_a_person_stands_in(made: Made) -> None:
    with (
        subprocess.Popen(
            [sys.executable, str(STAND_IN), "0"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as person,
        ThreadPoolExecutor(1) as threads,
    ):  # fmt: skip
        assert person.stdin
        assert person.stdout
        address = person.stdout.readline().split()[-1]  # by then it listens
        endpoint = Endpoint("person", ModelProvider.OPENAI, address, "me", free=True)
        asked = threads.submit(made.models(endpoint).ask, request_for("by me"), seconds=60)
        question = "".join(iter(person.stdout.readline, "--- your answer, then an empty line\n"))
        assert "by me" in question
        person.stdin.write('{"ok": true}\n\n')
        person.stdin.flush()
        reply = asked.result()
        person.kill()
    assert (reply.document, reply.dollars, reply.usage.estimated) == ({"ok": True}, 0.0, True)
