"""Servers that count or answer oddly: what nobody can have used is not believed."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from httpx2 import AsyncClient

from fractal_rmo.adapters.llm.http import LONGEST_ANSWER, client_for
from fractal_rmo.domain.model import Endpoint, ModelError, ModelProvider, ModelTrouble, Usage
from tests.adapters.llm.conftest import NAMES, Ledger, Made, request_for

pytestmark = pytest.mark.thorough

TEXT = '{"ok": true}'


class Counting(ThreadingHTTPServer):
    """Answers the same to everyone, with ``usage`` as it is written, in both protocols."""

    usage: str = ""
    status: int = 200
    said: str = ""
    sent: bytes = b""
    packed: str = "identity"
    heard: str = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        assert isinstance(self.server, Counting)
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard = "\n".join(f"{k.lower()}: {v}" for k, v in self.headers.items())
        message = {"role": "assistant", "content": TEXT}
        answer = {
            "id": "1",
            "model": "m",
            "created": 1,
            "role": "assistant",
            "type": "message",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "content": [{"type": "text", "text": TEXT}],
            "stop_reason": "end_turn",
        }
        text = f'{json.dumps(answer)[:-1]}, "usage": {self.server.usage}}}'.encode()
        text = self.server.sent or self.server.said.encode() or text
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Encoding", self.server.packed)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        with suppress(ConnectionError):  # the other end had enough
            self.wfile.write(text)


@pytest.fixture
def server() -> Iterator[Counting]:
    with Counting() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def ask(server: Counting, provider: str, purse: Ledger, counts: tuple[str, str, str]) -> Usage:
    """What is settled for one answer with these counts: read, written, cached."""
    read, written, cached = counts
    server.usage = (
        f'{{"prompt_tokens": {read}, "completion_tokens": {written},'
        f' "prompt_tokens_details": {{"cached_tokens": {cached}}},'
        f' "input_tokens": {read}, "output_tokens": {written}, "total_tokens": 1,'
        f' "cache_read_input_tokens": {cached}}}'
    )
    models = Made().models(endpoint_of(server, provider))
    reply = models.ask(request_for("plain"), seconds=20, purse=purse)
    assert (reply.attempts, reply.document) == (1, {"ok": True})
    return purse.settled[0][1]


def endpoint_of(server: Counting, provider: str) -> Endpoint:
    base = f"http://127.0.0.1:{server.server_address[1]}{'/v1' * (provider == 'openai')}"
    return Endpoint(provider, ModelProvider(provider), base, timeout_s=10)


@pytest.mark.parametrize(
    "counts",
    [
        ("-1000000", "5", "0"),
        ("100", "-500000", "0"),
        ("100", "20", "-100000"),
        ("100", "0", "0"),
        (str(10**30), "5", "0"),
        ('"many"', '"few"', "0"),
        ("100.5", "20.5", "0"),
        ("NaN", "Infinity", "0"),
        ("null", "null", "null"),
        ("[]", "{}", "0"),
    ],
)
def test_odd_counts_are_estimated(
    server: Counting, provider: str, purse: Ledger, counts: tuple[str, str, str]
) -> None:
    used = ask(server, provider, purse, counts)
    assert used.estimated
    assert used.tokens_in > 0
    assert used.tokens_out > 0
    assert 0 < purse.settled[0][2] < purse.reserved[0].dollars


def test_no_more_is_read_anew_than_is_read(server: Counting, purse: Ledger) -> None:
    assert ask(server, "openai", purse, ("100", "20", "1000")).estimated


def test_even_counts_are_believed(server: Counting, provider: str, purse: Ledger) -> None:
    used = ask(server, provider, purse, ("100", "20", "40"))
    assert used == Usage(100 if provider == "openai" else 140, 20, 40)


def test_a_refusal_that_repeats_the_question_teaches_nothing(server: Counting, made: Made) -> None:
    """Whoever writes the question could turn structured output off for everybody."""
    server.status, server.said = 422, json.dumps({"detail": "odd: temperature, json_schema, tool"})
    models = made.models(endpoint_of(server, "openai"))
    with pytest.raises(ModelError, match="422"):
        models.ask(request_for("temperature, json_schema, tool"), seconds=20)
    assert not made.speakers["openai"].refused(NAMES["openai"])


def test_a_redirection_is_not_followed_and_costs_nothing(
    server: Counting, provider: str, made: Made, purse: Ledger
) -> None:
    server.status = 307
    with pytest.raises(ModelError) as failed:
        made.models(endpoint_of(server, provider)).ask(request_for("x"), seconds=20, purse=purse)
    assert failed.value.trouble is ModelTrouble.NO_SUCH_HOST
    assert [(used.tokens, dollars) for _, used, dollars, _ in purse.settled] == [(0, 0)]


@pytest.mark.parametrize("packed", ["identity", "gzip"])
def test_an_answer_without_end_is_not_read_to_its_end(
    server: Counting, provider: str, made: Made, purse: Ledger, packed: str
) -> None:
    endless = b" " * 200_000_000 if packed == "gzip" else b" " * (LONGEST_ANSWER + 1)
    server.sent = gzip.compress(endless, 1) if packed == "gzip" else endless
    server.packed = packed
    with pytest.raises(ModelError, match="longer than any") as failed:
        made.models(endpoint_of(server, provider)).ask(request_for("x"), seconds=20, purse=purse)
    assert failed.value.trouble is ModelTrouble.CONNECTION


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_nothing_of_an_account_at_the_vendors_goes_elsewhere(
    server: Counting, purse: Ledger, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.setenv(name, "of-the-account")
    for vendor in ("OPENAI", "ANTHROPIC"):
        custom = "Authorization: of-the-account\nX-Api-Key: of-the-account\nX-More: of-the-account"
        monkeypatch.setenv(f"{vendor}_CUSTOM_HEADERS", custom)
    ask(server, provider, purse, ("100", "20", "0"))
    assert "of-the-account" not in server.heard
    carries = {"openai": "authorization: Bearer ", "anthropic": "x-api-key: "}[provider]
    assert carries in server.heard


@pytest.mark.parametrize(
    ("base_url", "is_vendors"),
    [
        ("", True),
        ("https://api.openai.com/v1", True),
        ("https://eu.api.openai.com/v1", True),
        ("http://api.openai.com/v1", False),
        ("https://openai.com.evil.example/v1", False),
        ("https://notopenai.com/v1", False),
        ("http://127.0.0.1:8000/v1", False),
    ],
)
def test_only_the_vendors_own_domain_hears_of_the_environment(
    base_url: str, is_vendors: bool
) -> None:
    client = client_for(base_url, AsyncClient, "openai.com", {})
    assert bool(client.event_hooks["request"]) is not is_vendors
